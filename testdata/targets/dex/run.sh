#!/bin/bash
# run.sh PORT   (env: LIFETIME=20s)
set -eu
cd "$(dirname "$0")"
mkdir -p bin
go build -mod=mod -o bin/dex .
PORT=$1 exec ./bin/dex
