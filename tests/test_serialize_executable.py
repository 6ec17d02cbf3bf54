"""Compiled functions as bytes: what is loaded, here and in another process, gives the same."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import pullback as pb
from pullback import lax
from pullback import numpy as pnp
from pullback.experimental.serialize_executable import deserialize_and_load, serialize

X = np.linspace(0.1, 1.2, 12, dtype=np.float32).reshape(3, 4)
CAPTURED = pnp.arange(4.0)


def branches(x):
    return lax.cond(x.sum() > 0, lambda x: pnp.sort(x), lambda x: x[:, ::-1], x)


def loops(x):
    last, all_ = lax.scan(lambda c, y: (c + y, c * y), CAPTURED, x)
    return {"last": last, "all": [all_, lax.while_loop(lambda c: c < 9, lambda c: c * 2, x[0, 0])]}


def spectrum(x):
    return pnp.abs(pnp.fft.rfft(x)), lax.conv_general_dilated(
        x[None, None], x[None, None, :2, :2], (1, 1), "SAME"
    )


def called_back(x):
    return pb.pure_callback(np.sin, x, x) + 1


PROGRAMS = [branches, loops, spectrum, pb.grad(lambda x: pnp.sin(x @ CAPTURED).sum()), called_back]


def same(got, want):
    for g, w in zip(pb.tree.leaves(got), pb.tree.leaves(want), strict=True):
        np.testing.assert_array_equal(g, w)
        assert g.aval == w.aval


@pytest.mark.parametrize("f", PROGRAMS)
def test_loaded_functions_give_the_same(f):
    compiled = pb.jit(f).lower(X).compile()
    loaded = deserialize_and_load(*serialize(compiled))
    same(loaded(X), compiled(X))
    assert loaded.in_avals == compiled.in_avals and loaded.as_text() == compiled.as_text()
    with pytest.raises(TypeError, match="compiled for"):
        loaded(X[0])


def test_keys_donation_and_keywords():
    f = pb.jit(lambda key, *, n: pb.random.normal(key) * n, donate_argnames="n")
    compiled = f.lower(pb.random.key(0), n=np.float32(2)).compile()
    loaded = deserialize_and_load(*serialize(compiled))
    key = pb.random.key(7)
    same(loaded(key, n=np.float32(3)), f(key, n=np.float32(3)))
    assert loaded.args_info == compiled.args_info


def test_another_process_loads_them(tmp_path):
    compiled = pb.jit(spectrum).lower(X).compile()
    blob, _, _ = serialize(compiled)
    (tmp_path / "blob").write_bytes(blob)
    script = (
        "import pathlib, sys, numpy as np, pullback as pb\n"
        "from pullback.experimental.serialize_executable import deserialize_and_load\n"
        "blob = pathlib.Path(sys.argv[1], 'blob').read_bytes()\n"
        "x = np.linspace(0.1, 1.2, 12, dtype=np.float32).reshape(3, 4)\n"
        "trees = [pb.tree.structure(t) for t in (((x,), {}), (0, 0))]\n"
        "out = deserialize_and_load(blob, *trees)(x)\n"
        "np.savez(pathlib.Path(sys.argv[1], 'out.npz'), *map(np.asarray, out))\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
    with np.load(tmp_path / "out.npz") as found:
        for got, want in zip(found.values(), compiled(X), strict=True):
            np.testing.assert_array_equal(got, want)


def test_what_cannot_be_written():
    local = pb.jit(lambda x: pb.pure_callback(lambda x: x, x, x)).lower(X).compile()
    with pytest.raises(ValueError, match="cannot be written"):
        serialize(local)


def test_bytes_of_another_version_and_several_devices():
    blob, in_tree, out_tree = serialize(pb.jit(pnp.sin).lower(X).compile())
    other = pickle.dumps(("0.0", None))
    with pytest.raises(ValueError, match=r"version 0\.0"):
        deserialize_and_load(other, in_tree, out_tree)
    with pytest.raises(ValueError, match="one device"):
        deserialize_and_load(blob, in_tree, out_tree, execution_devices=pb.devices() * 2)
