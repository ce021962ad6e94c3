# shellcheck shell=sh
# Stands first on the PATH as `whiptail`: answers by title from `dialogs`, on stderr as the original does, because the script swaps the two.
# What it does not know, or what is asked again because the answer was not accepted, ends the script at once, by SIGKILL: its own trap
# would destroy whatever VM has the id it was given.

job=$(dirname "$(dirname "$(readlink -f "$0")")")
tab=$(printf '\t')
title='' kind='' text='' listed='' items=0 box=''

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
