ANSWER=$(curl -sS '{{token_endpoint}}' -u '{{client_id}}':"$CLIENT_SECRET" \
  -d grant_type=client_credentials \
  --data-urlencode 'scope={{scope}}' \
  --data-urlencode 'resource={{resource}}')
TOKEN=$(printf %s "$ANSWER" | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
curl -sS '{{example_url}}' -H "Authorization: Bearer ${TOKEN:?$ANSWER}"
