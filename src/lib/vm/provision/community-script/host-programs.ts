/**
 * The small programs zebu puts beside the community's script on the host, for the time of one run. POSIX sh; the job's
 * folder is the parent of the one they are in.
 */

/** Printed by the script when it has made the VM. */
export const COMPLETED = 'Completed successfully';
/** Printed by the script when the image could not be given Docker, after which it goes on as if nothing were. */
export const WITHOUT_DOCKER = 'must be installed manually';

/**
 * Stands first on the PATH as `whiptail`: answers by title from `dialogs`, on stderr as the original does, because the
 * script swaps the two. What it does not know, or what is asked again because the answer was not accepted, ends the
 * script at once, by SIGKILL: its own trap would destroy whatever VM has the id it was given.
 */
export const WHIPTAIL = String.raw`#!/bin/sh
job=$(dirname "$(dirname "$(readlink -f "$0")")")
tab=$(printf '\t')
title= kind= text= listed= items=0 box=

stop() {
    { printf 'stopped=%s\n' "$1"; printf 'title=%s\n' "$title"
      printf 'text=%s\n' "$(printf '%s' "$text" | tr '\n\r\t' '   ' | cut -c1-400)"
    } >"$job/stopped"
    # Of the ways to write this, the one that dash understands.
    kill -s KILL -- "-$(cat "$job/script.pid")"
    exit 255
}

while [ $# -gt 0 ]; do
    case $1 in
        --title) title=$2; shift ;;
        --backtitle | --cancel-button | --ok-button | --yes-button | --no-button | --default-item) shift ;;
        --yesno | --inputbox | --menu | --radiolist | --checklist | --msgbox | --passwordbox | --infobox | --textbox | --gauge)
            box=$1 ;;
        --defaultno | --nocancel | --scrolltext | --fullbuttons | --clear | --notags | --separate-output) ;;
        --*) text="option $1"; stop unknown ;;
        *)
            items=$((items + 1))
            case $items in
                1) text=$1 ;;
                2 | 3 | 4) ;;
                *) listed="$listed$tab$1$tab" ;;
            esac ;;
    esac
    shift
done

line=$(awk -F '\t' -v title="$title" '$1 == title { print; exit }' "$job/dialogs")
[ -n "$line" ] || stop unknown
kind=$(printf '%s\n' "$line" | cut -f 2)
answer=$(printf '%s\n' "$line" | cut -f 4)
case $kind$box in
    yesno--yesno | input--inputbox | choice--radiolist | choice--menu) ;;
    *) stop unknown ;;
esac
[ "$(tail -n 1 "$job/asked" 2>/dev/null)" != "$title" ] || stop again
printf '%s\n' "$title" >>"$job/asked"
case $kind in
    yesno)
        [ "$answer" = yes ]
        exit ;;
    choice)
        case $listed in
            *"$tab$answer$tab"*) ;;
            *) text="$text (offered are:$(printf '%s' "$listed" | tr '\t' ' '))"; stop choice ;;
        esac ;;
esac
printf '%s' "$answer" >&2
`;

/**
 * Stands first on the PATH as `qm`. A VM the script makes is tagged the moment it is there, so that a run that dies is
 * found again; a VM that is not ours is neither stopped nor destroyed; and what fails is remembered, because the script
 * throws its words away.
 */
export const QM = String.raw`#!/bin/sh
job=$(dirname "$(dirname "$(readlink -f "$0")")")
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
`;

/** The first process of the script's own session; replaced by it. */
export const ENTER = String.raw`#!/bin/sh
job=$(dirname "$(readlink -f "$0")")
echo $$ >"$job/script.pid"
cd /
exec bash "$job/upstream/vm/docker-vm.sh"
`;

/**
 * The supervisor: runs the script under a pseudo-terminal, judges how it ended, and cleans up after it. All of that on
 * the host, so that it happens although whoever asked for it is gone.
 *
 *   job start    begins the run, in the background
 *   job follow   prints its output as it comes, until it has ended
 *   job state    one of none, running, ended, died; the request and the result after it
 *   job discard  ends a run that is over: what is left of its VM, and this folder
 */
export const JOB = String.raw`#!/bin/sh
job=$(dirname "$(readlink -f "$0")")
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
`;
