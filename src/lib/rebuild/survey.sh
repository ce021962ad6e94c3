# shellcheck shell=sh
# What of the app is in this machine, as root, fields separated by tabs:
#   volume NAME MOUNTPOINT KIB LABELS   of Docker, with what is in it
#   refused WHY NAME MORE               what cannot be brought: for the words see survey.ts
#   unnamed SERVICE PATH KIB            a volume without a name, which is its container's alone
#   folder PATH KIB                     mounted into a container from outside of the app's folder
#   file PATH KIB                       the same of a single file
#   system PATH                         mounted for reading, and the machine's own: the next one has its own
#   base KIB                            the app's folder
#   image NAME                          that a release needs and that is built here; or
#   pulled NAME WHOSE                   that came from a registry; WHOSE is live, or older
#   images KIB                          those that are built here
#   network JSON                        of Docker, that is not the app's own
#   stopped SERVICE                     on purpose
#   unit FILE STATE                     of systemd: enabled, or otherwise

cd "$base" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
tab=$(printf '\t')
kib() { du -skx -- "$1" 2>/dev/null | cut -f1; }
own_disk() { [ "$(stat -Lc %d -- "$1" 2>/dev/null)" = "$(stat -Lc %d -- / 2>/dev/null)" ]; }

# Of what lies below a folder another file system would be flattened, or stay behind.
# mounted_in FOLDER: the first there that is one of its own, or that is mounted there from elsewhere.
mounted_in() {
  # shellcheck disable=SC2016 # awk's own
  awk '{ print $5 }' "$mountinfo" | while IFS= read -r point; do printf '%b\n' "$point"; done | FOLDER=$1 awk 'index($0 "/", ENVIRON["FOLDER"] "/") == 1 { print; exit }'
}

# tree KIND PATH REST...: a row of it, unless something is mounted there.
tree() {
  tree_kind=$1 tree_path=$2 tree_name=$3
  shift 3
  inner=$(mounted_in "$tree_path")
  if [ -n "$inner" ]; then printf 'refused\tmounted\t%s\t%s\n' "$inner" "$tree_name"; return; fi
  printf '%s' "$tree_kind"
  printf '\t%s' "$@"
  echo
}

# packaged PATH: of the system, as Debian's packages say.
packaged() { dpkg-query -S "$1" >/dev/null 2>&1; }

