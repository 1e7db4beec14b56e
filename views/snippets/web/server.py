import os
import secrets

from authlib.integrations.flask_client import OAuth
from flask import Flask

app = Flask(__name__)
app.secret_key = os.environ.get("SESSION_KEY") or secrets.token_hex()
client = OAuth(app).register(
    "client",
    client_id="{{client_id}}",
    client_secret=os.environ["CLIENT_SECRET"],
    server_metadata_url="{{issuer}}/.well-known/openid-configuration",
    client_kwargs={
        "scope": "{{openid_scope}}",
        "code_challenge_method": "S256",
    },
)


# Sends the browser to sign in.
@app.get("{{start_path}}")
def begin():
    return client.authorize_redirect("{{redirect_uri}}", resource="{{resource}}")


# Exchanges the code for tokens and calls the API.
@app.get("{{callback_path}}")
def finish():
    token = client.authorize_access_token()
    answer = client.get("{{example_url}}", token=token)
    text = f"{token['userinfo']['sub']}\n{answer.status_code} {answer.text}\n"
    return text, {"Content-Type": "text/plain; charset=utf-8"}


print("Open {{start_url}}", flush=True)
app.run(port={{port}})
