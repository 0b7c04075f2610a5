#!/bin/bash
# run.sh [PORT]: Glewlwyd from Debian's package, in the foreground on 127.0.0.1:PORT;
# without PORT it only installs.
# Its state is a fresh SQLite file for each run. eatmydata keeps it from waiting for the
# disk, which on a slow one makes answers of ten seconds, and errors.
#   LIFETIME=20s  lifetime of the device code (default 10m)
#   INTERVAL=5s   announced polling interval
set -eu
cd "$(dirname "$0")"
if ! command -v glewlwyd >/dev/null || ! command -v sqlite3 >/dev/null || ! command -v eatmydata >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  { # one installer at a time: two servers may be started together
    flock 9
    apt-get update -qq >&2
    apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends glewlwyd sqlite3 eatmydata >&2
  } 9< /var/lib/dpkg
fi
[ $# -gt 0 ] || exit 0
PORT=$1
seconds() { case $1 in *m) echo $((${1%m} * 60));; *) echo "${1%s}";; esac; }
STATE=bin/$PORT
rm -rf "$STATE"; mkdir -p "$STATE"
sqlite3 "$STATE/glewlwyd.db" <<SQL
$(cat /usr/share/dbconfig-common/data/glewlwyd/install/sqlite3)
$(sed -e "s/@PORT@/$PORT/g; s/@LIFETIME@/$(seconds "${LIFETIME:-10m}")/; s/@INTERVAL@/$(seconds "${INTERVAL:-5s}")/" seed.sql)
SQL
sed -e "s/@PORT@/$PORT/g; s|@STATE@|$PWD/$STATE|g" glewlwyd.conf > "$STATE/glewlwyd.conf"
exec eatmydata glewlwyd --config-file="$STATE/glewlwyd.conf"
