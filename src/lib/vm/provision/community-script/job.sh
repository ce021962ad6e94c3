# shellcheck shell=sh
# The supervisor: runs the script under a pseudo-terminal, judges how it ended, and cleans up after it. All of that on the host, so that it
# happens although whoever asked for it is gone.
#
#   job start    begins the run, in the background
#   job follow   prints its output as it comes, until it has ended
#   job state    one of none, running, ended, died; the request and the result after it
#   job discard  ends a run that is over: what is left of its VM, and this folder

job=$(dirname "$(readlink -f "$0")")
# shellcheck disable=SC1091 # written by zebu
. "$job/request"

ours() {
    "$qm" config "$vmid" 2>/dev/null | grep -i '^net0:' | grep -qiF "$mac"
}

running() {
    ! flock -n "$job/lock" true
}

# The password of the VM is in it, in the clear.
remove_credentials() {
    rm -f "/tmp/$name-$vmid-cloud-init-credentials.txt"
}

remove_vm() {
    ours || return 0
    "$qm" stop "$vmid" >/dev/null 2>&1
    "$qm" destroy "$vmid" --purge 1 >/dev/null 2>&1
    ! ours || echo "left=$vmid"
}

judge() {
    echo "code=$1"
    good=yes
    [ "$1" = 0 ] || good=no
    [ ! -e "$job/stopped" ] || { good=no; cat "$job/stopped"; }
    grep -qF "$completed" "$job/output" || good=no
    if grep -qF "$without_docker" "$job/output"; then good=no; echo docker=no; fi
    if [ ! -e "$job/stopped" ] && [ "$1" = 0 ]; then
        while IFS=$(printf '\t') read -r title kind needed answer; do
            [ "$needed" = required ] || continue
            grep -qxF -- "$title" "$job/asked" 2>/dev/null || { good=no; echo "missing=$title"; }
        done <"$job/dialogs"
    fi
    ours || { good=no; echo vm=no; }
    [ ! -e "$job/failures" ] || tail -n 3 "$job/failures"
    [ $good = yes ] || remove_vm
    echo "good=$good"
}

case $1 in
    start)
        : >>"$job/output"
        setsid sh "$job/job" work </dev/null >/dev/null 2>&1 &
        i=0
        while [ ! -s "$job/supervisor.pid" ] && [ $i -lt 100 ]; do i=$((i + 1)); sleep 0.1; done
        [ -s "$job/supervisor.pid" ] ;;
    work)
        exec 9>"$job/lock"
        flock -n 9 || exit 0
        trap '' HUP
        mkdir -p "$job/tmp"
        echo $$ >"$job/supervisor.pid"
        # A VMID in the environment would be destroyed by the script before it asks anything.
        env -i HOME=/root USER=root LOGNAME=root LANG=C.UTF-8 TERM=xterm SHELL=/bin/sh PATH="$job/bin:$PATH" \
            TMPDIR="$job/tmp" DIAGNOSTICS=no TELEMETRY_URL=http://127.0.0.1:9/ \
            timeout -k 15 "$limit" script -qec "exec sh '$job/enter'" /dev/null </dev/null >"$job/output" 2>&1 9>&-
        code=$?
        trap '' TERM INT
        kill -s KILL -- "-$(cat "$job/script.pid")" 2>/dev/null
        remove_credentials
        judge $code >"$job/result.part"
        rm -rf "$job/tmp" "$job/upstream"
        mv "$job/result.part" "$job/result" ;;
    follow)
        tail -n +1 -s 0.2 -f --pid "$(cat "$job/supervisor.pid")" "$job/output" ;;
    state)
        if running; then echo state=running
        elif [ -e "$job/result" ]; then echo state=ended
        elif [ -e "$job/supervisor.pid" ]; then echo state=died
        else echo state=none
        fi
        printf 'vmid=%s\nmac=%s\nname=%s\n' "$vmid" "$mac" "$name"
        [ ! -e "$job/result" ] || cat "$job/result" ;;
    discard)
        ! running || exit 1
        remove_credentials
        if [ "$2" = with-vm ]; then remove_vm; fi
        rm -rf "$job" ;;
esac
