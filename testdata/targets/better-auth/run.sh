#!/bin/bash
# run.sh [PORT]   (env: LIFETIME=20s INTERVAL=5s FRAGILE=1); without PORT it only installs
set -eu
cd "$(dirname "$0")"
[ -d node_modules/better-auth ] || npm install --no-audit --no-fund --loglevel=error >&2
[ $# -gt 0 ] || exit 0
PORT=$1 exec node server.mjs
