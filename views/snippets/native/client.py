from http.server import BaseHTTPRequestHandler, HTTPServer

from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session


class Callback(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.answer = self.path
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b"You may close this window.")

    def log_message(self, *args):
        pass


# A free port of this machine: the server takes any.
server = HTTPServer(("127.0.0.1", 0), Callback)
origin = "http://{{loopback_host}}:" + str(server.server_port)

session = OAuth2Session(
    "{{client_id}}",
    scope="{{openid_scope}}",
    redirect_uri=origin + "{{callback_path}}",
    code_challenge_method="S256",
)
verifier = generate_token(48)
url, state = session.create_authorization_url(
    "{{authorization_endpoint}}",
    code_verifier=verifier,
    resource="{{resource}}",
)
print("Open", url, flush=True)

server.handle_request()
session.fetch_token(
    "{{token_endpoint}}",
    authorization_response=origin + server.answer,
    state=state,
    code_verifier=verifier,
)

answer = session.get("{{example_url}}")
print(answer.status_code, answer.text)