# of_system PATH: what a machine has of its own, where nobody's data is put; or what is above something that is.
of_system() {
  for own in "$base_real" "$home" "$docker_root"; do case $own/ in "$1"/*) return 0 ;; esac; done
  case $1 in
    /|/etc|/usr|/usr/*|/var|/var/lib|/var/log|/var/cache|/var/spool|/var/tmp|/tmp|/home|/root|/boot|/boot/*|/opt|/opt/zebu|/bin|/bin/*|/sbin|/sbin/*|/lib|/lib/*|/lib32|/lib64|/libx32|/mnt|/media) return 0 ;;
    "$docker_root"/*|/var/lib/docker/*|/var/lib/containerd|/var/lib/containerd/*|/var/lib/cloud|/var/lib/cloud/*|/var/lib/systemd/*|/var/log/journal) return 0 ;;
    "$home"/.ssh|"$home"/.ssh/*|/root/.ssh|/root/.ssh/*) return 0 ;;
    /etc/passwd|/etc/group|/etc/shadow|/etc/gshadow|/etc/subuid|/etc/subgid|/etc/fstab|/etc/mtab|/etc/hostname|/etc/sudoers) return 0 ;;
    /etc/systemd/*|/etc/docker|/etc/docker/*|/etc/ssh/*|/etc/cloud/*|/etc/network/*|/etc/netplan/*|/etc/apt/*|/etc/ssl/certs/*|/etc/sudoers.d/*|/etc/pam.d/*) return 0 ;;
    /etc/*|/var/*) packaged "$1"; return ;;
  esac
  return 1
}

# mounted_folder PATH WRITABLE: a row of what is mounted into a container, from outside of Docker's volumes.
mounted_folder() {
  path=${1%/}
  [ -n "$path" ] || path=/
  case $path in
    /dev|/dev/*) [ ! -b "$path" ] || printf 'refused\tdevice\t%s\t\n' "$path"; return ;;
    # Gone with each start of a machine, or what every one has.
    /proc|/proc/*|/sys|/sys/*|/run|/run/*|/var/run|/var/run/*|/etc/localtime|/etc/timezone|/etc/hosts|/etc/resolv.conf|/etc/machine-id|/etc/os-release|/lib/modules) return ;;
  esac
  real=$(readlink -f -- "$path") && [ -e "$real" ] || return
  case $real in
    "$base_real"|"$base_real"/*|/run|/run/*) return ;;
  esac
  if of_system "$real"; then
    if [ "$2" = true ]; then printf 'refused\tsystem\t%s\t\n' "$path"; else printf 'system\t%s\n' "$path"; fi
  elif [ "$real" != "$path" ]; then printf 'refused\tlink\t%s\t%s\n' "$path" "$real"
  elif ! own_disk "$real"; then printf 'refused\tmounted\t%s\t%s\n' "$path" "$path"
  elif [ -d "$real" ]; then tree folder "$real" "$path" "$path" "$(kib "$path")"
  elif [ -f "$real" ]; then tree file "$real" "$path" "$path" "$(kib "$path")"
  else printf 'refused\tkind\t%s\t\n' "$path"
  fi
}

base_real=$(readlink -f -- "$base") || exit 1
home=$(getent passwd "$user" | cut -d: -f6)
[ -n "$home" ] || home=/root
docker_root=$(timeout 60 docker info --format '{{.DockerRootDir}}') || exit 1
[ -n "$docker_root" ] || docker_root=/var/lib/docker

containers=$(timeout 60 docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project") || exit 1
: >"$work/mounts"
: >"$work/folders"
# shellcheck disable=SC2016,SC2086 # a template of Docker's; ids, a word each
[ -z "$containers" ] || timeout 60 docker inspect --format '{{$service := index .Config.Labels "com.docker.compose.service"}}{{range .Mounts}}{{.Type}}{{"\t"}}{{.Name}}{{"\t"}}{{.Source}}{{"\t"}}{{$service}}{{"\t"}}{{.Destination}}{{"\t"}}{{.RW}}{{"\n"}}{{end}}' $containers | grep . >"$work/mounts"

{
  timeout 60 docker volume ls -q --filter "label=com.docker.compose.project=$project"
  awk -F '\t' '$1 == "volume" { print $2 }' "$work/mounts"
} | sort -u | while read -r name; do
  # The device last: whatever it has in it is its own.
  IFS='|' read -r driver mountpoint options anonymous ours type o device <<END
$(timeout 60 docker volume inspect --format '{{.Driver}}|{{.Mountpoint}}|{{len .Options}}|{{if .Labels}}{{if index .Labels "com.docker.volume.anonymous"}}yes{{else}}no{{end}}|{{if index .Labels "com.docker.compose.volume"}}yes{{else}}no{{end}}{{else}}no|no{{end}}|{{if .Options}}{{index .Options "type"}}|{{index .Options "o"}}|{{index .Options "device"}}{{else}}||{{end}}' "$name")
END
  [ "$anonymous" = yes ] || case $name in *[!0-9a-f]*) ;; *) [ ${#name} != 64 ] || anonymous=yes ;; esac
  if [ "$anonymous" = yes ]; then
    [ -z "$(find "$mountpoint" -mindepth 1 ! -type d 2>/dev/null | head -n 1)" ] ||
      awk -F '\t' -v OFS='\t' -v name="$name" -v kib="$(kib "$mountpoint")" '$1 == "volume" && $2 == name { print "unnamed", $4, $5, kib; exit }' "$work/mounts"
  elif [ "$driver" != local ]; then printf 'refused\tdriver\t%s\t%s\n' "$name" "$driver"
  elif [ "$options" = 0 ]; then tree volume "$mountpoint" "volume $name" "$name" "$mountpoint" "$(kib "$mountpoint")" "$(timeout 60 docker volume inspect --format '{{json .Labels}}' "$name")"
  elif [ "$ours" = no ]; then printf 'refused\tby-hand\t%s\t\n' "$name"
  else
    case ,$o, in
      # A folder of this machine by another name.
      *,bind,*|*,rbind,*) printf 'true\t%s\n' "$device" >>"$work/folders" ;;
      *)
        case $type in
          none) printf 'true\t%s\n' "$device" >>"$work/folders" ;;
          nfs|nfs4|cifs|smb3|tmpfs) ;;
          *) printf 'refused\toptions\t%s\t%s\n' "$name" "${device:-$o}" ;;
        esac ;;
    esac
  fi
done

# Where it is mounted more than once, writing counts.
awk -F '\t' '$1 == "bind" { print $6 "\t" $3 }' "$work/mounts" >>"$work/folders"
awk -F '\t' '{ if (!($2 in rw) || $1 == "true") rw[$2] = $1 } END { for (path in rw) print rw[path] "\t" path }' "$work/folders" | sort -k 2 | while IFS=$tab read -r writable path; do
  mounted_folder "$path" "$writable"
done

tree base "$base_real" "the folder of the app" "$(kib "$base")"

: >"$work/built"
sed -n 's/^    image: "\(.*\)"$/\1/p' releases/*/images.yml 2>/dev/null | sort -u | while read -r name; do
  case $name in
    *@sha256:*) if grep -qsF "\"$name\"" current/images.yml; then printf 'pulled\t%s\tlive\n' "$name"; else printf 'pulled\t%s\tolder\n' "$name"; fi ;;
    *) ! timeout 60 docker image inspect "$name" >/dev/null 2>&1 || { printf 'image\t%s\n' "$name"; echo "$name" >>"$work/built"; } ;;
  esac
done
# shellcheck disable=SC2046 # names, each free of blanks
[ ! -s "$work/built" ] || printf 'images\t%s\n' "$(timeout 60 docker image inspect --format '{{.Id}} {{.Size}}' $(cat "$work/built") | sort -u | awk '{ sum += $2 } END { printf "%d", sum / 1024 }')"

# shellcheck disable=SC2016,SC2086 # a template of Docker's; ids, a word each
[ -z "$containers" ] || timeout 60 docker inspect --format '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{"\n"}}{{end}}' $containers | sort -u | while read -r name; do
  case $name in ''|bridge|host|none) continue ;; esac
  # One that is the app's own is made with it.
  [ -n "$(timeout 60 docker network inspect --format '{{index .Labels "com.docker.compose.project"}}' "$name" 2>/dev/null)" ] || printf 'network\t%s\n' "$(timeout 60 docker network inspect --format '{{json .}}' "$name")"
done

# shellcheck disable=SC2016,SC2086 # a template of Docker's; ids, a word each
[ -z "$containers" ] || [ ! -s stopped ] || timeout 60 docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}|{{.State.StartedAt}}|{{.State.Running}}' $containers |
  awk -F '|' 'FILENAME == "stopped" { off[$0]; next } $3 != "true" && (($1 "|" $2) in off || $1 in off) { print "stopped\t" $1 }' stopped - | sort -u

for file in "/etc/systemd/system"/zebu-*@"$app".*; do
  [ -f "$file" ] || continue
  printf 'unit\t%s\t%s\n' "${file##*/}" "$(systemctl is-enabled "${file##*/}" 2>/dev/null)"
done
