"""Hostname, addresses, routes and name servers, as the document says, by iproute2."""

import os
import socket

from . import files, volume
from .console import Refused, say


def interface_find(mac, system="/sys/class/net"):
    """The name of the interface with this MAC address."""
    for name in sorted(os.listdir(system)):
        with open(f"{system}/{name}/address", encoding="ascii") as file:
            if file.read().strip() == mac:
                return name
    raise Refused(f"no network interface has the address {mac}")


def commands(network, name):
    """The `ip` commands, in order. Addresses are handed out once, so duplicate detection would
    only cost a second."""
    found = [["address", "replace", address, "dev", name] + (["nodad"] if ":" in address else [])
             for address in network.addresses]
    found.append(["link", "set", name, "up"])
    found += [["-6" if ":" in gateway else "-4", "route", "replace", "default",
               "via", gateway, "dev", name] for gateway in network.gateways]
    return found


def settings(name):
    """Kernel settings: announce the addresses (a guest may have moved), take routes from nobody."""
    return {
        "net/ipv4/conf/all/arp_notify": "1",
        f"net/ipv6/conf/{name}/ndisc_notify": "1",
        f"net/ipv6/conf/{name}/accept_ra": "0",
    }


def configure(network):
    """Brings the network up. An address or a gateway that the kernel refuses is a line on the
    console; the others still count."""
    name = interface_find(network.mac)
    for path, value in settings(name).items():
        with open(f"/proc/sys/{path}", "w", encoding="ascii") as file:
            file.write(value)
    for command in commands(network, name):
        status, output = volume.run("ip", *command)
        if status != 0:
            say(f"refused: ip {' '.join(command)}: {output}")
    files.write("/etc/resolv.conf",
                "".join(f"nameserver {server}\n" for server in network.nameservers), 0o644)
    say(f"network {name} {' '.join(network.addresses)}")


def hostname_set(hostname):
    """For this boot; the next one sets it again."""
    socket.sethostname(hostname)
