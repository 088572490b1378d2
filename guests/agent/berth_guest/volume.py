"""Data volumes: found by serial, formatted once, mounted, grown. Nothing that carries any
signature is ever formatted."""

import os
import subprocess

from .console import Refused, say

LABEL = "berth-data"
OURS = f"ext4 {LABEL}"
BLANK = "blank"
_OPTIONS = "noatime,nosuid,nodev"


def run(*command):
    """Runs a program to its end: (status, its output and errors)."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout.strip()


def kind(device):
    """What blkid sees on a device: BLANK, OURS, or any other ("xfs photos", "unreadable")."""
    try:
        # blkid's "nothing found" is also its answer for a device that it can't read.
        with open(device, "rb") as file:
            file.read(1 << 20)
    except OSError:
        return "unreadable"
    status, output = run("blkid", "-p", "-o", "export", device)
    if status == 2 and not output:
        return BLANK
    if status != 0:
        return "unreadable"
    found = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    names = [found[key] for key in ("TYPE", "PTTYPE", "LABEL") if key in found]
    return " ".join(names) or "unknown"


def disks(system="/sys/block"):
    """The names of the virtio disks ("vda")."""
    return sorted(name for name in os.listdir(system) if name.startswith("vd"))


def find(serial, system="/sys/block"):
    """The device with this serial, or Refused."""
    for name in disks(system):
        with open(f"{system}/{name}/serial", encoding="ascii") as file:
            if file.read().strip() == serial:
                return f"/dev/{name}"
    raise Refused(f"data volume {serial} is not attached")


def mount(device, folder):
    """Repairs what a power cut left, then mounts."""
    status, output = run("e2fsck", "-p", device)
    if status > 1:
        raise Refused(f"{device} is damaged: {output.splitlines()[-1] if output else status}")
    os.makedirs(folder, exist_ok=True)
    status, output = run("mount", "-t", "ext4", "-o", _OPTIONS, device, folder)
    if status != 0:
        raise Refused(f"{device} cannot be mounted: {output}")


def unmount(folder):
    """Leaves nothing behind; a folder where nothing is mounted is fine."""
    if os.path.ismount(folder):
        run("umount", folder)


def open_at(serial, folder, seeded):
    """Mounts the data volume at `folder`, formatting it when it is new, and grows its file system
    to its disk. Without a seed (`seeded`) the deployment was configured before, so that a blank
    disk is a mistake."""
    device = find(serial)
    found = kind(device)
    if found == BLANK:
        if not seeded:
            raise Refused(f"data volume {serial} is blank though it was in use: not formatted")
        status, output = run("mke2fs", "-q", "-t", "ext4", "-m", "0", "-L", LABEL, device)
        if status != 0:
            raise Refused(f"data volume {serial} cannot be formatted: {output}")
        say(f"formatted {device} as data volume {serial}")
    elif found != OURS:
        raise Refused(f"data volume {serial} ({device}) carries a foreign file system ({found}): "
                      "not formatted")
    mount(device, folder)
    before = os.statvfs(folder).f_blocks
    status, output = run("resize2fs", device)
    if status != 0:
        say(f"data volume {serial} cannot grow to its disk: {output}")
    elif os.statvfs(folder).f_blocks != before:
        say(f"grew data volume {serial} to its disk's size")
