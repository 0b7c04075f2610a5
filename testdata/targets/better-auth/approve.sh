#!/bin/bash
# approve.sh BASE_URL USER_CODE   (DECISION=deny to deny)
# Signs in, claims the code as the page does, and decides.
set -eu
BASE=${1%/}/api/auth; CODE=$2; J=$(mktemp); trap 'rm -f "$J"' EXIT
c() { curl -s -c "$J" -b "$J" -H "Origin: ${BASE%/api/auth}" "$@"; }
c -o /dev/null "$BASE/sign-in/email" --json '{"email":"alice@example.com","password":"password"}'
KNOWN=$(c -G "$BASE/device" --data-urlencode "user_code=$CODE")
case $KNOWN in *'"status"'*) ;; *) echo "user code refused: $KNOWN"; exit 1;; esac
OUT=$(c "$BASE/device/${DECISION:-approve}" --json "$(jq -nc --arg c "$CODE" '{userCode: $c}' 2>/dev/null || printf '{"userCode":"%s"}' "$CODE")")
case $OUT in *'"success":true'*) echo "${DECISION:-approve}: accepted";; *) echo "refused: $OUT"; exit 1;; esac
