"""The tiny guest, started for real: everything that the contract asks of a guest."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

import seed
import vm

IMAGE = os.path.join(os.environ["BERTH_IMAGES"], "tiny.qcow2")
ONE, TWO = "one.example", "two.example"


class Tiny(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="berth-guest-")
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.system = self.system_new("system")

    def path(self, name):
        return os.path.join(self.folder, name)

    def system_new(self, name):
        return vm.image_create(self.path(f"{name}.qcow2"), None, base=IMAGE)

    def data(self, number, size="64M"):
        path = vm.image_create(self.path(f"data{number}.qcow2"), size)
        return path, f"{number:020x}"

    def seed(self, *deployments, **more):
        return seed.create(self.path("seed.img"), seed.document(*deployments, **more))

    def start(self, data, seed_path=None, system=None):
        return vm.Guest(self.folder, system or self.system, data, seed_path)

    def index(self, guest, host):
        status, body = guest.request("GET", "/", host)
        self.assertEqual(status, 200)
        return json.loads(body)

    def test_the_life_of_a_deployment(self):
        data = [self.data(1)]
        options = {"greeting": "gr\u00fc\u00df \"dich\" \U0001f6a2\\", "seats": 3, "open": True}
        seed_path = self.seed(seed.deployment(1, ONE, options=options))
        with self.start(data, seed_path) as guest:
            print(f"first boot to health: {guest.wait_status(200, '/health', ONE):.1f} s")
            self.assertIn("formatted vdb as data volume", guest.console())
            found = self.index(guest, f"{ONE.upper()}:80")
            self.assertEqual(found["options"], options)
            self.assertEqual((found["boots"], found["administrator"]), (1, "admin"))
            self.assertEqual((found["revision"], found["virtualMachine"]), (1, seed.MACHINE))
            self.assertNotIn("secrets", json.dumps(found))
            self.assertNotIn("battery", json.dumps(found) + guest.console())
            self.assertEqual(guest.request("GET", "/note", ONE)[0], 404)
            self.assertEqual(guest.request("PUT", "/note", ONE, "kept \u00e9".encode())[0], 200)
            self.assertEqual(guest.request("PUT", "/note", ONE, b"x" * 5000)[0], 413)
            self.assertEqual(guest.request("GET", "/", "unknown.example")[0], 404)
            self.assertEqual(guest.request("GET", "/secrets", ONE)[0], 404)
            print(f"power button to off: {guest.power_button(20):.1f} s")
            self.assertIn("berth: stopped", guest.console())

        # The seed is gone.
        with self.start(data) as guest:
            print(f"second boot to health: {guest.wait_status(200, '/health', ONE):.1f} s")
            self.assertIn("revision 1 from the data volume", guest.console())
            self.assertNotIn("formatted", guest.console())
            self.assertEqual(guest.request("GET", "/note", ONE), (200, "kept \u00e9"))
            self.assertEqual(self.index(guest, ONE)["boots"], 2)
            # No power button this time: the power goes.
            self.assertEqual(guest.request("POST", "/note", ONE, b"again")[0], 200)

        # The system disk is new and the data disk has grown.
        subprocess.run(["qemu-img", "resize", "-q", data[0][0], "160M"], check=True)
        with self.start(data, system=self.system_new("replaced")) as guest:
            guest.wait_status(200, "/health", ONE)
            self.assertIn("grew data volume", guest.console())
            self.assertEqual(guest.request("GET", "/note", ONE), (200, "again"))
            self.assertEqual(self.index(guest, ONE)["boots"], 3)

    def test_two_deployments_in_one_machine(self):
        data = [self.data(1), self.data(2)]
        unhealthy = seed.deployment(2, TWO, options={"unhealthy": True})
        seed_path = self.seed(seed.deployment(1, ONE), unhealthy)
        with self.start(data, seed_path) as guest:
            guest.wait_status(200, "/health", ONE)
            self.assertEqual(guest.request("GET", "/health", TWO)[0], 503)
            self.assertIn(f"unhealthy: {TWO}: the option unhealthy", guest.console())
            for host in (ONE, TWO):
                self.assertEqual(self.index(guest, host)["domainName"], host)
                self.assertEqual(guest.request("PUT", "/note", host, host.encode())[0], 200)
            guest.power_button(20)

        # A newer seed without the option, the disks the other way round: the serial counts.
        seed_path = self.seed(seed.deployment(1, ONE), seed.deployment(2, TWO), revision=2)
        with self.start(data[::-1], seed_path) as guest:
            guest.wait_status(200, "/health", TWO)
            for host in (ONE, TWO):
                self.assertEqual(guest.request("GET", "/note", host), (200, host))

        # An older seed doesn't take the configuration back.
        seed_path = self.seed(seed.deployment(1, ONE), unhealthy, revision=1)
        with self.start(data, seed_path) as guest:
            guest.wait_status(200, "/health", TWO)
            self.assertEqual(self.index(guest, TWO)["revision"], 2)

    def test_a_foreign_disk_is_never_formatted(self):
        data = [self.data(1), self.data(2), self.data(3)]
        raw = self.path("raw")
        foreign = {2: ["mke2fs", "-q", "-t", "ext4", "-L", "photos"], 3: ["mkfs.vfat"]}
        before = {}
        for number, command in foreign.items():
            subprocess.run(["truncate", "-s", "64M", raw], check=True)
            subprocess.run([*command, raw], check=True, stdout=subprocess.DEVNULL)
            target = data[number - 1][0]
            subprocess.run(["qemu-img", "convert", "-O", "qcow2", raw, target], check=True)
            before[target] = self.content(target)
            os.remove(raw)
        seed_path = self.seed(seed.deployment(1, ONE), seed.deployment(2, TWO),
                              seed.deployment(3, "three.example"),
                              seed.deployment(4, "four.example"))
        with self.start(data, seed_path) as guest:
            guest.wait_status(200, "/health", ONE)
            for host in (TWO, "three.example", "four.example"):
                self.assertEqual(guest.request("GET", "/health", host)[0], 503)
                self.assertEqual(guest.request("PUT", "/note", host, b"x")[0], 503)
            self.assertIn(f"refused: {TWO}: data volume {2:020x}", guest.console())
            self.assertIn("foreign file system (ext4 photos): not formatted", guest.console())
            self.assertIn("foreign file system (vfat)", guest.console())
            self.assertIn(f"data volume {4:020x} is not attached", guest.console())
            guest.power_button(20)
        for path, content in before.items():
            self.assertEqual(self.content(path), content)

    def content(self, path):
        raw = self.path("content")
        subprocess.run(["qemu-img", "convert", "-O", "raw", path, raw], check=True)
        with open(raw, "rb") as file:
            content = file.read()
        os.remove(raw)
        return content

    def test_a_seed_that_is_not_json_is_refused(self):
        with self.start([self.data(1)], seed.create(self.path("seed.img"), "{\"a\": }")) as guest:
            guest.wait_console("refused: the seed is not JSON: no value at byte 7")
            guest.wait_console("refused: no seed and no kept configuration")


class Json(unittest.TestCase):
    """The reader of berth.json, with the busybox that the guest has."""

    def awk(self, script, text):
        folder = os.path.join(os.path.dirname(__file__), "..", "tiny", "root")
        return subprocess.run([shutil.which("busybox"), "awk", "-f", f"{folder}/{script}"],
                              input=text.encode(), capture_output=True, check=False)

    def test_strings_come_out_as_python_reads_them(self):
        for text in ("plain", "\u00e9\u20ac\U0001f6a2", "a\"b\\c/d", "tab\tbell\u0007", "\ud83d x"):
            for escaped in (True, False):
                raw = json.dumps(text, ensure_ascii=escaped).encode("utf-8", "replace").decode()
                wanted = json.loads(raw).encode("utf-8", "replace").replace(b"?", "\ufffd".encode())
                got = self.awk("text.awk", raw + "\n").stdout
                if text != "\ud83d x" or escaped:
                    self.assertEqual(got, wanted + b"\n", raw)
        self.assertEqual(self.awk("text.awk", '"a\\/b\\u0041\\uD83D\\udea2"\n').stdout.decode(),
                         "a/bA\U0001f6a2\n")

    def test_every_value_has_a_line_that_is_json(self):
        value = seed.document(seed.deployment(1, ONE, options={"a.b": [1, {"c": None}], "d": -1.5}))
        for text in (json.dumps(value), json.dumps(value, indent=3, ensure_ascii=False)):
            lines = dict(line.split("\t") for line in
                         self.awk("json.awk", text).stdout.decode().splitlines())
            self.assertEqual(json.loads(lines[""]), value)
            self.assertEqual(json.loads(lines["deployments.0.secrets"]),
                             value["deployments"][0]["secrets"])
            self.assertEqual(lines["deployments.0.options.d"], "-1.5")
            self.assertFalse([path for path in lines if "a.b" in path])

    def test_refuses_what_is_not_json(self):
        for text in ("", "{", "[1,]", '{"a":1,}', '{"a" 1}', "[1 2]", "01", "nul", '"\\x"', '"a',
                     "{} {}", '"\t"', "{a:1}"):
            with self.assertRaises(ValueError):
                json.loads(text)
            self.assertEqual(self.awk("json.awk", text).returncode, 1, text)


if __name__ == "__main__":
    unittest.main()
