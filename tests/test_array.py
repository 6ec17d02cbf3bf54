"""Arrays and traced values: repr, operators, methods, properties, copies and pickles."""

import copy
import pickle
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp
from pullback.array import Array

SHOWN = [
    lambda m: m.arange(30.0) * 1.2345,
    lambda m: m.ones((3, 4)),
    lambda m: m.zeros((0, 3)),
    lambda m: m.float32(1.0),
    lambda m: 1.0 * m.asarray(2.0),
    lambda m: m.arange(12.0).reshape(3, 4) * 1e-8,
    lambda m: m.arange(2000),
    lambda m: m.array([True]),
    lambda m: m.array([1 + 2j]),
    lambda m: m.arange(17) * 100,
    lambda m: m.bfloat16(2),
    lambda m: m.array([np.nan, np.inf, 1.0]),
]


@pytest.mark.parametrize("make", SHOWN)
def test_repr_is_jax_s(make: Any) -> None:
    ours, theirs = make(pnp), make(jnp)
    assert repr(ours) == repr(theirs)
    assert str(ours) == str(theirs)


def test_repr_of_keys_is_jax_s() -> None:
    assert repr(pb.random.key(0)) == repr(jax.random.key(0))
    assert repr(pb.random.split(pb.random.key(0))) == repr(jax.random.split(jax.random.key(0)))


def test_format() -> None:
    assert f"{pnp.float32(1.5):.3f}" == "1.500"
    with pytest.raises(TypeError, match="format"):
        f"{pnp.ones(3):.3f}"


def test_isinstance() -> None:
    assert isinstance(pnp.ones(2), Array)
    assert isinstance(pnp.ones(2), pnp.ndarray)
    assert not isinstance(np.ones(2), Array)
    pb.jit(lambda x: pytest.fail("not an Array") if not isinstance(x, Array) else x)(1.0)


def test_copies_and_pickles_keep_the_type() -> None:
    for x in (pnp.array([1.0, 2.0]), pnp.asarray(3.0), pnp.arange(3)):
        for y in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
            assert isinstance(y, Array)
            assert (y.dtype, y.weak_type, y.shape) == (x.dtype, x.weak_type, x.shape)
            np.testing.assert_array_equal(y, x)


def test_numpy_memory_is_not_shared() -> None:
    source = np.ones(3, np.float32)
    x = pnp.asarray(source)
    y = pnp.reshape(source, (3, 1))
    source[0] = 5
    np.testing.assert_array_equal(x, np.ones(3))
    np.testing.assert_array_equal(y, np.ones((3, 1)))
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(x)[0] = 1


BINARY = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "truediv": lambda x, y: x / y,
    "floordiv": lambda x, y: x // y,
    "mod": lambda x, y: x % y,
    "divmod": lambda x, y: divmod(x, y)[1],
    "pow": lambda x, y: x**y,
    "eq": lambda x, y: x == y,
    "lt": lambda x, y: x < y,
    "ge": lambda x, y: x >= y,
}
BITS = {
    "and": lambda x, y: x & y,
    "or": lambda x, y: x | y,
    "xor": lambda x, y: x ^ y,
    "lshift": lambda x, y: x << y,
    "rshift": lambda x, y: x >> y,
}
FLOATS = np.array([1.5, 2.0, 3.25], np.float32)
INTS = np.array([3, 5, 2], np.int32)


def _same(f: Any, *args: Any) -> None:
    got = f(*[pnp.asarray(a) if isinstance(a, np.ndarray) else a for a in args])
    want = f(*[jnp.asarray(a) if isinstance(a, np.ndarray) else a for a in args])
    assert (got.dtype, got.weak_type) == (
        want.dtype,
        want.aval.weak_type or (want.dtype == bool and got.weak_type),
    )
    np.testing.assert_allclose(got, want, 2e-6)
    traced = pb.jit(
        f, static_argnums=[i for i, a in enumerate(args) if not isinstance(a, np.ndarray)]
    )
    np.testing.assert_allclose(traced(*args), want, 2e-6)


@pytest.mark.parametrize("name", BINARY)
def test_arithmetic(name: str) -> None:
    f = BINARY[name]
    for args in ((FLOATS, FLOATS[::-1].copy()), (FLOATS, INTS), (INTS, 2), (2, FLOATS)):
        _same(f, *args)


