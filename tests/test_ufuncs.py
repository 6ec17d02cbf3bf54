"""ufuncs: their names, calls and methods are JAX's; what is made by frompyfunc works likewise."""

import copy
import inspect
import pickle
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp

NAMES = [name for name in dir(jnp) if isinstance(getattr(jnp, name), jnp.ufunc)]
BINARY = [name for name in NAMES if getattr(jnp, name).nin == 2]
WHOLE = {"bitwise_and", "bitwise_or", "bitwise_xor"}
TRUTH = {"logical_and", "logical_or", "logical_xor"}
METHODS = ("reduce", "accumulate", "at", "reduceat", "outer")


def operand(name: str, shape: tuple[int, ...] = (3, 4), seed: int = 0) -> np.ndarray:
    """An array that the function takes."""
    rng = np.random.default_rng(seed)
    if name in WHOLE:
        return rng.integers(-9, 9, shape).astype(np.int32)
    if name in TRUTH:
        return rng.integers(0, 2, shape).astype(bool)
    return rng.normal(size=shape).astype(np.float32)


def same(got: Any, want: Any) -> None:
    """Value, dtype and shape."""
    assert (got.dtype, got.shape) == (want.dtype, want.shape)
    np.testing.assert_allclose(np.asarray(got), np.asarray(want), rtol=2e-5, atol=1e-6)


def test_the_same_functions_are_ufuncs() -> None:
    assert NAMES == [n for n in dir(pnp) if isinstance(getattr(pnp, n), pnp.ufunc)]


@pytest.mark.parametrize("name", NAMES)
def test_attributes(name: str) -> None:
    ours, theirs = getattr(pnp, name), getattr(jnp, name)
    for attribute in ("nin", "nout", "nargs", "identity", "__name__"):
        assert getattr(ours, attribute) == getattr(theirs, attribute)
    assert repr(ours) == repr(theirs)
    assert str(inspect.signature(ours)) == "(*args, out=None, where=None)"
    assert ours.__doc__
    with pytest.raises(AttributeError):
        ours.nin = 3


@pytest.mark.parametrize("method", METHODS)
def test_signatures_of_methods(method: str) -> None:
    parameters = [
        [(p.name, p.kind, p.default) for p in inspect.signature(cls).parameters.values()]
        for cls in (getattr(pnp.add, method), getattr(jnp.add, method))
    ]
    assert parameters[0] == parameters[1]


def test_signature_of_frompyfunc_and_ufunc() -> None:
    for name in ("frompyfunc", "ufunc"):
        ours, theirs = (inspect.signature(getattr(m, name)) for m in (pnp, jnp))
        assert [(p.name, p.kind, p.default) for p in ours.parameters.values()] == [
            (p.name, p.kind, p.default) for p in theirs.parameters.values()
        ]


@pytest.mark.parametrize("axis", [0, 1, -1, None])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", BINARY)
def test_reduce(name: str, axis: int | None, keepdims: bool) -> None:
    x = operand(name)
    got, want = (
        m.reduce(x, axis, keepdims=keepdims) for m in (getattr(pnp, name), getattr(jnp, name))
    )
    same(got, want)
    same(pb.jit(lambda v: getattr(pnp, name).reduce(v, axis, keepdims=keepdims))(x), want)


@pytest.mark.parametrize("name", [n for n in BINARY if n != "subtract"])
def test_reduce_with_a_mask_and_an_initial_value(name: str) -> None:
    x, where = operand(name), operand("logical_and", seed=1)
    start = True if name in TRUTH else 3
    got = getattr(pnp, name).reduce(x, axis=1, initial=start, where=where)
    want = getattr(np, name).reduce(x, axis=1, initial=start, where=where)
    same(got, jnp.asarray(want))


@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "bitwise_or", "logical_xor"])
def test_reduce_over_several_axes(name: str) -> None:
    x = operand(name, (2, 3, 4))
    for axis in ((0, 2), (), (1,)):
        same(getattr(pnp, name).reduce(x, axis), getattr(jnp, name).reduce(x, axis))


@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "subtract", "bitwise_xor"])
def test_reduce_in_a_dtype(name: str) -> None:
    x = operand(name) if name in WHOLE else (operand(name) * 9).astype(np.int8)
    for dtype in ("int16", "uint8") if name in WHOLE else ("int16", "float32"):
        want = getattr(np, name).reduce(x, dtype=dtype)
        same(getattr(pnp, name).reduce(x, dtype=dtype), jnp.asarray(want))


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("name", BINARY)
def test_accumulate(name: str, axis: int) -> None:
    x = operand(name)
    want = getattr(jnp, name).accumulate(x, axis)
    same(getattr(pnp, name).accumulate(x, axis), want)
    same(pb.jit(lambda v: getattr(pnp, name).accumulate(v, axis))(x), want)


