"""Synapse and its PostgreSQL on one data volume: what is seeded once, what is enforced at each
boot. Synapse reads secrets.yaml, seeded.yaml and enforced.yaml in this order, and a later file's
top-level keys win. JSON is YAML, so the standard library writes them."""

import base64
import dataclasses
import json
import os
import re
import secrets
import shutil

from . import files
from .console import Refused, say
from .volume import run

APPLICATION = "matrix"
POSTGRES = (900, 900)  # fixed in the image: the next image must find its files again
SYNAPSE = (901, 901)
_USERNAME = re.compile(r"[a-z0-9._=/+-]{1,200}")
TEMPLATE = "/usr/share/berth/postgresql-15.tar"  # made with the image


@dataclasses.dataclass
class State:
    """What was done once, in .berth/matrix.json on the data volume."""
    server_name: str = ""
    handed_over: bool = False

    @classmethod
    def read(cls, volume):
        found = files.read_json(f"{volume}/.berth/matrix.json", {})
        return cls(found.get("serverName", ""), found.get("handedOver", False))

    def write(self, volume):
        value = {"serverName": self.server_name, "handedOver": self.handed_over}
        files.write(f"{volume}/.berth/matrix.json", json.dumps(value))


def check(deployment, state):
    """Refuses what can't work, before anything is written."""
    if deployment.application != APPLICATION:
        raise Refused(f"this image is for {APPLICATION}, not for {deployment.application!r}")
    if state.server_name and state.server_name != deployment.domain_name:
        raise Refused(f"the domain name cannot change from {state.server_name} to "
                      f"{deployment.domain_name}: accounts and signatures carry the first one")
    if not _USERNAME.fullmatch(deployment.administrator):
        raise Refused(f"administrator.username {deployment.administrator!r} is not a Matrix name")
    if not isinstance(deployment.secrets.get("administratorPassword"), str):
        raise Refused("secrets.administratorPassword is missing")
    registration(deployment.options)


def registration(options):
    """Synapse's settings for the option `registration`: TOKEN (the default: with a token that an
    administrator makes) or CLOSED."""
    value = options.get("registration", "TOKEN")
    if value == "TOKEN":
        return {"enable_registration": True, "registration_requires_token": True}
    if value == "CLOSED":
        return {"enable_registration": False}
    raise Refused(f"the option registration is {value!r}: it can be TOKEN or CLOSED")


def seeded(deployment):
    """User-facing settings: written at the first configuration, the operator's from then on."""
    return registration(deployment.options) | {"allow_public_rooms_over_federation": False}


def server_secrets():
    """Synapse's own secrets, made in the guest and known to nobody else."""
    names = ("registration_shared_secret", "macaroon_secret_key", "form_secret")
    return {name: secrets.token_urlsafe(48) for name in names}


def signing_key():
    """A line of Synapse's signing key file: algorithm, name, ed25519 seed in unpadded base64."""
    seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    return f"ed25519 a_{secrets.token_hex(3)} {seed}\n"


def enforced(deployment, folder):
    """What Berth decides: written at every boot. Nothing in it reaches out at the start."""
    return {
        "server_name": deployment.domain_name,
        "public_baseurl": f"https://{deployment.domain_name}/",
        "serve_server_wellknown": True,
        "pid_file": None,
        "report_stats": False,
        "suppress_key_server_warning": True,
        "trusted_key_servers": [],
        "listeners": [{
            "port": deployment.port, "type": "http", "tls": False, "x_forwarded": True,
            "bind_addresses": ["::"],  # IPv4 too
            "resources": [{"names": ["client", "federation"], "compress": False}],
        }],
        "database": {"name": "psycopg2", "args": {
            "host": "/run/berth-postgresql", "user": "synapse", "dbname": "synapse",
            "cp_min": 2, "cp_max": 10}},
        "media_store_path": f"{folder}/media",
        "signing_key_path": f"{folder}/signing.key",
        "log_config": "/etc/berth/synapse-log.yaml",
    }


def database_create(volume):
    """The PostgreSQL cluster with Synapse's database, once, from the image's template. It is
    unpacked beside and renamed, so that a power cut in the middle leaves nothing half made."""
    files.folder(f"{volume}/postgresql", 0o700, POSTGRES)
    target, new = f"{volume}/postgresql/15", f"{volume}/postgresql/15.new"
    if os.path.isdir(target):
        return
    others = [name for name in os.listdir(f"{volume}/postgresql") if name.isdigit()]
    if others:
        raise Refused(f"the database is of PostgreSQL {others[0]}, this image has 15")
    shutil.rmtree(new, ignore_errors=True)
    files.folder(new, 0o700, POSTGRES)
    for command in (["tar", "-C", new, "--strip-components=1", "-xpf", TEMPLATE],
                    ["sync", "-f", new]):
        status, output = run(*command)
        if status != 0:
            raise Refused(f"the database cannot be made: {output[-300:]}")
    os.rename(new, target)
    files.folder_sync(f"{volume}/postgresql")
    say("made the database")


def files_write(deployment, volume):
    """Synapse's folder on the data volume: secrets, seeded and enforced settings, signing key."""
    folder = f"{volume}/synapse"
    files.folder(folder, 0o700, SYNAPSE)
    files.folder(f"{folder}/media", 0o700, SYNAPSE)
    files.seed_once(f"{folder}/signing.key", signing_key, 0o600, SYNAPSE)
    files.seed_once(f"{folder}/secrets.yaml", lambda: json.dumps(server_secrets(), indent=2),
                    0o600, SYNAPSE)
    files.seed_once(f"{folder}/seeded.yaml", lambda: json.dumps(seeded(deployment), indent=2),
                    0o600, SYNAPSE)
    files.write(f"{folder}/enforced.yaml", json.dumps(enforced(deployment, folder), indent=2),
                0o600, SYNAPSE)


def configure(deployment, volume):
    """Everything Synapse needs before it starts; the state to go on with."""
    state = State.read(volume)
    check(deployment, state)
    if not state.server_name:
        state.server_name = deployment.domain_name
        state.write(volume)
    database_create(volume)
    files_write(deployment, volume)
    return state
