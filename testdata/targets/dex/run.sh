#!/bin/bash
# run.sh [PORT]   (env: LIFETIME=20s); without PORT it only builds
set -eu
cd "$(dirname "$0")"
mkdir -p bin
go build -mod=mod -o bin/dex . >&2
[ $# -gt 0 ] || exit 0
PORT=$1 exec ./bin/dex