INDICES = [
    1,
    slice(0, 2),
    np.array([0, 2, 2]),
    (np.array([0, 2, 2]), np.array([1, 3, 3])),
    (np.array([[0, 2], [2, 1]]), slice(None)),
    (1, 2),
]


@pytest.mark.parametrize("index", range(len(INDICES)))
@pytest.mark.parametrize("name", BINARY)
def test_at(name: str, index: int) -> None:
    x, indices = operand(name), INDICES[index]
    b = operand(name, x[indices].shape, seed=2)
    want = getattr(np, name).at(expected := x.copy(), indices, b) or expected
    got = getattr(pnp, name).at(x, indices, b, inplace=False)
    same(got, jnp.asarray(want))
    traced = pb.jit(lambda v, w: getattr(pnp, name).at(v, indices, w, inplace=False))(x, b)
    same(traced, jnp.asarray(want))


def test_at_of_one_operand() -> None:
    x = np.arange(4, dtype=np.float32)
    for indices in (np.array([1, 1, 3]), 2, np.array([True, False, True, False])):
        np.negative.at(want := x.copy(), indices)
        np.testing.assert_array_equal(pnp.negative.at(x, indices, inplace=False), want)


def test_at_of_truth_values() -> None:
    x = np.array([True, False, True, False])
    for name in ("add", "multiply"):
        got, want = (
            getattr(m, name).at(m.asarray(x), np.array([0, 1]), True, inplace=False)
            for m in (pnp, jnp)
        )
        same(got, want)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("name", BINARY)
