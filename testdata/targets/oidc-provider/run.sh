#!/bin/bash
# run.sh PORT   (env: LIFETIME=20s)
set -eu
cd "$(dirname "$0")"
[ -d node_modules/oidc-provider ] || npm install --no-audit --no-fund --loglevel=error >&2
PORT=$1 exec node server.mjs
