"""What may be formatted, on real file systems in plain files; files that survive a power cut."""

import os
import subprocess
import tempfile
import unittest
from unittest import mock

from berth_guest import files, network, seed, volume
from berth_guest.console import Refused

from .test_document import parsed


class Folder(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name


class Kind(Folder):
    def disk(self, *command):
        path = f"{self.folder}/disk"
        with open(path, "wb") as file:
            file.truncate(16 << 20)
        if command:
            subprocess.run([*command, path], check=True, stdout=subprocess.DEVNULL)
        return path

    def test_tells_blank_ours_and_foreign_apart(self):
        self.assertEqual(volume.kind(self.disk()), volume.BLANK)
        self.assertEqual(volume.kind(self.disk("mke2fs", "-q", "-t", "ext4", "-L", "berth-data")),
                         volume.OURS)
        self.assertEqual(volume.kind(self.disk("mke2fs", "-q", "-t", "ext4", "-L", "photos")),
                         "ext4 photos")
        ext3 = self.disk("mke2fs", "-q", "-t", "ext3", "-L", "berth-data")
        self.assertNotEqual(volume.kind(ext3), volume.OURS)
        self.assertIn("vfat", volume.kind(self.disk("mkfs.vfat")))
        self.assertEqual(volume.kind(f"{self.folder}/missing"), "unreadable")

    def test_formats_neither_foreign_nor_unseeded(self):
        for command, seeded, words in (
                (("mkfs.vfat",), True, "foreign"), ((), False, "blank though it was in use")):
            path = self.disk(*command)
            with open(path, "rb") as file:
                before = file.read()
            with mock.patch.object(volume, "find", return_value=path):
                with self.assertRaises(Refused) as caught:
                    volume.open_at("0" * 20, f"{self.folder}/mount", seeded)
            self.assertIn(words, str(caught.exception))
            with open(path, "rb") as file:
                self.assertEqual(file.read(), before)

    def test_finds_by_serial(self):
        for name, serial in (("vda", ""), ("vdb", "1" * 20)):
            os.makedirs(f"{self.folder}/{name}")
            with open(f"{self.folder}/{name}/serial", "w", encoding="ascii") as file:
                file.write(serial)
        self.assertEqual(volume.find("1" * 20, self.folder), "/dev/vdb")
        with self.assertRaises(Refused):
            volume.find("2" * 20, self.folder)


class Files(Folder):
    def test_write_replaces_whole_and_sets_the_mode(self):
        path = f"{self.folder}/file"
        files.write(path, "one", 0o644)
        files.write(path, "two")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "two")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(self.folder), ["file"])

    def test_seed_once_never_writes_again(self):
        path = f"{self.folder}/file"
        self.assertTrue(files.seed_once(path, lambda: "one"))
        self.assertFalse(files.seed_once(path, lambda: self.fail("asked again")))

    def test_keeps_the_document_for_root_alone(self):
        seed.keep("{}", self.folder)
        self.assertEqual(os.stat(f"{self.folder}/.berth").st_mode & 0o777, 0o700)
        self.assertEqual(os.stat(f"{self.folder}/.berth/berth.json").st_mode & 0o777, 0o600)

    def test_keeps_user_data_only_when_it_asks_for_something(self):
        for text, kept in (("#cloud-config\n{}\n", False), ("#cloud-config\n", False),
                           ("#cloud-config\nruncmd: [id]\n", True), ("#!/bin/sh\nid\n", True)):
            target = f"{self.folder}/{len(text)}"
            for name in ("user-data", "meta-data"):
                with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
                    file.write(text)
            seed.extras_keep(self.folder, target)
            self.assertEqual(os.path.exists(f"{target}/user-data"), kept, text)


class Network(unittest.TestCase):
    def test_commands(self):
        self.assertEqual(network.commands(parsed().network, "eth0"), [
            ["address", "replace", "10.0.0.20/24", "dev", "eth0"],
            ["address", "replace", "fd00:1::20/64", "dev", "eth0", "nodad"],
            ["link", "set", "eth0", "up"],
            ["-4", "route", "replace", "default", "via", "10.0.0.1", "dev", "eth0"]])
