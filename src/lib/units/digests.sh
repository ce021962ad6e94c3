# shellcheck shell=sh
# unit_digests RECORD APP [BEFORE]: of each unit on record a line `NAME DIGEST`, which is what renderUnit says of it, with what stands before it.

unit_digests() {
  for unit_file in "$1"/zebu-*@"$2.service"; do
    [ -f "$unit_file" ] || continue
    unit_name=${unit_file##*/zebu-} unit_name=${unit_name%@*}
    unit_sum=$(cat "$unit_file" "${unit_file%.service}.timer" "${unit_file%.service}.path" "$1/$unit_name" 2>/dev/null | sha256sum)
    echo "${3-}$unit_name ${unit_sum%% *}"
  done
}
