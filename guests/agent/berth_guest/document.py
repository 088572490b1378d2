"""berth.json, contract version 1: parsed once into typed values. Everything that becomes a path, a
command's argument or a server's name is checked here."""

import dataclasses
import ipaddress
import json
import re

from .console import Refused

CONTRACT = 1
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*"
                     r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SERIAL = re.compile(r"[0-9a-f]{20}")
_HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")


@dataclasses.dataclass(frozen=True)
class Network:
    """Static addresses ("10.0.0.20/24") for the interface with this MAC address."""
    mac: str
    addresses: tuple
    gateways: tuple
    nameservers: tuple


@dataclasses.dataclass(frozen=True)
class Deployment:
    """One deployment of this virtual machine. `options` and `secrets` are the application's."""
    id: str
    application: str
    domain_name: str
    options: dict
    secrets: dict
    administrator: str
    serial: str
    port: int


@dataclasses.dataclass(frozen=True)
class Document:
    """A whole berth.json; `text` is what it was read from, for keeping."""
    revision: int
    machine: str
    hostname: str
    network: Network
    deployments: tuple
    text: str


def _field(value, path, kind):
    """The member at `path` ("http.port"), which must be of `kind`."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise Refused(f"berth.json: {path} is missing or not a {kind.__name__}")
    return value


def _text(value, path, pattern):
    text = _field(value, path, str)
    if not pattern.fullmatch(text):
        raise Refused(f"berth.json: {path} {text!r} is not valid")
    return text


def _addresses(value, path, parse):
    found = _field(value, path, list)
    try:
        return tuple(str(parse(item)) for item in found)
    except (ValueError, TypeError) as error:
        raise Refused(f"berth.json: {path}: {error}") from error


def _network(value):
    return Network(
        mac=_text(value, "network.mac", _MAC),
        addresses=_addresses(value, "network.addresses", ipaddress.ip_interface),
        gateways=_addresses(value, "network.gateways", ipaddress.ip_address),
        nameservers=_addresses(value, "network.nameservers", ipaddress.ip_address))


def _deployment(value):
    port = _field(value, "http.port", int)
    if not 1 <= port <= 65535:
        raise Refused(f"berth.json: http.port {port} is not a port")
    return Deployment(
        id=_text(value, "id", _UUID),
        application=_field(value, "application", str),
        domain_name=_text(value, "domainName", _DOMAIN),
        options=_field(value, "options", dict),
        secrets=_field(value, "secrets", dict),
        administrator=_field(value, "administrator.username", str),
        serial=_text(value, "dataVolume.serial", _SERIAL),
        port=port)


def parse(text):
    """A Document from a berth.json's text; Refused with the field that is wrong. Unknown fields
    are let through: a later minor addition must not stop an older guest."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Refused(f"berth.json is not JSON: {error}") from error
    contract = _field(value, "contract", int)
    if contract != CONTRACT:
        raise Refused(f"berth.json has contract {contract}, this guest knows {CONTRACT}")
    return Document(
        revision=_field(value, "revision", int),
        machine=_text(value, "virtualMachine.id", _UUID),
        hostname=_text(value, "virtualMachine.hostname", _HOSTNAME),
        network=_network(value),
        deployments=tuple(_deployment(item) for item in _field(value, "deployments", list)),
        text=text)


def choose(seed, kept):
    """The document to follow: the highest revision, the seed among equals. Beside a seed, what
    another virtual machine kept doesn't count: its revisions are other numbers. None if there is
    nothing."""
    found = [item for item in kept if seed is None or item.machine == seed.machine]
    best = max(found, key=lambda item: item.revision, default=None)
    if seed is not None and (best is None or seed.revision >= best.revision):
        return seed
    return best
