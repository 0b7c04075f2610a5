#!/bin/bash
# deny.sh BASE_URL USER_CODE
# Glewlwyd's page has nothing to refuse a device with: the user can only leave it.
echo "a device cannot be refused here"
exit 2
