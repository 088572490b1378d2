"""Seeds as Berth makes them: a FAT volume with 2048-byte sectors, labelled CIDATA."""

import json
import os
import subprocess

import vm

MACHINE = "0198f4a0-0000-7000-8000-00000000aa01"
USER_DATA = "#cloud-config\n{}\n"


def serial(volume):
    """The serial of a data volume's disk: the last 20 hex digits of the volume's UUID."""
    return volume.replace("-", "")[-20:]


def deployment(number, domain, application="tiny", port=80, options=None):
    return {
        "id": f"0198f4a0-0000-7000-8000-0000000000{number:02x}",
        "application": application, "applicationVersion": "1",
        "domainName": domain, "options": options or {},
        "secrets": {"administratorPassword": "correct horse \u00e9 \"battery\""},
        "administrator": {"username": "admin", "email": "admin@example.net"},
        "dataVolume": {"serial": f"{number:020x}", "label": "berth-data"},
        "http": {"port": port},
    }


def document(*deployments, revision=1, machine=MACHINE):
    return {
        "contract": 1, "revision": revision,
        "virtualMachine": {"id": machine, "hostname": f"vm-{machine[-12:]}"},
        "network": {
            "mac": vm.MAC, "addresses": [f"{vm.ADDRESS}/24", "fd00:5::15/64"],
            "gateways": ["10.0.2.2", "fd00:5::2"], "nameservers": []},
        "deployments": list(deployments),
    }


def _network_config(content):
    network = content["network"]
    return json.dumps({"version": 2, "ethernets": {"berth0": {
        "match": {"macaddress": network["mac"]}, "addresses": network["addresses"]}}})


def create(path, content, user_data=None):
    """A seed volume with the four files; `content` is the document, or a text as it is."""
    path = str(path)
    if os.path.exists(path):
        os.remove(path)
    files = {"user-data": user_data or USER_DATA}
    if isinstance(content, str):
        files["berth.json"] = content
    else:
        machine = content["virtualMachine"]
        files["berth.json"] = json.dumps(content, indent=2)
        files["network-config"] = _network_config(content)
        files["meta-data"] = json.dumps({
            "instance-id": f"{machine['id']}-{content['revision']}",
            "local-hostname": machine["hostname"]})
    subprocess.run(["truncate", "-s", "1M", path], check=True)
    subprocess.run(["mkfs.vfat", "-S", "2048", "-n", "CIDATA", path],
                   check=True, stdout=subprocess.DEVNULL)
    for name, text in files.items():
        subprocess.run(["mcopy", "-i", path, "-", f"::{name}"], input=text.encode(), check=True)
    return path
