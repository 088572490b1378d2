"""Files that are whole or not there, even when the power goes: written beside, synced, renamed."""

import json
import os


def write(path, text, mode=0o600, owner=None):
    """Replaces `path`. `owner` is (uid, gid), root when it is left out."""
    new = f"{path}.new"
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(handle, mode)  # whatever the umask is
        if owner:
            os.fchown(handle, *owner)
        file.write(text)
        file.flush()
        os.fsync(handle)
    os.rename(new, path)
    folder_sync(os.path.dirname(path))


def seed_once(path, text, mode=0o600, owner=None):
    """Writes `path` only if it isn't there; whether it wrote. `text` is called for the content."""
    if os.path.exists(path):
        return False
    write(path, text(), mode, owner)
    return True


def folder(path, mode=0o700, owner=None):
    """Makes sure of a folder, its mode and its owner."""
    os.makedirs(path, exist_ok=True)
    os.chmod(path, mode)
    if owner:
        os.chown(path, *owner)


def folder_sync(path):
    """Makes renames in a folder last."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_json(path, default):
    """A JSON file's value, or `default` when there is no such file."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return default
