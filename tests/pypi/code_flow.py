"""The authorisation code flow by Authlib, as a storefront's client.

BERTH_URL says where the server is, BERTH_CLIENT_ID and BERTH_CLIENT_SECRET who asks (without a secret: a public
client), BERTH_REDIRECT_URI where the answer goes. Prints the URL for the person's browser; reads the URL that the
browser was sent to; prints what came of each step.
"""

import json
import os
import sys

from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import get_well_known_url


def tell(**what):
    print(json.dumps(what), flush=True)


server_url = os.environ["BERTH_URL"]
secret = os.environ.get("BERTH_CLIENT_SECRET") or None
session = OAuth2Session(
    os.environ["BERTH_CLIENT_ID"],
    secret,
    token_endpoint_auth_method="client_secret_basic" if secret else "none",
    revocation_endpoint_auth_method="client_secret_basic" if secret else "none",
    scope="tenant:read catalogue:read",
    redirect_uri=os.environ["BERTH_REDIRECT_URI"],
    code_challenge_method="S256",
)
server = session.get(get_well_known_url(server_url, external=True), withhold_token=True).json()
assert server["issuer"] == server_url, server

verifier = generate_token(48)
url, state = session.create_authorization_url(server["authorization_endpoint"], code_verifier=verifier)
tell(url=url)

back = json.loads(sys.stdin.readline())["url"]
first = session.fetch_token(
    server["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
)
tell(token=first["access_token"], scope=first["scope"])

second = session.refresh_token(server["token_endpoint"], refresh_token=first["refresh_token"])
tell(token=second["access_token"], scope=second["scope"])

if secret:
    asked = session.introspect_token(server["introspection_endpoint"], token=second["access_token"])
    tell(**asked.json())
session.revoke_token(
    server["revocation_endpoint"], token=second["refresh_token"], token_type_hint="refresh_token"
).raise_for_status()
try:
    session.refresh_token(server["token_endpoint"], refresh_token=second["refresh_token"])
except OAuthError as cause:
    tell(refused=cause.error)
