"""Synapse's configuration: what is seeded once, what is enforced, what is refused."""

import base64
import dataclasses
import json
import os
import subprocess
import tempfile
import unittest
from unittest import mock

from berth_guest import handover, matrix
from berth_guest.console import Refused

from .test_document import parsed

DEPLOYMENT = parsed().deployments[0]


def changed(**fields):
    return dataclasses.replace(DEPLOYMENT, **fields)


class Check(unittest.TestCase):
    def refusal(self, deployment, state=matrix.State()):
        with self.assertRaises(Refused) as caught:
            matrix.check(deployment, state)
        return str(caught.exception)

    def test_accepts_the_example(self):
        matrix.check(DEPLOYMENT, matrix.State("example.org", True))

    def test_refuses(self):
        self.assertIn("cannot change from old.example to example.org",
                      self.refusal(DEPLOYMENT, matrix.State("old.example")))
        self.assertIn("not for 'tiny'", self.refusal(changed(application="tiny")))
        self.assertIn("Matrix name", self.refusal(changed(administrator="Two Words")))
        self.assertIn("administratorPassword", self.refusal(changed(secrets={})))
        self.assertIn("TOKEN or CLOSED", self.refusal(changed(options={"registration": "OPEN"})))


class Files(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.volume = temporary.name
        owner = (os.getuid(), os.getgid())
        for name in ("SYNAPSE", "POSTGRES"):
            patch = mock.patch.object(matrix, name, owner)
            patch.start()
            self.addCleanup(patch.stop)

    def read(self, name):
        with open(f"{self.volume}/synapse/{name}", encoding="utf-8") as file:
            return file.read()

    def test_seeds_once_and_enforces_always(self):
        matrix.files_write(DEPLOYMENT, self.volume)
        before = {name: self.read(name) for name in ("signing.key", "secrets.yaml", "seeded.yaml")}
        with open(f"{self.volume}/synapse/enforced.yaml", "w", encoding="utf-8") as file:
            file.write("{}")
        matrix.files_write(changed(options={"registration": "CLOSED"}, port=9000), self.volume)
        for name, text in before.items():
            self.assertEqual(self.read(name), text)
        enforced = json.loads(self.read("enforced.yaml"))
        self.assertEqual(enforced["listeners"][0]["port"], 9000)
        self.assertEqual(enforced["server_name"], "example.org")

    def test_makes_the_database_once_and_whole(self):
        os.makedirs(f"{self.volume}/made/15/base")
        template = f"{self.volume}/template.tar"
        subprocess.run(["tar", "-C", f"{self.volume}/made", "-cf", template, "15"], check=True)
        cluster = f"{self.volume}/postgresql/15"
        # What a power cut in the middle of an earlier try left.
        os.makedirs(f"{cluster}.new/half")
        with mock.patch.object(matrix, "TEMPLATE", template):
            matrix.database_create(self.volume)
            self.assertEqual(os.listdir(cluster), ["base"])
            os.mkdir(f"{cluster}/mine")
            matrix.database_create(self.volume)
        self.assertEqual(sorted(os.listdir(cluster)), ["base", "mine"])
        self.assertEqual(os.listdir(f"{self.volume}/postgresql"), ["15"])

    def test_refuses_a_database_of_another_postgresql(self):
        os.makedirs(f"{self.volume}/postgresql/17")
        with self.assertRaises(Refused) as caught:
            matrix.database_create(self.volume)
        self.assertIn("PostgreSQL 17", str(caught.exception))

    def test_secrets_are_for_their_owner_alone(self):
        matrix.files_write(DEPLOYMENT, self.volume)
        for name in ("signing.key", "secrets.yaml", "enforced.yaml"):
            mode = os.stat(f"{self.volume}/synapse/{name}").st_mode
            self.assertEqual(mode & 0o777, 0o600)

    def test_state_survives(self):
        os.mkdir(f"{self.volume}/.berth")
        self.assertEqual(matrix.State.read(self.volume), matrix.State())
        matrix.State("example.org", True).write(self.volume)
        self.assertEqual(matrix.State.read(self.volume), matrix.State("example.org", True))


class Secrets(unittest.TestCase):
    def test_the_signing_key_is_an_ed25519_seed(self):
        algorithm, name, seed = matrix.signing_key().split()
        self.assertEqual(algorithm, "ed25519")
        self.assertTrue(name.startswith("a_"))
        self.assertEqual(len(base64.b64decode(seed + "=")), 32)

    def test_the_registration_proof(self):
        # HMAC-SHA1 over nonce, name, password and "admin", each parted by a zero byte: computed
        # with `openssl dgst -sha1 -hmac s`.
        self.assertEqual(handover.signature("s", "n", "u", "p"), PROOF)


PROOF = "36174be8366e0fee3769a523fcbbae61a8f8f1d9"
