"""The cache of compiled objects: what it keeps, what it refuses, how it stays small."""

import os
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np
import scripts
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


# Processes that share a directory

COMPILE = """
for k in range(5):
    f = pb.jit(lambda x: pnp.tanh(x @ x) * (k + 1) + pnp.cumsum(x, axis=0))
    x = pnp.arange(9.0).reshape(3, 3) / 9
    wanted = np.tanh(np.asarray(x) @ np.asarray(x)) * (k + 1) + np.cumsum(x, axis=0)
    np.testing.assert_allclose(f(x), wanted, rtol=1e-5)
print("good")
"""


def shared(path: Path) -> dict[str, str]:
    return {"PULLBACK_CACHE": "1", "PULLBACK_CACHE_DIR": str(path)}


def whole(path: Path) -> list[bool]:
    cache = ObjectCache(path)
    return [cache.load(file.name) is not None for file in path.iterdir()]


def test_concurrent_writers(tmp_path: Path) -> None:
    processes = [scripts.start(COMPILE, shared(tmp_path)) for _ in range(3)]
    assert [p.communicate(timeout=120) for p in processes] == [("good\n", "")] * 3
    assert whole(tmp_path) == [True] * 5


KILLED = """
os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_writer(tmp_path: Path) -> None:
    scripts.run(KILLED + COMPILE, shared(tmp_path), code=-9)
    assert whole(tmp_path) == [False]
    assert scripts.run(COMPILE, shared(tmp_path)) == "good"
    assert sorted(whole(tmp_path)) == [False, *[True] * 5]
    # What the killed one left goes as everything does that nobody uses.
    ObjectCache(tmp_path, limit=0).prune()
    assert whole(tmp_path) == []


def test_damaged_and_exchanged_objects(tmp_path: Path) -> None:
    assert scripts.run(COMPILE, shared(tmp_path)) == "good"
    a, b, c, d, e = sorted(tmp_path.iterdir())
    a.write_bytes(a.read_bytes()[:-100])
    b.write_bytes(b"")
    other, data = c.read_bytes(), bytearray(d.read_bytes())
    # An object of another program, whole, and machine code with one wrong bit.
    c.write_bytes(e.read_bytes())
    data[-200] ^= 4
    d.write_bytes(data)
    assert scripts.run(COMPILE, shared(tmp_path)) == "good"
    assert whole(tmp_path) == [True] * 5 and c.read_bytes() == other


FULL = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
"""


def test_a_full_disk(tmp_path: Path) -> None:
    assert scripts.run(FULL + COMPILE, shared(tmp_path)) == "good"
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.write_bytes(b"")
    folder.mkdir(0o500)
    for place in (file, file / "below", folder, Path("/proc/nothing")):
        assert scripts.run(COMPILE, shared(place)) == "good"


def test_objects_of_other_machines_have_other_names(tmp_path: Path, monkeypatch) -> None:
    def names() -> set[str]:
        jaxpr, _ = program(lambda x: ew.sin(x), [np.ones(100, np.float32)])
        target = Target()
        target.cache = ObjectCache(tmp_path)
        target.compile(emit.ProgramEmitter(pipeline.build(jaxpr)[2], 32).run(), [emit.ENTRY])
        return {p.name for p in tmp_path.iterdir()}

    here = names()
    monkeypatch.setattr(llvm, "get_host_cpu_name", lambda: "x86-64")
    there = names()
    monkeypatch.setattr(llvm, "get_host_cpu_features", lambda: llvm.FeatureMap({"sse2": True}))
    assert len(here) == 1 and len(there) == 2 and len(names()) == 3
