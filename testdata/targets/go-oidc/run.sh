#!/bin/bash
# run.sh [PORT]   (env: STORE=default); without PORT it only builds
set -eu
cd "$(dirname "$0")"
mkdir -p bin
go build -mod=mod -o bin/go-oidc . >&2
[ $# -gt 0 ] || exit 0
PORT=$1 exec ./bin/go-oidc
