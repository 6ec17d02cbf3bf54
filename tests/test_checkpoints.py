"""Checkpoints on the host: trees, refusals, damage, and writers that are killed."""

import os
import signal
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import tensorstore
from scripts import run

import pullback as pb
from pullback import numpy as pnp
from pullback.checkpoints import describe, restore, save, store


class State(NamedTuple):
    """A node that files cannot name."""

    w: object
    step: object


class Known(NamedTuple):
    """One that they can."""

    w: object


def test_trees_come_back_as_they_were(tmp_path):
    tree = {
        "w": pnp.arange(6.0).reshape(2, 3),
        "parts": [(), [], None, (np.float16(2), np.arange(3))],
        "weak": pnp.asarray(2.0),
        "numbers": (True, False, -3, 10**30, 1.5e-300, float("inf"), 1 - 2j, "läuft\n"),
        "pi": np.float64(np.pi),
    }
    save(tmp_path / "new" / "folder", tree)
    got = restore(tmp_path / "new" / "folder")
    assert pb.tree.structure(got) == pb.tree.structure(tree)
    for a, b in zip(pb.tree.leaves(got), pb.tree.leaves(tree), strict=True):
        assert type(a) is type(b) and np.array_equal(a, b)
        assert getattr(a, "dtype", None) == getattr(b, "dtype", None)
    assert got["weak"].weak_type and not got["w"].weak_type
    nan = float("nan")
    save(tmp_path / "nan", nan)
    assert np.isnan(restore(tmp_path / "nan"))


def test_wide_dtypes_and_no_bytes(tmp_path):
    tree = {
        "wide": np.arange(3.0),
        "float0": np.zeros((2, 3), pb.float0),
        "zero": pnp.zeros((3, 0, 2)),
        "one": pnp.asarray(True),
    }
    save(tmp_path, tree)
    got = restore(tmp_path)
    assert got["wide"].dtype == np.float64 and got["float0"].dtype == pb.float0
    assert got["float0"].shape == (2, 3) and got["zero"].shape == (3, 0, 2) and bool(got["one"])
    with pb.enable_x64(True):
        save(tmp_path, pnp.arange(3.0) + 0.1)
    assert restore(tmp_path).dtype == np.float64
    np.testing.assert_array_equal(restore(tmp_path), np.arange(3.0) + 0.1)


def test_what_a_leaf_becomes(tmp_path):
    values = np.arange(3, dtype=np.float32)
    save(tmp_path, {"a": pnp.asarray(values), "n": values, "s": values[1]})
    own = restore(tmp_path)
    assert [type(x).__name__ for x in own.values()] == ["ArrayImpl", "ndarray", "float32"]
    other = restore(tmp_path, {"a": values, "n": pnp.asarray(values), "s": pnp.ones(())})
    assert [type(x).__name__ for x in other.values()] == ["ndarray", "ArrayImpl", "ArrayImpl"]
    assert type(pb.device_get(restore(tmp_path, shardings="cpu"))["n"]) is np.ndarray
    there = restore(tmp_path, shardings={"a": pb.devices("xla")[0], "n": None, "s": "xla"})
    assert [x.device.platform for x in (there["a"], there["s"])] == ["xla", "xla"]
    assert there["a"].committed and type(there["n"]) is np.ndarray
    with pb.default_device("xla"):
        assert restore(tmp_path)["a"].device.platform == "xla"


def test_classes_of_nodes(tmp_path):
    tree = OrderedDict(s=State(pnp.ones(2), 4))
    save(tmp_path, tree)
    with pytest.raises(ValueError, match=r"does not tell the structure of the tree, for .*`like`"):
        restore(tmp_path)
    got = restore(tmp_path, like=tree)
    assert type(got["s"]) is State and got["s"].step == 4
    pb.export.register_namedtuple_serialization(Known, serialized_name="test.Known")
    save(tmp_path, [Known(1)])
    assert restore(tmp_path) == [Known(1)]


