# shellcheck shell=sh
# Builds Caddy with a module for the DNS, and a DNS server that it writes to, from Debian's sources alone: the release that this
# machine runs. Usage: build.sh SOURCES OUT. Both are programs without libraries: OUT/caddy and OUT/labdns.

set -eu
sources=$1 out=$2
# shellcheck disable=SC1091 # of the system
. /etc/os-release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/source" "$work/root" "$out"
key=/usr/share/keyrings/debian-archive-keyring.gpg
site=$(sed -n 's/^URIs: *\(http[^ ]*\/debian\) *$/\1/p; s/^deb [^h]*\(http[^ ]*\/debian\) .*/\1/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)
for kind in deb deb-src; do echo "$kind [signed-by=$key] $site $VERSION_CODENAME main"; done >"$work/sources.list"
apt() {
  apt-get -q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists" \
    -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root "$@"
}
apt update
( cd "$work/source" && apt source --download-only caddy )
apt build-dep -y --download-only caddy
for each in "$work"/cache/archives/golang-*.deb; do dpkg-deb -x "$each" "$work/root"; done

# One folder of sources, as Go had it before there were modules.
go=$(find "$work/root/usr/lib" -maxdepth 1 -name 'go-1.*' | sort -V | tail -n 1)
mkdir -p "$work/go" "$work/path/src/github.com/caddyserver/caddy/v2"
cp -a "$work/root/usr/share/${go##*/}/." "$work/go/"
cp -aL "$go/." "$work/go/"
cp -a "$work/root/usr/share/gocode/src/." "$work/path/src/"
cp -a "$sources" "$work/path/src/lab"
cd "$work/path/src/github.com/caddyserver/caddy/v2"
tar -xf "$work"/source/caddy_*.orig.tar.gz --strip-components=1
tar -xf "$work"/source/caddy_*.debian.tar.xz
# Those to its installation scripts are for another archive.
while read -r each; do patch -s -p1 --forward --batch <"debian/patches/$each" >/dev/null 2>&1 || :; done <debian/patches/series
[ ! -d debian/missing-sources ] || { mkdir -p vendor && cp -a debian/missing-sources/* vendor/; }
[ ! -f debian/missing-sources/caddy/fileserver/browse.html ] || cp debian/missing-sources/caddy/fileserver/browse.html modules/caddyhttp/fileserver/
rm -rf modules/caddyhttp/tracing
export GOROOT="$work/go" GOPATH="$work/path" GO111MODULE=off CGO_ENABLED=0 GOCACHE="$work/built" GOFLAGS=
"$GOROOT/bin/go" build -o "$out/labdns" lab/dns
"$GOROOT/bin/go" build -o "$out/caddy" lab/caddy
