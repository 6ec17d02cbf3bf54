"""Compiled objects on disk: a program is compiled once for a machine, not once for a run.

Files are named by the hash of all that the object depends on, carry a checksum, appear whole or not
at all, and are read only from a directory that belongs to this user and that nobody else may write.
PULLBACK_CACHE=0 turns the cache off; PULLBACK_CACHE_DIR says where it is, or the options
`enable_compilation_cache` and `compilation_cache_dir`.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Sequence
from functools import cache
from typing import Any

from .. import config
from ..lazy import LazyModule

# Loaded where something is written.
tempfile: Any = LazyModule("tempfile")

MAGIC = b"pullback object 2\n"
LIMIT_BYTES = 256 * 1024 * 1024
HEAD = len(MAGIC) + 32
# The directory is measured once in so many writes.
MEASURE_EVERY = 64


def default_directory() -> str | None:
    """Where options and the environment say that objects are kept, or None."""
    if os.environ.get("PULLBACK_CACHE", "1") == "0" or not config.read("enable_compilation_cache"):
        return None
    found = config.read("compilation_cache_dir") or os.environ.get("PULLBACK_CACHE_DIR")
    if found:
        return os.fspath(found)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "pullback")


def _head(key: str, data: bytes) -> bytes:
    """What stands before an object: a checksum, also of its name."""
    return MAGIC + hashlib.sha256(key.encode() + data).digest()


class ObjectCache:
    """Objects by the hash of what they depend on. Every failure means: compile."""

    def __init__(self, directory: str | os.PathLike[str] | None, limit: int = LIMIT_BYTES) -> None:
        self.directory = directory
        self.limit = limit
        self.writes = 0
        self.usable: bool | None = None if directory else False

    def key(self, parts: Sequence[str]) -> str:
        """The hash of what an object depends on."""
        digest = hashlib.sha256()
        for part in parts:
            data = part.encode()
            digest.update(len(data).to_bytes(8, "little"))
            digest.update(data)
        return digest.hexdigest()

    def load(self, key: str) -> bytes | None:
        """The object, or None if it is not there or not whole."""
        if not self.ready():
            return None
        path = self._path(key)
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError:
            return None
        body = data[HEAD:]
        if data[:HEAD] != _head(key, body):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return body

    def store(self, key: str, data: bytes) -> None:
        """Keep an object."""
        if not self.ready():
            return
        with contextlib.suppress(OSError):
            self._write(self._path(key), _head(key, data) + data)
            self.writes += 1
            if self.writes % MEASURE_EVERY == 1:
                self.prune()

    def _write(self, path: str, data: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self.directory)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(name, path)
        except OSError:
            os.unlink(name)
            raise

    def prune(self) -> None:
        """Remove what was used longest ago until three quarters of the limit are left."""
        assert self.directory is not None
        entries = []
        for entry in os.scandir(self.directory):
            with contextlib.suppress(OSError):
                info = entry.stat()
                entries.append((info.st_mtime, info.st_size, entry.path))
        total = sum([size for _, size, _ in entries])
        if total <= self.limit:
            return
        for _, size, path in sorted(entries):
            with contextlib.suppress(OSError):
                os.unlink(path)
            total -= size
            if total <= self.limit * 3 // 4:
                break

    def _path(self, key: str) -> str:
        assert self.directory is not None
        return os.path.join(self.directory, key)

    def ready(self) -> bool:
        """Whether there is a directory to trust."""
        if self.usable is None:
            self.usable = self._prepare()
        return self.usable

    def _prepare(self) -> bool:
        """Make the directory; False where another user could change what is in it."""
        assert self.directory is not None
        try:
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
            info = os.stat(self.directory)
        except OSError:
            return False
        if hasattr(os, "getuid") and info.st_uid != os.getuid():
            return False
        return not info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


@cache
def _cache_at(directory: str | None) -> ObjectCache:
    return ObjectCache(directory)


def object_cache() -> ObjectCache:
    """The cache where objects are kept now."""
    return _cache_at(default_directory())
