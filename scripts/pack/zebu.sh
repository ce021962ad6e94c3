#!/bin/sh
# bin/zebu of the archive that brings its own Node (npm run pack -- --node).

here=$(dirname "$(readlink -f "$0")")
exec "$here/../node_modules/node/bin/node" "$here/run.js" "$@"
