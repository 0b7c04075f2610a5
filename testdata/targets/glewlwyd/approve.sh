#!/bin/bash
# approve.sh BASE_URL USER_CODE
# Signs in, grants the client its scope and confirms the code, with the requests
# that Glewlwyd's own login page sends.
set -eu
BASE=${1%/}; CODE=$2; J=$(mktemp); trap 'rm -f "$J"' EXIT
c() { curl -s -c "$J" -b "$J" "$@"; }
where() { c -o /dev/null -w '%{redirect_url}' -G "$BASE/api/oidc/device" --data-urlencode "code=$CODE" "$@"; }
# An unsigned or ungranted code leads to the login page, which names the client.
# Under load the page asks now and then to sign in again.
for _ in 1 2 3 4 5; do
  c -o /dev/null "$BASE/api/auth/" --json '{"username":"alice","password":"password"}'
  CLIENT=$(where | sed -n 's/.*[?&]client_id=\([^&]*\).*/\1/p')
  [ -z "$CLIENT" ] || c -o /dev/null -X PUT "$BASE/api/auth/grant/$CLIENT" --json '{"scope":"openid"}'
  NEXT=$(where -d g_continue=)
  case $NEXT in
  *prompt=deviceComplete*) echo "accepted"; exit 0 ;;
  *prompt=deviceServerError*) echo "the server failed: deviceServerError" >&2; exit 3 ;; # neither yes nor no
  *prompt=deviceCodeError*) break ;;
  esac
  sleep 0.3
done
echo "refused: ${NEXT:-no redirect}" >&2
exit 1
