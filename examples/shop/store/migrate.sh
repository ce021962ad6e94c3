#!/bin/busybox sh
# Brings the data to the schema of this release; does nothing when it is there already.
set -eu
wanted=1
have=$(busybox cat /data/schema 2>/dev/null || echo 0)
echo "schema is $have, this release wants $wanted"
[ "$have" = "$wanted" ] && exit 0
[ -f /data/visits ] || echo 0 >/data/visits
echo "$wanted" >/data/schema
echo "migrated"
