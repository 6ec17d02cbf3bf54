"""The cache of compiled objects: what it keeps, what it refuses, how it stays small."""

import os
from pathlib import Path

import numpy as np
from cpu import program

from pullback.backends.cache import ObjectCache, default_directory
from pullback.backends.cpu import emit, pipeline
from pullback.backends.cpu.target import Target
from pullback.primitives import elementwise as ew


def test_objects_come_back(tmp_path: Path) -> None:
    cache = ObjectCache(tmp_path / "new" / "place")
    key = cache.key(["text", "cpu"])
    assert cache.load(key) is None
    cache.store(key, b"machine code")
    assert ObjectCache(tmp_path / "new" / "place").load(key) == b"machine code"
    assert (tmp_path / "new" / "place").stat().st_mode & 0o777 == 0o700


def test_keys_tell_parts_apart(tmp_path: Path) -> None:
    cache = ObjectCache(tmp_path)
    assert cache.key(["ab", "c"]) != cache.key(["a", "bc"]) != cache.key(["abc"])


def test_damaged_objects_are_not_used(tmp_path: Path) -> None:
    cache = ObjectCache(tmp_path)
    cache.store("key", b"machine code")
    path = tmp_path / "key"
    good = path.read_bytes()
    for bad in (b"", good[:-1], good + b"x", good[:30] + b"?" + good[31:]):
        path.write_bytes(bad)
        assert cache.load("key") is None


def test_directories_that_others_may_write_are_not_used(tmp_path: Path) -> None:
    ObjectCache(tmp_path).store("key", b"machine code")
    os.chmod(tmp_path, 0o777)
    cache = ObjectCache(tmp_path)
    assert cache.load("key") is None
    cache.store("other", b"machine code")
    assert not (tmp_path / "other").exists()


def test_oldest_objects_go_first(tmp_path: Path) -> None:
    cache = ObjectCache(tmp_path, limit=1000)
    for k in range(10):
        cache.store(str(k), bytes(100))
        os.utime(tmp_path / str(k), (k, k))
    cache.prune()
    left = sorted(int(p.name) for p in tmp_path.iterdir())
    assert left == list(range(10 - len(left), 10)) and 1 < len(left) < 10


def test_environment_says_where(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PULLBACK_CACHE", "0")
    assert default_directory() is None
    monkeypatch.setenv("PULLBACK_CACHE", "1")
    monkeypatch.setenv("PULLBACK_CACHE_DIR", str(tmp_path))
    assert default_directory() == tmp_path
    monkeypatch.delenv("PULLBACK_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_directory() == tmp_path / "pullback"


def test_targets_compile_once(tmp_path: Path) -> None:
    jaxpr, _ = program(lambda x: ew.sin(x), [np.ones(100, np.float32)])
    module = emit.ProgramEmitter(pipeline.build(jaxpr)[2], 32).run()
    codes = []
    for _ in range(2):
        target = Target()
        target.cache = ObjectCache(tmp_path)
        codes.append(target.compile(module, [emit.ENTRY]))
    assert codes[0].objects == codes[1].objects
    assert "emit" in codes[0].timings and "emit" not in codes[1].timings
