"""The first administrator, made once through Synapse's own API while nobody else can reach it."""

import hashlib
import hmac
import json
import urllib.error
import urllib.request

from .console import Refused


def signature(secret, nonce, username, password):
    """The proof that Synapse's registration by shared secret asks for."""
    proof = hmac.new(secret.encode(), digestmod=hashlib.sha1)
    proof.update(b"\0".join([nonce.encode(), username.encode(), password.encode(), b"admin"]))
    return proof.hexdigest()


def _call(method, url, value=None):
    """(status, parsed answer)."""
    request = urllib.request.Request(url, method=method)
    if value is not None:
        request.data = json.dumps(value).encode()
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except (OSError, ValueError) as error:
        raise Refused(f"Synapse does not answer for the hand-over: {error}") from error


def administrator_create(base, secret, username, password):
    """Registers the administrator; one that is there already is fine (a power cut after the
    registration). No session is opened with it."""
    url = f"{base}/_synapse/admin/v1/register"
    nonce = _call("GET", url)[1]["nonce"]
    status, answer = _call("POST", url, {
        "nonce": nonce, "username": username, "password": password, "admin": True,
        "inhibit_login": True, "mac": signature(secret, nonce, username, password)})
    if answer.get("errcode") == "M_USER_IN_USE":
        return
    if status != 200:
        raise Refused(f"the administrator {username} could not be made: {answer.get('error')}")