def test_reduceat(name: str, axis: int) -> None:
    x = operand(name, (5, 6))
    for indices in (np.array([0, 2]), np.array([3, 1, 1, 4]), np.array([0])):
        want = getattr(jnp, name).reduceat(x, indices, axis)
        same(getattr(pnp, name).reduceat(x, indices, axis), want)
        numpy = getattr(np, name).reduceat(x, indices, axis)
        np.testing.assert_allclose(np.asarray(want), numpy, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", BINARY)
def test_outer(name: str) -> None:
    x, y = operand(name, (2, 3)), operand(name, (4,), seed=3)
    same(getattr(pnp, name).outer(x, y), getattr(jnp, name).outer(x, y))
    same(getattr(pnp, name).outer(x, y[0]), getattr(jnp, name).outer(x, y[0]))
    with pb.numpy_rank_promotion("raise"):
        getattr(pnp, name).outer(x, y)


def both(make: Any) -> tuple[Any, Any]:
    """The same ufunc here and in JAX."""
    return make(pnp), make(jnp)


FUNCTIONS = {
    "plain": lambda m: m.frompyfunc(lambda x, y: 2 * x + y, 2, 1),
    "with an identity": lambda m: m.frompyfunc(
        lambda x, y: m.sqrt(x * x + y * y), 2, 1, identity=0
    ),
    "of numbers": lambda m: m.frompyfunc(lambda x, y: x * 2.5 - y, 2, 1, identity=1),
}


@pytest.mark.parametrize("make", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_frompyfunc(make: Any, dtype: Any) -> None:
    ours, theirs = both(make)
    x = np.arange(1, 7).reshape(2, 3).astype(dtype)
    same(ours(x, x[0]), theirs(x, x[0]))
    for options in ({}, {"axis": 1}, {"axis": None}, {"initial": 2}, {"axis": 1, "keepdims": True}):
        same(ours.reduce(x, **options), theirs.reduce(x, **options))
    same(ours.accumulate(x, 1), theirs.accumulate(x, 1))
    same(ours.outer(x, x[0]), theirs.outer(x, x[0]))
    if theirs(x, x).dtype == dtype:
        same(ours.reduceat(x, np.array([0, 2]), 1), theirs.reduceat(x, np.array([0, 2]), 1))
    where = np.array([[True, False, True], [False, True, True]])
    if ours.identity is not None:
        same(ours.reduce(x, 1, where=where), theirs.reduce(x, 1, where=where))
        same(ours.reduce(x[:, :0], 1), theirs.reduce(x[:, :0], 1))
    got, want = (
        u.at(m.asarray(x), (np.array([0, 1, 1]), np.array([2, 0, 0])), 3, inplace=False)
        for u, m in ((ours, pnp), (theirs, jnp))
    )
    same(got, want)


def test_functions_of_one_and_three_arguments_and_two_results() -> None:
    x = np.arange(3, dtype=np.float32)
    for make in (
        lambda m: m.frompyfunc(lambda v: v * v, 1, 1),
        lambda m: m.frompyfunc(lambda v, w=1.0, z=2.0: v * w + z, 3, 1),
    ):
        ours, theirs = both(make)
        args = [x] * ours.nin
        same(ours(*args), theirs(*args))
    ours, theirs = both(lambda m: m.frompyfunc(lambda v, w: (v + w, v - w), 2, 2))
    for got, want in zip(ours(x, x), theirs(x, x), strict=True):
        same(got, want)


def test_derivatives_and_batches() -> None:
    x = np.linspace(0.5, 1.5, 6).reshape(2, 3).astype(np.float32)
    for make in (
        lambda m: lambda v: m.logaddexp.reduce(v).sum(),
        lambda m: lambda v: m.frompyfunc(lambda a, b: m.sin(a) * b, 2, 1).reduce(v, axis=1).sum(),
        lambda m: lambda v: (m.frompyfunc(lambda a, b: a * b + b, 2, 1).accumulate(v) ** 2).sum(),
        lambda m: lambda v: m.multiply.outer(v, v).sum(),
    ):
        same(pb.grad(make(pnp))(x), jax.grad(make(jnp))(x))
        same(pb.jit(pb.grad(make(pnp)))(x), jax.grad(make(jnp))(x))
        ours, theirs = make(pnp), make(jnp)
        xs = np.stack([x, 2 * x])
        same(pb.vmap(ours)(xs), jax.vmap(theirs)(xs))


def test_errors() -> None:
    x = pnp.ones((2, 3))
    two = pnp.frompyfunc(lambda a, b: (a, b), 2, 2)
    for method, args in (
        ("reduce", (x,)),
        ("accumulate", (x,)),
        ("outer", (x, x)),
        ("reduceat", (x, pnp.array([0]))),
    ):
        with pytest.raises(ValueError, match="binary"):
            getattr(pnp.negative, method)(*args)
        with pytest.raises(ValueError, match="single value"):
            getattr(two, method)(*args)
    with pytest.raises(NotImplementedError, match="inplace=False"):
        pnp.add.at(x, 0, 1)
    for options in ({"out": x}, {"where": x}):
        with pytest.raises(NotImplementedError, match="argument of"):
            pnp.add(x, x, **options)
    with pytest.raises(NotImplementedError, match="out"):
        pnp.add.reduce(x, out=x)
    with pytest.raises(ValueError, match="identity"):
        pnp.maximum.reduce(x, where=x > 0)
    with pytest.raises(ValueError, match="identity"):
        pnp.maximum.reduce(x[:0])
    with pytest.raises(ValueError, match="identity"):
        pnp.subtract.reduce(x[:0])
    with pytest.raises(ValueError, match="dtype=bool"):
        pnp.add.reduce(x, where=x)
    with pytest.raises(ValueError, match="integer argument"):
        pnp.bitwise_or.reduce(x)
    with pytest.raises(NotImplementedError, match="one axis"):
        pnp.subtract.reduce(x, axis=(0, 1))
    with pytest.raises(ValueError, match="multiple axes"):
        pnp.subtract.accumulate(x, axis=None)
    with pytest.raises(TypeError, match="add"):
        pnp.add([1.0], 2.0)
    with pytest.raises(TypeError):
        pnp.add(x)


def test_calls_go_everywhere() -> None:
    """Eager, with numbers and NumPy arrays, keywords that are None, traced, differentiated."""
    x = np.arange(3, dtype=np.float32)
    same(pnp.add(x, 1), jnp.add(x, 1))
    same(pnp.add(pnp.asarray(x), pnp.asarray(x), out=None, where=None), jnp.add(x, x))
    same(pnp.maximum(1, pnp.asarray(x)), jnp.maximum(1, x))
    same(pb.jit(pnp.add)(x, x), jnp.add(x, x))
    same(pb.vmap(pnp.multiply, (0, None))(x, 2.0), jnp.multiply(x, 2.0))
    same(pb.grad(pnp.multiply)(2.0, 3.0), jax.grad(jnp.multiply)(2.0, 3.0))


def test_equality_hash_static_arguments() -> None:
    def half(x: Any, y: Any) -> Any:
        return (x + y) / 2

    a, b = (pnp.frompyfunc(half, 2, 1) for _ in range(2))
    assert a == b and hash(a) == hash(b) and a != pnp.add
    f = pb.jit(lambda u, x: u.reduce(x), static_argnums=0)
    same(f(pnp.add, np.ones(3, np.float32)), jnp.float32(3))


def test_pickles_and_copies() -> None:
    for u in (pnp.add, pnp.negative, pnp.logaddexp2):
        assert pickle.loads(pickle.dumps(u)) is u and copy.deepcopy(u) is u
    own = pnp.frompyfunc(np.hypot, 2, 1, identity=0)
    assert pickle.loads(pickle.dumps(own)) == own
