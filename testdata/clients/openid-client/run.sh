#!/bin/bash
# run.sh [ISSUER]; without ISSUER it only installs
set -eu
cd "$(dirname "$0")"
[ -d node_modules/openid-client ] || npm install --no-audit --no-fund --loglevel=error >&2
[ $# -gt 0 ] || exit 0
exec node client.mjs "$1"
