#!/bin/bash
# run.sh PORT   (env: LIFETIME=10s INTERVAL=5s)
set -eu
cd "$(dirname "$0")"
[ -d node_modules/better-auth ] || npm install --no-audit --no-fund --loglevel=error >&2
PORT=$1 exec node server.mjs
