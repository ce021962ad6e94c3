# shellcheck shell=sh
# Stands first on the PATH as `qm`. A VM the script makes is tagged the moment it is there, so that a run that dies is found again; a VM
# that is not ours is neither stopped nor destroyed; and what fails is remembered, because the script throws its words away.

job=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck disable=SC1091 # written by zebu
. "$job/request"

ours() {
    "$qm" config "$1" 2>/dev/null | grep -i '^net0:' | grep -qiF "$mac"
}

case $1 in
    status | config | list | guest) exec "$qm" "$@" ;;
    stop | destroy)
        if ours "$2"; then exec "$qm" "$@"; fi
        echo "VM $2 is not of this run: left alone" >&2
        exit 1 ;;
esac
errors=$(mktemp "$job/qm.XXXXXX")
"$qm" "$@" 2>"$errors"
code=$?
cat "$errors" >&2
if [ $code != 0 ]; then
    printf 'qm=%s: %s\n' "$1" "$(grep . "$errors" | tail -n 1 | cut -c1-300)" >>"$job/failures"
elif [ "$1" = create ]; then
    "$qm" set "$2" --tags "$tags" >/dev/null
fi
rm -f "$errors"
exit $code
