# shellcheck shell=sh
# The first process of the script's own session; replaced by it.

job=$(dirname "$(readlink -f "$0")")
echo $$ >"$job/script.pid"
cd /
exec bash "$job/upstream/vm/docker-vm.sh"
