# shellcheck shell=sh
# What of the app is in this machine, as root, fields separated by tabs:
#   volume NAME MOUNTPOINT KIB LABELS   of Docker, with what is in it
#   elsewhere NAME WHAT                 a volume or folder that is not on this machine's own disk
#   unnamed SERVICE PATH KIB            a volume without a name, which is its container's alone
#   folder PATH KIB                     mounted into a container from outside of the app's folder
#   base KIB                            the app's folder
#   image NAME                          that a release needs and that is built here; or
#   pulled NAME                         that came from a registry
#   images KIB                          those that are built here
#   network NAME                        of Docker, that is not the app's own
#   unit FILE STATE                     of systemd: enabled, or otherwise

cd "$base" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
tab=$(printf '\t')
kib() { du -skx -- "$1" 2>/dev/null | cut -f1; }
own_disk() { [ "$(stat -c %d -- "$1" 2>/dev/null)" = "$(stat -c %d -- "$2" 2>/dev/null)" ]; }

containers=$(timeout 60 docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project") || exit 1
: >"$work/mounts"
# shellcheck disable=SC2016,SC2086 # a template of Docker's; ids, a word each
[ -z "$containers" ] || timeout 60 docker inspect --format '{{$service := index .Config.Labels "com.docker.compose.service"}}{{range .Mounts}}{{.Type}}{{"\t"}}{{.Name}}{{"\t"}}{{.Source}}{{"\t"}}{{$service}}{{"\t"}}{{.Destination}}{{"\n"}}{{end}}' $containers | grep . >"$work/mounts"

{
  timeout 60 docker volume ls -q --filter "label=com.docker.compose.project=$project"
  awk -F '\t' '$1 == "volume" { print $2 }' "$work/mounts"
} | sort -u | while read -r name; do
  IFS=$tab read -r driver mountpoint options anonymous <<END
$(timeout 60 docker volume inspect --format '{{.Driver}}{{"\t"}}{{.Mountpoint}}{{"\t"}}{{len .Options}}{{"\t"}}{{if .Labels}}{{if index .Labels "com.docker.volume.anonymous"}}yes{{else}}no{{end}}{{else}}no{{end}}' "$name")
END
  [ "$anonymous" = yes ] || case $name in *[!0-9a-f]*) ;; *) [ ${#name} != 64 ] || anonymous=yes ;; esac
  if [ "$anonymous" = yes ]; then
    [ -z "$(find "$mountpoint" -mindepth 1 ! -type d 2>/dev/null | head -n 1)" ] ||
      awk -F '\t' -v OFS='\t' -v name="$name" -v kib="$(kib "$mountpoint")" '$1 == "volume" && $2 == name { print "unnamed", $4, $5, kib; exit }' "$work/mounts"
  elif [ "$driver" != local ] || [ "$options" != 0 ]; then printf 'elsewhere\t%s\tvolume\n' "$name"
  else printf 'volume\t%s\t%s\t%s\t%s\n' "$name" "$mountpoint" "$(kib "$mountpoint")" "$(timeout 60 docker volume inspect --format '{{json .Labels}}' "$name")"
  fi
done

awk -F '\t' '$1 == "bind" { print $3 }' "$work/mounts" | sort -u | while IFS= read -r path; do
  case $path in
    "$base"/*|/dev|/dev/*|/proc|/proc/*|/sys|/sys/*|/run|/run/*|/var/run|/var/run/*|/etc/localtime|/etc/timezone|/etc/hosts|/etc/resolv.conf|/etc/ssl/*|/etc/machine-id|/lib/modules|/lib/modules/*|/|/var/lib/docker|/var/lib/docker/*) continue ;;
  esac
  [ -e "$path" ] || continue
  if own_disk "$path" /; then printf 'folder\t%s\t%s\n' "$path" "$(kib "$path")"; else printf 'elsewhere\t%s\tfolder\n' "$path"; fi
done

printf 'base\t%s\n' "$(kib "$base")"

: >"$work/built"
sed -n 's/^    image: "\(.*\)"$/\1/p' releases/*/images.yml 2>/dev/null | sort -u | while read -r name; do
  case $name in
    *@sha256:*) printf 'pulled\t%s\n' "$name" ;;
    *) ! timeout 60 docker image inspect "$name" >/dev/null 2>&1 || { printf 'image\t%s\n' "$name"; echo "$name" >>"$work/built"; } ;;
  esac
done
# shellcheck disable=SC2046 # names, each free of blanks
[ ! -s "$work/built" ] || printf 'images\t%s\n' "$(timeout 60 docker image inspect --format '{{.Id}} {{.Size}}' $(cat "$work/built") | sort -u | awk '{ sum += $2 } END { printf "%d", sum / 1024 }')"

# shellcheck disable=SC2016,SC2086 # a template of Docker's; ids, a word each
[ -z "$containers" ] || timeout 60 docker inspect --format '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{"\n"}}{{end}}' $containers | sort -u | while read -r name; do
  case $name in ''|bridge|host|none) continue ;; esac
  # One that is the app's own is made with it.
  [ -n "$(timeout 60 docker network inspect --format '{{index .Labels "com.docker.compose.project"}}' "$name" 2>/dev/null)" ] || printf 'network\t%s\n' "$name"
done

for file in "/etc/systemd/system"/zebu-*@"$app".*; do
  [ -f "$file" ] || continue
  printf 'unit\t%s\t%s\n' "${file##*/}" "$(systemctl is-enabled "${file##*/}" 2>/dev/null)"
done
