"""Parsing and choosing of berth.json."""

import json
import unittest

from berth_guest import document
from berth_guest.console import Refused

MACHINE = "0198f4a0-0000-7000-8000-00000000aa01"


def example(revision=1, machine=MACHINE):
    return {
        "contract": 1, "revision": revision,
        "virtualMachine": {"id": machine, "hostname": "vm-00000000aa01"},
        "network": {"mac": "52:54:00:be:27:01", "addresses": ["10.0.0.20/24", "fd00:1::20/64"],
                    "gateways": ["10.0.0.1"], "nameservers": []},
        "deployments": [{
            "id": "0198f4a0-0000-7000-8000-000000000001", "application": "matrix",
            "applicationVersion": "1.163.0", "domainName": "example.org",
            "options": {"registration": "TOKEN"}, "secrets": {"administratorPassword": "p\u00e9"},
            "administrator": {"username": "admin", "email": "a@example.net"},
            "dataVolume": {"serial": "0" * 20, "label": "berth-data"}, "http": {"port": 8008}}],
    }


def parsed(revision=1, machine=MACHINE):
    return document.parse(json.dumps(example(revision, machine)))


class Parse(unittest.TestCase):
    def test_reads_every_field(self):
        found = parsed(7)
        self.assertEqual((found.revision, found.hostname), (7, "vm-00000000aa01"))
        self.assertEqual(found.network.addresses, ("10.0.0.20/24", "fd00:1::20/64"))
        deployment = found.deployments[0]
        self.assertEqual((deployment.domain_name, deployment.port), ("example.org", 8008))
        self.assertEqual(deployment.secrets["administratorPassword"], "p\u00e9")

    def test_lets_unknown_fields_through(self):
        value = example() | {"somethingNew": 1}
        self.assertEqual(document.parse(json.dumps(value)).revision, 1)

    def test_names_the_field_that_is_wrong(self):
        def broken(change):
            value = example()
            change(value, value["deployments"][0])
            with self.assertRaises(Refused) as caught:
                document.parse(json.dumps(value))
            return str(caught.exception)

        self.assertIn("contract 2", broken(lambda d, _: d.update(contract=2)))
        self.assertIn("revision", broken(lambda d, _: d.update(revision=True)))
        self.assertIn("hostname", broken(lambda d, _: d["virtualMachine"].update(hostname="a b")))
        self.assertIn("addresses", broken(lambda d, _: d["network"].update(addresses=["x"])))
        self.assertIn("domainName", broken(lambda _, i: i.update(domainName="../etc")))
        self.assertIn("id", broken(lambda _, i: i.update(id="../etc")))
        self.assertIn("http.port", broken(lambda _, i: i.update(http={"port": 70000})))
        self.assertIn("dataVolume.serial", broken(lambda _, i: i.pop("dataVolume")))

    def test_refuses_what_is_not_json(self):
        with self.assertRaises(Refused):
            document.parse("{")


class Choose(unittest.TestCase):
    def test_without_a_seed_the_highest_kept_revision(self):
        kept = [parsed(3), parsed(9), parsed(4)]
        self.assertEqual(document.choose(None, kept).revision, 9)
        self.assertIsNone(document.choose(None, []))

    def test_the_seed_wins_among_equals_and_loses_against_newer(self):
        seed = parsed(4)
        self.assertIs(document.choose(seed, [parsed(4), parsed(3)]), seed)
        self.assertEqual(document.choose(seed, [parsed(5)]).revision, 5)

    def test_what_another_machine_kept_does_not_count_beside_a_seed(self):
        seed = parsed(1)
        other = parsed(9, "0198f4a0-0000-7000-8000-00000000bb02")
        self.assertIs(document.choose(seed, [other]), seed)
        self.assertIs(document.choose(None, [other]), other)
