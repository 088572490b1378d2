"""Where the configuration comes from: the seed in the CD-ROM drive, or a copy kept on a data
volume when the seed is gone."""

import glob
import os
import shutil

from . import document, files, volume
from .console import Refused, say

KEPT = ".berth/berth.json"
_MOUNT = "/run/berth/volume"
_CLOUD_SEED = "/var/lib/cloud/seed/nocloud"


def _drives():
    return sorted(glob.glob("/dev/sr*"))


def seed_read():
    """The seed's document, or None when no drive holds a volume labelled cidata."""
    for drive in _drives():
        status, output = volume.run("blkid", "-p", "-o", "export", drive)
        found = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
        if status != 0 or found.get("LABEL", "").lower() != "cidata":
            continue
        os.makedirs(_MOUNT, exist_ok=True)
        status, output = volume.run("mount", "-r", "-t", found["TYPE"], drive, _MOUNT)
        if status != 0:
            raise Refused(f"the seed in {drive} cannot be mounted: {output}")
        try:
            extras_keep(_MOUNT, _CLOUD_SEED)
            with open(f"{_MOUNT}/berth.json", encoding="utf-8") as file:
                return document.parse(file.read())
        except (FileNotFoundError, UnicodeDecodeError) as error:
            raise Refused(f"the seed has no readable berth.json: {error}") from error
        finally:
            volume.unmount(_MOUNT)
    return None


def extras_keep(seed, target):
    """Copies a user-data that asks for something to where cloud-init finds it later, when the
    seed may be gone. One without content isn't worth cloud-init's time."""
    with open(f"{seed}/user-data", encoding="utf-8") as file:
        lines = [line.strip() for line in file if not line.lstrip().startswith("#cloud-config")]
    if not [line for line in lines if line and line != "{}" and not line.startswith("# ")]:
        return
    os.makedirs(target, exist_ok=True)
    for name in ("user-data", "meta-data"):
        shutil.copyfile(f"{seed}/{name}", f"{target}/{name}")


def kept_read():
    """The documents kept on the data volumes that are attached."""
    found = []
    for name in volume.disks():
        if volume.kind(f"/dev/{name}") != volume.OURS:
            continue
        volume.mount(f"/dev/{name}", _MOUNT)
        try:
            with open(f"{_MOUNT}/{KEPT}", encoding="utf-8") as file:
                found.append(document.parse(file.read()))
        except FileNotFoundError:
            pass  # formatted, and the power went before anything was kept
        except (Refused, UnicodeDecodeError) as error:
            say(f"the configuration kept on {name} is not usable: {error}")
        finally:
            volume.unmount(_MOUNT)
    return found


def keep(text, folder):
    """Keeps a document's text on the data volume mounted at `folder`."""
    files.folder(f"{folder}/.berth")
    files.write(f"{folder}/{KEPT}", text)
