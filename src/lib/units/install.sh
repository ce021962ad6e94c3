# shellcheck shell=sh
# Functions of the installation of units, for root. $units_base is the app's folder, $units_user the deploy user.

# The record belongs to root: what root is to put back must not be for others to write.
begin_units() {
  [ -d "$units_base" ] || install -d -m 0700 -o "$units_user" -g "$(id -g "$units_user")" "$units_base" || return 1
  install -d -m 0755 -o root -g root "$units_record"
}
# record FILE BASE64
record() {
  printf %s "$2" | base64 -d >"$units_record/$1.part" && chmod 644 "$units_record/$1.part" && mv -f "$units_record/$1.part" "$units_record/$1"
}
# A folder that is written in, PATH below the app's.
folder_of_unit() {
  [ -d "$units_base/$1" ] || install -d -m 0700 -o "$units_user" -g "$(id -g "$units_user")" "$units_base/$1"
}
# What units kept in a folder of their own name, once they are gone.
forget_folders() {
  for unit_folder; do rm -rf "${units_base:?}/$unit_folder"; done
}