def test_trees_that_differ_are_refused(tmp_path):
    save(tmp_path, {"a": pnp.ones((2, 3)), "b": [1, 2.0]})
    for like, message in [
        ({"a": pnp.ones((2, 3))}, r"`like` has not \['b'\]\[0\], \['b'\]\[1\]$"),
        ({"a": 0, "b": [1, 2.0], "c": 0}, r"not like `like`: it has not \['c'\]$"),
        ({"a": pnp.ones((3, 2)), "b": [1, 2.0]}, r"'a'\] is float32\[2, 3\] .*, and float32\[3, 2"),
        ({"a": np.ones((2, 3)), "b": [1, 2.0]}, r"'a'\] is float32.* and float64\[2, 3\] in `l"),
        ({"a": np.ones((2, 3), "f"), "b": [1, 2]}, r"'b'\]\[1\] is a Python float .* a Python int"),
        ({"a": 1, "b": [1, 2.0]}, r"\['a'\] is float32\[2, 3\] .* and a Python int"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            restore(tmp_path, like)
    many = {str(i): 0 for i in range(9)}
    with pytest.raises(ValueError, match=r"and 4 more; `like` has not"):
        restore(tmp_path, many)


def test_leaves_that_are_refused(tmp_path):
    for leaf, message in [
        (np.array(["a"]), r"leaf \['x'\] is an array of dtype <U1"),
        (object, r"leaf \['x'\] is <class 'object'> of type type; wanted are arrays"),
    ]:
        with pytest.raises(TypeError, match=message):
            save(tmp_path, {"x": leaf})
    with pytest.raises(TypeError, match=r"leaf \['x'\] is traced"):
        pb.jit(lambda x: save(tmp_path, {"x": x}))(1.0)
    assert not any(tmp_path.iterdir())


def test_folders_that_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"restore: there is no .*/nothing"):
        restore(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError, match=r"describe: .* is no checkpoint: it has no"):
        describe(tmp_path)
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(FileExistsError, match=r"holds thesis.tex, but no checkpoint"):
        save(tmp_path, 1)
    with pytest.raises(NotADirectoryError, match="is a file; wants a folder"):
        save(tmp_path / "thesis.tex", 1)
    with pytest.raises(NotImplementedError, match=r"folder of a file system, got 'gs://bucket/x'"):
        save("gs://bucket/x", 1)
    (tmp_path / "checkpoint.json").write_text('{"step": 3}')
    for f in (restore, lambda path: save(path, 1)):
        with pytest.raises(ValueError, match="is not of a checkpoint of this library"):
            f(tmp_path)
    (tmp_path / "checkpoint.json").write_text('{"format": "pullback checkpoint", "version": 99}')
    with pytest.raises(ValueError, match="version 99 of the format; this release reads version 1"):
        restore(tmp_path)


def test_damage_is_noticed(tmp_path):
    save(tmp_path, {"w": pnp.ones(1000), "v": pnp.zeros(1000)})
    (file,) = tmp_path.glob("arrays.0/1/c.*")
    content = bytearray(file.read_bytes())
    for damaged in (content[:500], content[:99] + b"!" + content[100:], None):
        file.unlink() if damaged is None else file.write_bytes(damaged)
        with pytest.raises(OSError, match=r"leaf \['w'\] in .* is damaged or out of reach"):
            restore(tmp_path)
    file.with_name("zarr.json").unlink()
    with pytest.raises(OSError, match=r"leaf \['w'\] is damaged or out of reach"):
        restore(tmp_path)


def test_a_save_replaces_the_one_before(tmp_path):
    for i in range(3):
        save(tmp_path, {"w": pnp.full(3, i)})
        assert sorted(p.name for p in tmp_path.iterdir()) == [f"arrays.{i}", "checkpoint.json"]
        assert restore(tmp_path)["w"].tolist() == [i] * 3


FULL = """
import resource
pb.checkpoints.save(FOLDER, np.zeros(10))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
try:
    pb.checkpoints.save(FOLDER, np.ones(1 << 20))
except OSError as error:
    print("leaf  in" in str(error))
"""


def test_a_disk_that_is_full(tmp_path):
    """What was begun is taken away, and the checkpoint before is still there."""
    assert run(f"FOLDER = {str(tmp_path)!r}\n" + FULL) == "True"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["arrays.0", "checkpoint.json"]
    assert restore(tmp_path).tolist() == [0] * 10


KILLED = """
from pullback.checkpoints import manifest, store

def die(*args):
    os.kill(os.getpid(), signal.SIGKILL)

def wrapped(module, name, count):
    whole, calls = getattr(module, name), []
    def f(*args, **kwargs):
        calls.append(1)
        if len(calls) == count:
            die()
        return whole(*args, **kwargs)
    setattr(module, name, f)

PLACE
pb.checkpoints.save(FOLDER, {"w": np.full(1000, 2.0), "v": np.full((3, 4), 2.0)})
die()
"""
PLACES = {
    "before the arrays": "wrapped(store, 'make', 1)",
    "between two arrays": "wrapped(store, 'make', 2)",
    "before the values": "wrapped(store, 'results', 1)",
    "before the last file": "wrapped(manifest, 'write', 1)",
    "in the last file": "wrapped(os, 'replace', 1)",
    "behind the last file": "wrapped(manifest, 'settle', 3)",
    "at the end": "",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_killed_writer_leaves_a_whole_checkpoint(tmp_path, place):
    again, first = tmp_path / "again", tmp_path / "first"
    save(again, {"w": np.full(1000, 1.0), "v": np.full((3, 4), 1.0)})
    done = place in ("behind the last file", "at the end")
    for folder in (again, first):
        run(f"FOLDER = {str(folder)!r}\n" + KILLED.replace("PLACE", PLACES[place]), code=-9)
    for value in restore(again).values():
        assert (value == (2.0 if done else 1.0)).all()
    if done:
        assert restore(first)["v"].shape == (3, 4)
    else:
        with pytest.raises(
            FileNotFoundError, match=r"was not written to its end|there is no|no check"
        ):
            restore(first)
    for folder in (again, first):
        save(folder, 3)
        assert restore(folder) == 3 and len(list(folder.iterdir())) == 2


AT_RANDOM = """
import itertools
for i in itertools.count():
    pb.checkpoints.save(FOLDER, {"a": np.full((64, 64), i), "b": [np.full(9, i)] * 20, "i": i})
    print(i, flush=True)
"""


def test_writers_killed_at_any_time(tmp_path):
    """The checkpoint is the last that was finished, or the one after it, and of one piece."""
    from_scratch = f"import numpy as np, pullback as pb\nFOLDER = {str(tmp_path)!r}\n{AT_RANDOM}"
    for delay in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", from_scratch], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            for _ in range(3 + delay):
                last = int(process.stdout.readline())
            os.kill(process.pid, signal.SIGKILL)
            last = max([last, *map(int, process.stdout.read().split())])
        got = restore(tmp_path)
        assert got["i"] in (last, last + 1)
        assert (got["a"] == got["i"]).all() and all((b == got["i"]).all() for b in got["b"])


def test_files_are_zarr(tmp_path):
    """Another reader of the format, told nothing but where the folder is."""
    w = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    save(tmp_path, {"w": w, "half": pnp.asarray(w, "bfloat16")})
    for name in ("0", "1"):
        spec = {"driver": "zarr3", "kvstore": f"file://{tmp_path}/arrays.0/{name}/"}
        found = tensorstore.open(spec).result()
        about = found.spec().to_json()["metadata"]["attributes"]
        assert about["path"] == ["['half']", "['w']"][int(name)]
        values = found.read().result().view(pb.dtypes.bfloat16 if name == "0" else np.float32)
        np.testing.assert_array_equal(values, np.asarray(pnp.asarray(w, about["dtype"])))


def test_numbers_lie_in_files_as_they_are(tmp_path):
    """Told by the bytes alone: a part is a file that begins with its first piece."""
    w = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    save(tmp_path, w)
    content = (tmp_path / "arrays.0" / "0" / "c.0.0").read_bytes()
    assert content.startswith(w.astype("<f4").tobytes())


def test_a_save_while_another_reads(tmp_path, monkeypatch):
    """What is read is the old one or the new one, here the new one, never parts of both."""
    save(tmp_path, {"v": np.full(3, 1.0), "w": np.full(3, 1.0)})
    whole = store.open_all

    def open_all(*args):
        monkeypatch.undo()
        save(tmp_path, {"v": np.full(3, 2.0), "w": np.full(3, 2.0)})
        return whole(*args)

    monkeypatch.setattr(store, "open_all", open_all)
    got = restore(tmp_path)
    assert got["v"].tolist() == got["w"].tolist() == [2.0] * 3


def test_without_tensorstore(tmp_path, monkeypatch):
    monkeypatch.setattr("pullback.checkpoints.store.find_spec", lambda name: None)
    for f in (lambda: save(tmp_path, 1), lambda: restore(tmp_path)):
        with pytest.raises(ImportError, match=r'pip install "pullback\[checkpoint\]"'):
            f()


def test_importing_loads_neither(tmp_path):
    text = "pb.checkpoints.save; print({'tensorstore', 'jaxlib', 'jax'} & {*sys.modules})"
    assert run(text) == "set()"
    text = f"pb.checkpoints.save({str(tmp_path)!r}, np.ones(3)); print('jax' in sys.modules)"
    assert run(text) == "False"


def test_names_relative_to_the_folder_at_hand(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save("here", 5)
    monkeypatch.chdir("/")
    assert restore(tmp_path / "here") == 5 and Path(tmp_path / "here").is_dir()
