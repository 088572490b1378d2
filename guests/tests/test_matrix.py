"""The matrix guest, started for real, used as a Matrix client and an administrator would."""

import json
import os
import tempfile
import unittest
import urllib.parse

import seed
import vm

IMAGE = os.path.join(os.environ["BERTH_IMAGES"], "matrix.qcow2")
DOMAIN = "village.example"
VERSIONS = "/_matrix/client/versions"
PORT = 8008
ADMIN_PASSWORD = seed.deployment(1, DOMAIN)["secrets"]["administratorPassword"]
EXTRAS = """#cloud-config
write_files:
- {path: /run/extras, content: "the extras ran"}
runcmd:
- [sh, -c, cat /run/extras >/dev/console]
"""


class Client:
    """A small Matrix client of one guest."""

    def __init__(self, test, guest):
        self.test, self.guest, self.token = test, guest, None

    def call(self, method, path, value=None, status=200):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        body = None if value is None else json.dumps(value)
        answer = self.guest.request(method, path, DOMAIN, body, headers, timeout=120)
        self.test.assertIsNotNone(answer, f"no answer from {path}")
        self.test.assertEqual(answer[0], status, answer[1])
        return json.loads(answer[1])

    def log_in(self, user, password, status=200):
        found = self.call("POST", "/_matrix/client/v3/login", {
            "type": "m.login.password", "password": password,
            "identifier": {"type": "m.id.user", "user": user}}, status)
        self.token = found.get("access_token")
        return self

    def register(self, user, password, token):
        """With a registration token, in the two stages that the server asks for."""
        path = "/_matrix/client/v3/register"
        value = {"username": user, "password": password}
        session = self.call("POST", path, value, 401)["session"]
        value["auth"] = {"type": "m.login.registration_token", "token": token, "session": session}
        first = self.call("POST", path, value, 401)
        self.test.assertEqual(first["completed"], ["m.login.registration_token"])
        value["auth"] = {"type": "m.login.dummy", "session": session}
        self.token = self.call("POST", path, value)["access_token"]
        return self

    def messages(self, room):
        found = self.call("GET", f"/_matrix/client/v3/rooms/{urllib.parse.quote(room)}/messages"
                          "?dir=b&limit=20")
        return [event["content"]["body"] for event in found["chunk"]
                if event["type"] == "m.room.message"]


class Matrix(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="berth-guest-")
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.data = [(vm.image_create(self.path("data.qcow2"), "4G"), f"{1:020x}")]

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, seed_path=None):
        """Each start has a new system disk: nothing but the data volume is kept."""
        system = vm.image_create(self.path("system.qcow2"), None, base=IMAGE)
        return vm.Guest(self.folder, system, self.data, seed_path, port=PORT, memory=1536, cpus=2)

    def seed(self, domain=DOMAIN, revision=1, user_data=None):
        deployment = seed.deployment(1, domain, "matrix", PORT, {"registration": "TOKEN"})
        return seed.create(self.path("seed.img"), seed.document(deployment, revision=revision),
                           user_data)

    def test_the_life_of_a_community(self):
        with self.start(self.seed(user_data=EXTRAS)) as guest:
            print(f"first boot to versions: {guest.wait_status(200, VERSIONS, DOMAIN, 600):.0f} s")
            room = self.use(guest)
            guest.wait_console("the extras ran", 300)
            print(f"power button to off: {guest.power_button(120):.0f} s")
            self.assertIn("berth: stopped", guest.console())

        with self.start() as guest:
            print(f"next boot to versions: {guest.wait_status(200, VERSIONS, DOMAIN, 600):.0f} s")
            self.assertNotIn("formatted", guest.console())
            user = Client(self, guest).log_in("anna", "a long pass phrase")
            self.assertEqual(user.messages(room), ["hello \u00e9 \U0001f6a2"])
            Client(self, guest).log_in("admin", "changed by the operator")
            # No power button: the power goes.

        with self.start(self.seed(domain="other.example", revision=2)) as guest:
            guest.wait_console(f"refused: the domain name cannot change from {DOMAIN} to "
                               "other.example", 300)
            self.assertIsNone(guest.request("GET", VERSIONS, "other.example", timeout=2))
            guest.power_button(120)

        # A newer seed has the first password again, and it isn't set again.
        with self.start(self.seed(revision=3)) as guest:
            guest.wait_status(200, VERSIONS, DOMAIN, 600)
            Client(self, guest).log_in("admin", "changed by the operator")
            Client(self, guest).log_in("admin", ADMIN_PASSWORD, 403)

    def use(self, guest):
        """What the operator and a first user do; the room that the user made."""
        # The probe is healthy, so the administrator must be there already.
        admin = Client(self, guest).log_in("admin", ADMIN_PASSWORD)
        self.assertNotIn(ADMIN_PASSWORD, guest.console())
        token = admin.call("POST", "/_synapse/admin/v1/registration_tokens/new",
                           {"uses_allowed": 1})["token"]
        user = Client(self, guest).register("anna", "a long pass phrase", token)
        room = user.call("POST", "/_matrix/client/v3/createRoom", {"name": "Village"})["room_id"]
        place = f"/_matrix/client/v3/rooms/{urllib.parse.quote(room)}/send/m.room.message/one"
        user.call("PUT", place, {"msgtype": "m.text", "body": "hello \u00e9 \U0001f6a2"})
        self.assertEqual(user.messages(room), ["hello \u00e9 \U0001f6a2"])
        # Registration is closed to those without a token.
        flows = Client(self, guest).call("POST", "/_matrix/client/v3/register", {}, 401)["flows"]
        for flow in flows:
            self.assertIn("m.login.registration_token", flow["stages"])
        admin.call("POST", "/_matrix/client/v3/account/password", {
            "new_password": "changed by the operator", "auth": {
                "type": "m.login.password", "password": ADMIN_PASSWORD,
                "identifier": {"type": "m.id.user", "user": "admin"}}})
        return room

    def test_two_deployments_are_refused(self):
        both = [seed.deployment(number, f"{number}.example", "matrix", PORT) for number in (1, 2)]
        with self.start(seed.create(self.path("seed.img"), seed.document(*both))) as guest:
            guest.wait_console("refused: this image serves one deployment a virtual machine", 300)

    def test_a_foreign_disk_is_never_formatted(self):
        path = self.data[0][0]
        raw = self.path("raw")
        with open(raw, "wb") as file:
            file.truncate(64 << 20)
        vm.run("mke2fs", "-q", "-t", "ext4", "-L", "photos", raw)
        vm.run("qemu-img", "convert", "-O", "qcow2", raw, path)
        with self.start(self.seed()) as guest:
            guest.wait_console("foreign file system (ext4 photos): not formatted", 300)
            guest.power_button(120)
        vm.run("qemu-img", "compare", "-q", raw, path)


if __name__ == "__main__":
    unittest.main()
