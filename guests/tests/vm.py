"""A guest image started directly with QEMU, in the machine that the guest contract describes:
q35, BIOS, virtio disks, the seed on a virtio-scsi CD-ROM, the console on ttyS0. Software
emulation and user networking: needs no root, no KVM and no libvirt."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import time

MAC = "52:54:00:be:27:01"
ADDRESS = "10.0.2.15"  # what QEMU's user network gives its first guest


def image_create(path, size, base=None):
    """A qcow2 file of `size` (such as "64M"), or an overlay on the image `base`."""
    command = ["qemu-img", "create", "-q", "-f", "qcow2"]
    if base:
        subprocess.run([*command, "-b", os.path.abspath(base), "-F", "qcow2", path], check=True)
    else:
        subprocess.run([*command, path, size], check=True)
    return path


def run(*command):
    """Runs a program that must succeed."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def free_port():
    """A TCP port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Guest:
    """One run of a guest. `data` is a list of (path, serial); `seed` a path or None. Use it in a
    `with`: the process is killed at the end if it still runs."""

    def __init__(self, folder, system, data=(), seed=None, port=80, memory=256, cpus=1):
        self.folder = str(folder)
        self.console_path = os.path.join(self.folder, f"console-{time.monotonic_ns()}.log")
        self.qmp_path = os.path.join(self.folder, "qmp.sock")
        self.http_port = free_port()
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self._command(system, data, seed, port, memory, cpus),
            stdin=subprocess.DEVNULL, cwd=self.folder)

    def _command(self, system, data, seed, port, memory, cpus):
        forward = f"hostfwd=tcp:127.0.0.1:{self.http_port}-{ADDRESS}:{port}"
        command = [
            "qemu-system-x86_64", "-machine", "q35,accel=tcg", "-cpu", "max",
            "-smp", str(cpus), "-m", str(memory), "-display", "none", "-vga", "none",
            "-no-user-config",
            "-serial", f"file:{self.console_path}",
            "-qmp", f"unix:{self.qmp_path},server=on,wait=off",
            "-netdev", f"user,id=net0,ipv6-net=fd00:5::/64,{forward}",
            "-device", f"virtio-net-pci,netdev=net0,mac={MAC},romfile=",
            "-device", "virtio-rng-pci", "-device", "virtio-scsi-pci",
            "-drive", f"if=none,id=system,file={system},format=qcow2",
            "-device", "virtio-blk-pci,drive=system,bootindex=1",
        ]
        for number, (path, serial) in enumerate(data):
            command += [
                "-drive", f"if=none,id=data{number},file={path},format=qcow2",
                "-device", f"virtio-blk-pci,drive=data{number},serial={serial}"]
        # Without a seed the drive stays, empty, as after Berth's eject.
        command += ["-device", "scsi-cd,drive=seed", "-drive",
                    "if=none,id=seed,media=cdrom,readonly=on"
                    + (f",file={seed},format=raw" if seed else "")]
        return command

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            print(f"--- end of the console:\n{self.console()[-6000:]}", flush=True)
        self.process.kill()
        self.process.wait()

    def console(self):
        with contextlib.suppress(FileNotFoundError):
            with open(self.console_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        return ""

    def until(self, what, seconds, check):
        """Polls `check` until it gives something true, and returns that."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := check():
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(f"{what}: not within {seconds} s")

    def wait_console(self, text, seconds=60):
        return self.until(f"console line {text!r}", seconds, lambda: text in self.console())

    def request(self, method, path, host, body=None, headers=None, timeout=20):
        """(status, body as text), or None when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=timeout)
        try:
            connection.request(method, path, body, {"Host": host, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def wait_status(self, status, path, host, seconds=60):
        """Polls until the page answers with `status`; the seconds since power-on."""
        def check():
            answer = self.request("GET", path, host, timeout=2)
            return answer and answer[0] == status
        self.until(f"{status} from {host}{path}", seconds, check)
        return time.monotonic() - self.started

    def power_button(self, seconds=60):
        """Presses it and waits until the machine is off; how many seconds that took."""
        start = time.monotonic()
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(self.qmp_path)
            lines = link.makefile("rw")
            lines.readline()
            for command in ("qmp_capabilities", "system_powerdown"):
                lines.write(json.dumps({"execute": command}) + "\n")
                lines.flush()
                lines.readline()
            self.process.wait(timeout=seconds)
        return time.monotonic() - start
