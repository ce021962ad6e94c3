# shellcheck shell=sh
# Views of the app's containers, $every seconds apart, until nobody reads them any more. Each ends with a line `view=`.

view() {
# include ../app-folder/containers.sh
  echo view=
}
while ( view ); do sleep "$every"; done
