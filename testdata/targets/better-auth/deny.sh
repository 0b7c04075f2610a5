#!/bin/bash
# deny.sh BASE_URL USER_CODE
DECISION=deny exec bash "$(dirname "$0")/approve.sh" "$@"
