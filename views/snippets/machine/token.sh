curl -sS '{{token_endpoint}}' -u '{{client_id}}':"$CLIENT_SECRET" \
  -d grant_type=client_credentials \
  --data-urlencode 'scope={{scope}}' \
  --data-urlencode 'resource={{resource}}'
