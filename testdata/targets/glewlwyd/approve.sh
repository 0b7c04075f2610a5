#!/bin/bash
# approve.sh BASE_URL USER_CODE
# Signs in, grants the client its scope and confirms the code, with the requests
# that Glewlwyd's own login page sends.
set -eu
BASE=${1%/}; CODE=$2; J=$(mktemp); trap 'rm -f "$J"' EXIT
c() { curl -s -c "$J" -b "$J" "$@"; }
where() { c -o /dev/null -w '%{redirect_url}' -G "$BASE/api/oidc/device" --data-urlencode "code=$CODE" "$@"; }
c -o /dev/null "$BASE/api/auth/" --json '{"username":"alice","password":"password"}'
# an unsigned or ungranted code leads to the login page, which names the client
CLIENT=$(where | sed -n 's/.*[?&]client_id=\([^&]*\).*/\1/p')
[ -z "$CLIENT" ] || c -o /dev/null -X PUT "$BASE/api/auth/grant/$CLIENT" --json '{"scope":"openid"}'
# Under load the server now and then answers with no redirect at all.
for _ in 1 2 3; do
  NEXT=$(where -d g_continue=)
  [ -z "$NEXT" ] || break
done
case $NEXT in *prompt=deviceComplete*) echo "accepted";; *) echo "refused: ${NEXT##*&}"; exit 1;; esac
