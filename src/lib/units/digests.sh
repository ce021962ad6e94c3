# shellcheck shell=sh
# unit_digests RECORD APP [BEFORE]: of each unit on record a line `NAME DIGEST`, which is what renderUnit says of it, with what stands before it.

unit_digests() {
  for digested_file in "$1"/zebu-*@"$2.service"; do
    [ -f "$digested_file" ] || continue
    digested_name=${digested_file##*/zebu-} digested_name=${digested_name%@*}
    digested_sum=$(cat "$digested_file" "${digested_file%.service}.timer" "${digested_file%.service}.path" "$1/$digested_name" 2>/dev/null | sha256sum)
    echo "${3-}$digested_name ${digested_sum%% *}"
  done
}