@pytest.mark.parametrize("name", BITS)
def test_bits(name: str) -> None:
    _same(BITS[name], INTS, INTS[::-1].copy())
    _same(BITS[name], INTS, 1)


def test_mixing_with_numpy_keeps_our_arrays() -> None:
    x = pnp.array([1.0, 2.0])
    for y in (x + np.ones(2), np.ones(2) + x, np.float64(2.0) * x, np.ones((2, 2)) @ x):
        assert isinstance(y, Array) and y.dtype == np.float32


def test_unary_operators() -> None:
    x = pnp.array([1.5, -2.0])
    np.testing.assert_array_equal(-x, [-1.5, 2])
    np.testing.assert_array_equal(+x, x)
    np.testing.assert_array_equal(abs(x), [1.5, 2])
    np.testing.assert_array_equal(~pnp.array([True, False]), [False, True])
    np.testing.assert_array_equal(round(x, 0), [2, -2])


METHODS = {
    "sum": (), "mean": (), "std": (), "var": (0,), "prod": (), "max": (), "min": (1,), "argmax": (),
    "argmin": (1,), "all": (), "any": (), "cumsum": (1,), "cumprod": (0,), "ptp": (), "ravel": (),
    "flatten": (), "reshape": (3, 2), "transpose": (1, 0), "swapaxes": (0, 1), "squeeze": (),
    "repeat": (2, 1), "round": (1,), "clip": (-0.5, 0.5), "astype": (np.int32,), "sort": (),
    "argsort": (), "diagonal": (), "trace": (), "take": (1,), "conj": (), "copy": (),
    "dot": (np.ones((3, 2), np.float32),), "nonzero": (), "searchsorted": None, "view": (np.int32,),
}  # fmt: skip


@pytest.mark.parametrize("name", [n for n, args in METHODS.items() if args is not None])
def test_methods(name: str) -> None:
    x = np.array([[1.25, -2.5, 0.3], [0.1, 2.0, -1.0]], np.float32)
    got = getattr(pnp.asarray(x), name)(*METHODS[name])
    want = getattr(jnp.asarray(x), name)(*METHODS[name])
    for g, w in zip(*((v if isinstance(v, tuple) else (v,)) for v in (got, want)), strict=True):
        assert g.dtype == w.dtype
        np.testing.assert_allclose(g, w, 2e-6)
    if name not in ("nonzero", "copy", "astype", "view"):
        traced = pb.jit(lambda v: getattr(v, name)(*METHODS[name]))(x)
        np.testing.assert_allclose(traced, want, 2e-6)


def test_properties() -> None:
    x = pnp.ones((2, 3))
    assert x.T.shape == x.mT.shape == (3, 2)
    assert (x.size, x.ndim, x.nbytes, x.itemsize) == (6, 2, 24, 4)
    assert pnp.array([1 + 2j]).imag.item() == 2.0
    pb.jit(lambda v: v.T @ v.real + v.nbytes + v.itemsize)(x)


def test_iteration_and_length() -> None:
    x = pnp.arange(6).reshape(3, 2)
    assert [list(map(int, row)) for row in x] == [[0, 1], [2, 3], [4, 5]]
    assert len(x) == 3
    assert 4 in x and 7 not in x
    total = pb.jit(lambda v: sum(row.sum() for row in v) + len(v))(x)
    assert int(total) == 18
    with pytest.raises(TypeError, match="0-d"):
        iter(pnp.float32(1.0))


def test_the_abstract_class_has_the_methods_of_arrays():
    """As JAX's has, for programs that take methods from it."""
    x = pb.numpy.arange(6.0).reshape(2, 3)
    missing = {n for n in dir(jax.Array) if n[0] != "_" and not hasattr(pb.Array, n)}
    assert not missing
    assert float(pb.Array.sum(x)) == 15.0
    assert pb.Array.shape.fget(x) == (2, 3)
    assert pb.Array.item(x[1, 2]) == 5.0
    assert pb.Array.__add__(x, x)[1, 2] == 10.0
    assert pb.jit(pb.Array.mean)(x) == 2.5


def test_shapes_of_what_is_no_array_are_numpys():
    for value in (None, [1, 2]):
        for name in ("shape", "ndim", "size"):
            with pytest.warns(DeprecationWarning, match="future"):
                ours = getattr(pb.numpy, name)(value)
            with pytest.warns(DeprecationWarning):
                assert ours == getattr(jax.numpy, name)(value)
