"""The cache of compiled objects: what it keeps, what it refuses, how it stays small."""

import os
import platform
from pathlib import Path

import pytest
import scripts

import pullback as pb
from pullback.backends import identity
from pullback.backends.cache import ObjectCache, default_directory, object_cache


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
    assert default_directory() == str(tmp_path)
    monkeypatch.delenv("PULLBACK_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_directory() == str(tmp_path / "pullback")


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


# What a later process does

ONCE = """
def learn(w, x):
    h = pb.nn.relu(x @ w)
    return pnp.linalg.solve(h.T @ h + pnp.eye(3), pnp.sort(x, 0).T), pnp.fft.fft(x).real, x, 1
w, x = np.arange(9.0).reshape(3, 3) / 9, np.ones((4, 3))
f = pb.jit(pb.value_and_grad(lambda w, x: sum(pnp.sum(y) for y in learn(w, x))))
print(*pb.tree.leaves(f(w, x)), *pb.tree.leaves(pb.jit(learn)(w, x)))
print(*pb.jit(lambda x: x.at[2].set(7.0), donate_argnums=0)(pnp.arange(5)))
print("llvmlite" in sys.modules, "pullback.backends.cpu.pipeline" in sys.modules)
"""


def test_a_later_process_needs_no_compiler(tmp_path: Path) -> None:
    first, *others = [scripts.run(ONCE, shared(tmp_path)).splitlines() for _ in range(3)]
    assert first[-1] == "True True"
    for other in others:
        assert other[:-1] == first[:-1]
        # Elsewhere LLVM's linker is needed, but no pass.
        assert other[-1].endswith("False")
        assert other[-1] == "False False" or platform.machine() != "x86_64"


BETTER = """
pb.jit(lambda x: x + 1)(0)
from pullback.backends.cpu import pipeline, records
pipeline.PATIENCE, pipeline.PATIENCE_A_LINE = 1e4, 0.0
f, x = pb.jit(lambda x: pnp.sin(x) * pnp.exp(x)), pnp.linspace(-3, 3, 1000)
code = records.compiled(f.trace(x).jaxpr.jaxpr)
for _ in range(200): f(x)
print(code.patience, f(x).sum(), code.code_bytes)
assert "1 nest" in code.explain() and "define" in code.llvm()
"""


def test_better_code_is_kept(tmp_path: Path) -> None:
    first, second = [scripts.run(BETTER, shared(tmp_path)).split() for _ in range(2)]
    if first[0] != "0.0":
        assert int(second[2]) > int(first[2])
    assert second[:2] == ["0.0", first[1]]


SHOWN = """
f = pb.jit(lambda x: pnp.sin(x) + 1)
f(1.0)
print(pb.explain(f)(1.0).splitlines()[0])
"""


def test_passes_are_done_where_they_are_to_be_seen(tmp_path: Path) -> None:
    for _ in range(2):
        process = scripts.start(SHOWN, {**shared(tmp_path), "PULLBACK_DEBUG": "1"})
        out, errors = process.communicate(timeout=120)
        assert "write" in errors and "generate" in errors and "nest" in out


def test_what_code_depends_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another file, another size, another time of a file, another processor."""

    def now() -> str:
        return identity.identity.__wrapped__()

    monkeypatch.setattr(identity, "PACKAGE", str(tmp_path))
    (tmp_path / "inner").mkdir()
    file = tmp_path / "inner" / "pass.py"
    seen = [now()]
    file.write_text("x = 1")
    os.utime(file, (1, 1))
    seen.append(now())
    assert now() == seen[-1]
    file.write_text("x = 2")
    seen.append(now())
    os.utime(file, (1, 1))
    file.write_text("x = 10")
    seen.append(now())
    monkeypatch.setattr(identity, "_processor", lambda: ["another"])
    seen.append(now())
    assert len(set(seen)) == len(seen)


def test_options_say_where(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PULLBACK_CACHE", raising=False)
    monkeypatch.setenv("PULLBACK_CACHE_DIR", str(tmp_path / "other"))
    least = pb.config.read("jax_persistent_cache_min_compile_time_secs")
    try:
        pb.config.update("jax_compilation_cache_dir", tmp_path)
        pb.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
        assert object_cache().directory == default_directory() == str(tmp_path)
        assert pb.config.read("jax_compilation_cache_dir") == tmp_path
        pb.config.update("jax_enable_compilation_cache", False)
        assert default_directory() is None and object_cache().load("key") is None
    finally:
        pb.config.update("jax_compilation_cache_dir", None)
        pb.config.update("jax_enable_compilation_cache", True)
        pb.config.update("jax_persistent_cache_min_compile_time_secs", least)
    assert default_directory() == str(tmp_path / "other")
