"""Target server: Authlib's authorization server for Flask, put together as its
documentation says, with a store in memory.

  PORT      listen port on 127.0.0.1
  LIFETIME  lifetime of the device code, "20s" or "10m" (default: Authlib's own, 30m)
  INTERVAL  announced polling interval, "5s" (default: Authlib's own, 5 s)
"""
import os
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc8628 import (
    DEVICE_CODE_GRANT_TYPE,
    DeviceAuthorizationEndpoint,
    DeviceCodeGrant,
    DeviceCredentialDict,
)
from flask import Flask, jsonify, render_template_string, request

ISSUER = f"http://127.0.0.1:{os.environ.get('PORT', '5000')}"


def seconds(span):
    return int(span[:-1]) * (60 if span.endswith("m") else 1)


class Client(ClientMixin):
    def __init__(self, client_id, secret="", grant_types=(DEVICE_CODE_GRANT_TYPE, "refresh_token")):
        self.client_id, self.secret, self.grant_types = client_id, secret, grant_types

    def get_client_id(self):
        return self.client_id

    def get_allowed_scope(self, scope):
        return " ".join(s for s in (scope or "").split() if s in ("openid", "profile"))

    def check_client_secret(self, client_secret):
        return self.secret == client_secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method == ("client_secret_basic" if self.secret else "none")

    def check_grant_type(self, grant_type):
        return grant_type in self.grant_types


class Token(TokenMixin):
    def __init__(self, client_id, user, token):
        self.client_id, self.user, self.revoked, self.issued_at = client_id, user, False, int(time.time())
        self.access_token, self.refresh_token = token["access_token"], token.get("refresh_token")
        self.scope, self.expires_in = token.get("scope", ""), token["expires_in"]

    def check_client(self, client):
        return self.client_id == client.get_client_id()

    def get_scope(self):
        return self.scope

    def get_expires_in(self):
        return self.expires_in

    def is_expired(self):
        return self.issued_at + self.expires_in < time.time()

    def is_revoked(self):
        return self.revoked


CLIENTS = {c.client_id: c for c in (
    Client("dfcheck"),
    Client("dfcheck-other"),
    Client("dfcheck-conf", secret="secret"),
    Client("nodevice", grant_types=("refresh_token",)),
)}
CREDENTIALS = {}  # by device code
USER_GRANTS = {}  # by user code: the user, and whether they approved
TOKENS = []


class DeviceAuthorization(DeviceAuthorizationEndpoint):
    EXPIRES_IN = seconds(os.environ.get("LIFETIME", f"{DeviceAuthorizationEndpoint.EXPIRES_IN}s"))
    INTERVAL = seconds(os.environ.get("INTERVAL", f"{DeviceAuthorizationEndpoint.INTERVAL}s"))

    def get_verification_uri(self):
        return ISSUER + "/device"

    def save_device_credential(self, client_id, scope, data):
        CREDENTIALS[data["device_code"]] = DeviceCredentialDict(
            client_id=client_id, scope=scope, expires_at=time.time() + data["expires_in"], **data)


class DeviceCode(DeviceCodeGrant):
    def query_device_credential(self, device_code):
        return CREDENTIALS.get(device_code)

    def query_user_grant(self, user_code):
        return USER_GRANTS.get(user_code)

    def should_slow_down(self, credential):
        return False


class RefreshToken(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "none"]
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token):
        for token in TOKENS:
            if token.refresh_token == refresh_token and not token.revoked:
                return token

    def authenticate_user(self, credential):
        return credential.user

    def revoke_old_credential(self, credential):
        credential.revoked = True


class Introspection(IntrospectionEndpoint):
    def check_permission(self, token, client, request):
        return client.client_id == "dfcheck-conf"

    def query_token(self, token_string, token_type_hint):
        for token in TOKENS:
            if token_string in (token.access_token, token.refresh_token):
                return token

    def introspect_token(self, token):
        return {"active": True, "client_id": token.client_id, "token_type": "Bearer", "sub": token.user,
                "scope": token.scope, "iat": token.issued_at, "exp": token.issued_at + token.expires_in}


app = Flask(__name__)
app.config.update(
    OAUTH2_SCOPES_SUPPORTED=["openid", "profile"],
    OAUTH2_REFRESH_TOKEN_GENERATOR=True,
    OAUTH2_TOKEN_EXPIRES_IN={DEVICE_CODE_GRANT_TYPE: 3600},
)
server = AuthorizationServer(
    app,
    query_client=CLIENTS.get,
    save_token=lambda token, req: TOKENS.append(Token(req.client.client_id, req.user, token)),
)
server.register_grant(DeviceCode)
server.register_grant(RefreshToken)
server.register_endpoint(DeviceAuthorization)
server.register_endpoint(Introspection)


@app.post("/oauth/device_authorization")
def device_authorization():
    return server.create_endpoint_response(DeviceAuthorization.ENDPOINT_NAME)


@app.post("/oauth/token")
def token():
    return server.create_token_response()


@app.post("/oauth/introspect")
def introspect():
    return server.create_endpoint_response(Introspection.ENDPOINT_NAME)


@app.get("/.well-known/oauth-authorization-server")
def metadata():
    methods = ["none", "client_secret_basic"]
    return jsonify(
        issuer=ISSUER, token_endpoint=ISSUER + "/oauth/token",
        device_authorization_endpoint=ISSUER + "/oauth/device_authorization",
        introspection_endpoint=ISSUER + "/oauth/introspect",
        grant_types_supported=[DEVICE_CODE_GRANT_TYPE, "refresh_token"],
        token_endpoint_auth_methods_supported=methods, scopes_supported=["openid", "profile"])


PAGE = """<!doctype html><title>Connect a device</title><h1>Connect a device</h1><p>{{ message }}</p>
<form method="post" action="/device"><input name="user_code" value="{{ user_code }}" autocomplete="off">
<input name="username"><input name="password" type="password">
<button name="decision" value="allow">Allow</button><button name="decision" value="deny">Deny</button></form>"""


@app.get("/device")
def enter():
    return render_template_string(PAGE, user_code=request.args.get("user_code", ""), message="")


@app.post("/device")
def decide():
    """Nobody stays signed in: every decision comes with the password."""
    user_code, form = request.form.get("user_code", ""), request.form
    waiting = any(c["user_code"] == user_code and not c.is_expired() for c in list(CREDENTIALS.values()))
    if not waiting or user_code in USER_GRANTS:
        return render_template_string(PAGE, user_code="", message="There is no such code."), 400
    if form.get("password") != "password" or form.get("decision") not in ("allow", "deny"):
        return render_template_string(PAGE, user_code=user_code, message="Try again."), 403
    approved = form["decision"] == "allow"
    USER_GRANTS.setdefault(user_code, (form.get("username"), approved))
    return render_template_string(PAGE, user_code="", message="Connected." if approved else "Refused.")
