import os

from authlib.integrations.requests_client import OAuth2Session

session = OAuth2Session(
    "{{client_id}}",
    os.environ["CLIENT_SECRET"],
    scope="{{scope}}",
)
# Good for token["expires_in"] seconds: keep it and use it for every call until then.
token = session.fetch_token(
    "{{token_endpoint}}",
    grant_type="client_credentials",
    resource="{{resource}}",
)

response = session.get("{{example_url}}")
print(response.status_code, response.text)
