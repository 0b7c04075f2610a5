#!/bin/bash
# run.sh [PORT]: Authlib from Debian's package, in the foreground on 127.0.0.1:PORT;
# without PORT it only installs.   (env: LIFETIME=20s INTERVAL=5s)
set -eu
cd "$(dirname "$0")"
python=/usr/bin/python3 # Debian's, for which the packages are
if ! $python -c 'import authlib, flask, gunicorn' 2>/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  { # one installer at a time: two servers may be started together
    flock 9
    apt-get update -qq >&2
    apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends python3-authlib python3-flask gunicorn >&2
  } 9< /var/lib/dpkg
fi
[ $# -gt 0 ] || exit 0
export PORT=$1 AUTHLIB_INSECURE_TRANSPORT=1 PYTHONDONTWRITEBYTECODE=1
exec $python -m gunicorn --bind "127.0.0.1:$PORT" --threads 8 --log-level warning server:app
