"""Exported functions: called here and in another process, with derivatives."""

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import jax.export
import numpy as np
import pytest
from xla_run import parse

import pullback as pb
from pullback import config
from pullback import numpy as pnp
from pullback.export import api, serialization

X = np.linspace(0.1, 1, 6, dtype=np.float32).reshape(2, 3)


def model(params: Any, x: Any, *, scale: Any) -> Any:
    """A function of trees, with a captured array."""
    hidden = pnp.tanh(x @ params["w"] + params["b"])
    return {"y": hidden * scale, "parts": (pnp.sum(hidden), pnp.argmax(hidden) + len(TABLE))}


TABLE = pnp.arange(4)
PARAMS = {"w": X.T.copy(), "b": np.float32([0.5, -1])}


def same(got: Any, wanted: Any) -> None:
    """Raise unless two results are equal trees of nearly equal arrays."""
    (a, structure), (b, expected) = (
        pb.tree_util.tree_flatten(got),
        pb.tree_util.tree_flatten(wanted),
    )
    assert structure == expected
    for x, y in zip(a, b, strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_allclose(np.asarray(x), np.asarray(y), rtol=1e-5, atol=1e-6)


def round_trip(exported: Any, order: int = 0) -> Any:
    """The exported function written and read."""
    return pb.export.deserialize(exported.serialize(vjp_order=order))


def test_calls_are_the_function() -> None:
    exported = pb.export.export(pb.jit(model))(PARAMS, X, scale=np.float32(2))
    wanted = model(PARAMS, X, scale=np.float32(2))
    for g in (exported, round_trip(exported)):
        same(g.call(PARAMS, X, scale=np.float32(2)), wanted)
        assert g.fun_name == "model"
        assert g.platforms == ("cpu",)
        assert [a.str_short() for a in g.in_avals] == ["f32[2]", "f32[3,2]", "f32[2,3]", "f32[]"]
        assert [a.str_short() for a in g.out_avals] == ["f32[]", "i32[]", "f32[2,2]"]
        assert g.module_kept_var_idx == (0, 1, 2, 3)
    parse(exported.mlir_module())


def test_captured_arrays_are_inside() -> None:
    exported = pb.export.export(pb.jit(lambda i: TABLE[i] * 3))(np.int32(0))
    assert int(round_trip(exported).call(np.int32(2))) == 6


def test_gradients() -> None:
    def f(x: Any, n: Any) -> Any:
        return pnp.sum(pnp.sin(x) * n), n

    exported = pb.export.export(pb.jit(f))(X, np.int32(3))

    def loss(g: Any, x: Any) -> Any:
        return g(x, np.int32(3))[0] ** 2

    wanted = pb.grad(lambda x: loss(f, x))(X)
    for g in (exported, round_trip(exported, 1)):
        assert g.has_vjp()
        same(pb.grad(lambda x, g=g: loss(g.call, x))(X), wanted)
        same(pb.jit(pb.grad(lambda x, g=g: loss(g.call, x)))(X), wanted)
    g = round_trip(exported)
    assert not g.has_vjp()
    with pytest.raises(ValueError, match="No VJP is available"):
        pb.grad(lambda x: loss(g.call, x))(X)


def test_second_derivatives() -> None:
    g = round_trip(pb.export.export(pb.jit(lambda x: pnp.exp(2 * x)))(np.float32(0)), 2)
    second = pb.grad(pb.grad(g.call))
    np.testing.assert_allclose(float(second(np.float32(0.5))), 4 * np.e, rtol=1e-5)
    with pytest.raises(ValueError, match="vjp_order"):
        pb.grad(second)(np.float32(0.5))


def test_inside_programs_of_other_devices() -> None:
    exported = pb.export.export(pb.jit(lambda x: pnp.linalg.cholesky(x @ x.T)))(
        np.eye(2, dtype="f")
    )
    x = pb.device_put(np.float32([[2, 1], [0, 1]]), pb.devices("xla")[0])
    twice = pb.jit(lambda x: exported.call(exported.call(x)) + 1)
    wanted = np.linalg.cholesky(np.asarray(x) @ np.asarray(x).T)
    wanted = np.linalg.cholesky(wanted @ wanted.T) + 1
    np.testing.assert_allclose(np.asarray(twice(x)), wanted, rtol=1e-5)
    assert twice.lower(x).as_text("stablehlo").count("func.func private @_lambda__main") == 1


def test_in_another_process(tmp_path: Path) -> None:
    exported = pb.export.export(pb.jit(model))(PARAMS, X, scale=np.float32(2))
    (tmp_path / "f.bin").write_bytes(exported.serialize(vjp_order=1))
    np.savez(tmp_path / "in.npz", x=X, **PARAMS)
    code = """
import sys
from pathlib import Path
import numpy as np, pullback as pb
folder = Path(sys.argv[1])
f = pb.export.deserialize((folder / "f.bin").read_bytes())
given = np.load(folder / "in.npz")
def total(params):
    return f.call(params, given["x"], scale=np.float32(2))["parts"][0]
params = {"w": given["w"], "b": given["b"]}
value, slopes = pb.value_and_grad(total)(params)
np.savez(folder / "out.npz", **{k: np.asarray(v) for k, v in slopes.items()})
assert "jax" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    out = np.load(tmp_path / "out.npz")
    wanted = pb.grad(lambda p: model(p, X, scale=np.float32(2))["parts"][0])(PARAMS)
    for name in PARAMS:
        np.testing.assert_allclose(out[name], np.asarray(wanted[name]), rtol=1e-4, atol=1e-6)


def test_other_platforms() -> None:
    f = pb.jit(lambda x: pnp.linalg.cholesky(x))
    exported = pb.export.export(f, platforms=["tpu", "cuda"])(
        pb.ShapeDtypeStruct((3, 3), "float32")
    )
    assert exported.platforms == ("tpu", "cuda")
    with pytest.raises(ValueError, match="cannot run on 'cpu'"):
        exported.call(np.eye(3, dtype=np.float32))


def test_platforms_that_need_not_agree() -> None:
    checks = [pb.export.DisabledSafetyCheck.platform()]
    exported = pb.export.export(pb.jit(pnp.sin), platforms=["tpu"], disabled_checks=checks)(X)
    for g in (exported, round_trip(exported)):
        np.testing.assert_allclose(np.asarray(g.call(X)), np.sin(X), rtol=1e-6)


NAMES = [n for n in dir(jax.export) if hasattr(pb.export, n) and not n.startswith("_")]


@pytest.mark.parametrize("name", [n for n in NAMES if inspect.isfunction(getattr(jax.export, n))])
def test_signatures(name: str) -> None:
    ours, theirs = (
        [(p.name, p.kind) for p in inspect.signature(getattr(m, name)).parameters.values()]
        for m in (pb.export, jax.export)
    )
    assert ours == [p for p in theirs if not p[0].startswith("_")]


def test_missing_names_are_those_of_symbolic_shapes() -> None:
    missing = [n for n in dir(jax.export) if not hasattr(pb.export, n)]
    assert [n for n in missing if not n.startswith("_") and "ymbolic" not in n] == []


def test_keys_and_integers() -> None:
    def f(key: Any, n: Any) -> Any:
        return pb.random.split(key, 2), pb.random.normal(key, (3,)) * n, n + 1

    key = pb.random.key(5)
    exported = pb.export.export(pb.jit(f))(key, np.int32(2))
    keys, draws, n = round_trip(exported).call(key, np.int32(2))
    wanted = f(key, np.int32(2))
    assert (pb.random.key_data(keys) == pb.random.key_data(wanted[0])).all()
    np.testing.assert_allclose(np.asarray(draws), np.asarray(wanted[1]), rtol=1e-5)
    assert int(n) == 3


class Point(NamedTuple):
    x: Any
    y: Any


class Tagged:
    """A node with data of its own."""

    def __init__(self, value: Any, tag: str) -> None:
        self.value, self.tag = value, tag


pb.tree_util.register_pytree_node(
    Tagged, lambda t: ((t.value,), t.tag), lambda tag, children: Tagged(*children, tag)
)


def test_structures() -> None:
    def f(p: Any) -> Any:
        return [Point(p.x, None), {"b": Tagged(p.y, "t"), "a": ()}]

    exported = pb.export.export(pb.jit(f))(Point(X, X))
    with pytest.raises(ValueError, match="register it with"):
        exported.serialize()
    pb.export.register_namedtuple_serialization(Point, serialized_name="tests.Point")
    pb.export.register_pytree_node_serialization(
        Tagged,
        serialized_name="tests.Tagged",
        serialize_auxdata=lambda tag: tag.encode(),
        deserialize_auxdata=lambda data: data.decode(),
    )
    with pytest.raises(ValueError, match="registered already"):
        pb.export.register_namedtuple_serialization(Point, serialized_name="tests.Other")
    point, rest = round_trip(exported).call(Point(X, X + 1))
    assert isinstance(point, Point)
    assert point.y is None
    assert rest["b"].tag == "t"
    np.testing.assert_array_equal(np.asarray(rest["b"].value), X + 1)


def test_what_cannot_be_exported_says_so() -> None:
    with pytest.raises(ValueError, match="result of jit"):
        pb.export.export(lambda x: x)

    def told(x: Any) -> Any:
        pb.debug.print("{}", x)
        return x

    with pytest.raises(NotImplementedError, match="functions of Python"):
        pb.export.export(pb.jit(told))(X)
    exported = pb.export.export(pb.jit(pnp.sin))(X)
    with pytest.raises(ValueError, match=r"takes float32\[2,3\] as argument 0, got float32\[2\]"):
        exported.call(X[0, :2])
    with pytest.raises(ValueError, match="of the structure"):
        exported.call(X, X)
    with pytest.raises(NotImplementedError, match="vmap of the exported sin"):
        pb.vmap(exported.call)(X[None])
    with pytest.raises(TypeError, match="forward-mode"):
        pb.jvp(exported.call, (X,), (X,))


def test_versions_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    blob = bytes(pb.export.export(pb.jit(pnp.sin))(X).serialize())
    with pytest.raises(ValueError, match="not an exported function"):
        pb.export.deserialize(b"something else")
    with pytest.raises(ValueError, match="format 2 was written by another version"):
        pb.export.deserialize(blob.replace(b"export 1\n", b"export 2\n", 1))
    with pytest.raises(ValueError, match="end early"):
        pb.export.deserialize(blob[:-5])
    convention = b'"calling_convention_version": 10'
    with pytest.raises(ValueError, match="calling convention 99"):
        pb.export.deserialize(blob.replace(convention, convention.replace(b"10", b"99")))
    monkeypatch.setattr(serialization.modules, "version", lambda: "0.1.0", raising=False)
    with pytest.raises(ValueError, match=r"reads up to 0\.1\.0: install a newer jaxlib"):
        pb.export.deserialize(blob)


def test_checks_have_names() -> None:
    check = api.DisabledSafetyCheck.custom_call("lapack_x")
    assert check.is_custom_call() == "lapack_x"
    assert api.DisabledSafetyCheck.platform().is_custom_call() is None
    with config.override(enable_x64=True):
        assert pb.export.default_export_platform() == "cpu"
