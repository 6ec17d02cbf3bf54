"""What Python and NumPy ask of arrays gives what it gives with JAX's arrays, or raises likewise."""

import array
import copy
import math
import operator
import pickle
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp

# Uses of a vector x, an integer i and the module m.
USES = {
    "np.asarray": lambda m, x, i: np.asarray(x),
    "np.asarray in a dtype": lambda m, x, i: np.asarray(x, dtype=np.float64),
    "np.array of arrays": lambda m, x, i: np.array([x, x]),
    "np.array of elements": lambda m, x, i: np.array([x[0], x[1]]),
    "memoryview": lambda m, x, i: (memoryview(x).tobytes(), memoryview(x).shape),
    "memoryview of columns": lambda m, x, i: memoryview(m.ones((2, 3)).T).tobytes(),
    "memoryview of bfloat16": lambda m, x, i: memoryview(m.bfloat16(1)),
    "np.add": lambda m, x, i: np.add(x, 1),
    "np.sin": lambda m, x, i: np.sin(x),
    "np.multiply of both": lambda m, x, i: np.multiply(np.ones(3), x),
    "np.concatenate": lambda m, x, i: np.concatenate([x, x]),
    "np.matmul": lambda m, x, i: np.matmul(np.ones((2, 3)), x),
    "np.sum": lambda m, x, i: np.sum(x),
    "np.shape": lambda m, x, i: (np.shape(x), np.ndim(x), np.size(x)),
    "priority": lambda m, x, i: x.__array_priority__,
    "ndarray + x": lambda m, x, i: np.ones(3) + x,
    "ndarray - x": lambda m, x, i: np.ones(3) - x,
    "ndarray @ x": lambda m, x, i: np.ones((2, 3)) @ x,
    "ndarray < x": lambda m, x, i: np.ones(3) < x,
    "ndarray == x": lambda m, x, i: np.ones(3) == x,
    "ndarray ** x": lambda m, x, i: np.ones(3) ** x,
    "ndarray += x": lambda m, x, i: operator.iadd(np.ones(3), x),
    "np.float64 + x": lambda m, x, i: np.float64(2) + x,
    "np.float64 * i": lambda m, x, i: np.float64(2) * i,
    "np.int32 ** i": lambda m, x, i: np.int32(2) ** i,
    "int8 + np.int64": lambda m, x, i: m.int8(1) + np.int64(1000),
    "int8 + number": lambda m, x, i: m.int8(1) + 1,
    "int8 * float": lambda m, x, i: m.int8(1) * 1.5,
    "float16 + float": lambda m, x, i: m.float16(1) + 1e-3,
    "uint8 + bool": lambda m, x, i: m.uint8(1) + True,
    "bool + bool": lambda m, x, i: m.bool_(True) + True,
    "bool + int": lambda m, x, i: m.bool_(True) + 1,
    "x + complex": lambda m, x, i: x + 1j,
    "x + list": lambda m, x, i: operator.add(x, [1.0]),
    "list + x": lambda m, x, i: operator.add([1.0], x),
    "x + str": lambda m, x, i: x + "a",
    "x + None": lambda m, x, i: x + None,
    "x == str": lambda m, x, i: x == "a",
    "x == None": lambda m, x, i: operator.eq(x, None),
    "x < None": lambda m, x, i: x < None,
    "x + strings": lambda m, x, i: x + np.array("a"),
    "format": lambda m, x, i: f"{x} {i} {i:d} {x[1]:.3f} {x[1]:8.2e} {m.bool_(True)}",
    "format of a vector": lambda m, x, i: f"{x:.2f}",
    "format of complex": lambda m, x, i: f"{m.complex64(1 + 2j):.1f}",
    "str and repr": lambda m, x, i: (str(x), repr(x), repr(i)),
    "hash": lambda m, x, i: hash(x),
    "dict key": lambda m, x, i: {i: 1},
    "in": lambda m, x, i: (1.0 in x, 7.0 in x),
    "in a list": lambda m, x, i: i in [i],
    "len": lambda m, x, i: len(x),
    "len of 0-d": lambda m, x, i: len(i),
    "iteration": lambda m, x, i: [float(v) for v in x],
    "iteration of 0-d": lambda m, x, i: list(i),
    "reversed": lambda m, x, i: [float(v) for v in reversed(x)],
    "unpacking": lambda m, x, i: [float(v) for v in (lambda a, *b: b)(*x)],
    "bool": lambda m, x, i: bool(m.ones(1)),
    "bool of many": lambda m, x, i: bool(x),
    "bool of none": lambda m, x, i: bool(x[:0]),
    "int": lambda m, x, i: int(m.float32(2.7)),
    "float of a vector": lambda m, x, i: float(m.ones(1)),
    "float of complex": lambda m, x, i: float(m.complex64(1j)),
    "complex": lambda m, x, i: complex(m.complex64(1j)),
    "index": lambda m, x, i: (operator.index(i), [5, 6, 7, 8][i], list(range(i))),
    "index of bool": lambda m, x, i: operator.index(m.bool_(True)),
    "index of float": lambda m, x, i: operator.index(x[0]),
    "round": lambda m, x, i: round(m.float32(2.567)),
    "round to digits": lambda m, x, i: round(m.float32(2.567), 2),
    "math": lambda m, x, i: (math.sin(x[1]), math.floor(x[1]), math.ceil(x[1])),
    "math.trunc": lambda m, x, i: math.trunc(x[1]),
    "divmod": lambda m, x, i: divmod(x, 2),
    "rdivmod": lambda m, x, i: divmod(7, i),
    "pow of three": lambda m, x, i: pow(x, 2, 5),
    "abs neg pos": lambda m, x, i: (abs(-x), +x),
    "invert": lambda m, x, i: ~i,
    "invert of floats": lambda m, x, i: ~x,
    "shifts": lambda m, x, i: (i << 2, 8 >> i, i & 1, 6 | i, i ^ 5),
    "item": lambda m, x, i: (i.item(), x.item(1), m.ones((1, 1)).item()),
    "item of many": lambda m, x, i: x.item(),
    "tolist": lambda m, x, i: (x.tolist(), i.tolist(), m.ones((2, 1)).tolist()),
    "tobytes": lambda m, x, i: x.tobytes(),
    "byteswap": lambda m, x, i: i.byteswap(),
    "assignment": lambda m, x, i: operator.setitem(x, 0, 1.0),
    "in place": lambda m, x, i: operator.iadd(x, 1),
    "flat": lambda m, x, i: x.flat,
    "unknown attribute": lambda m, x, i: x.nothing,
    "int that is too large": lambda m, x, i: i + 2**40,
    "array of one": lambda m, x, i: m.asarray(2**40),
    "full of a large int": lambda m, x, i: m.int32(2**31),
    "uint8 of -1": lambda m, x, i: m.uint8(-1),
}  # fmt: skip


def outcome(use: Any, m: Any) -> Any:
    """The result as plain values with types, or the exception's class."""
    x, i = m.asarray(np.arange(3, dtype=np.float32)), m.asarray(np.int32(3))
    try:
        return plain(use(m, x, i))
    except Exception as error:
        kinds = (OverflowError, BufferError, NotImplementedError, AttributeError, ValueError)
        return next((k for k in (*kinds, TypeError) if isinstance(error, k)), type(error))


def plain(v: Any) -> Any:
    """Arrays of either library as (values, dtype, weak type)."""
    if isinstance(v, (tuple, list)):
        return [plain(w) for w in v]
    if isinstance(v, (pb.Array, jax.Array)):
        return ("array", np.asarray(v).tolist(), str(v.dtype), v.weak_type and v.dtype != bool)
    if isinstance(v, (np.ndarray, np.generic)):
        return (type(v).__name__, v.tolist(), str(v.dtype))
    return v


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_as_with_jax(use: Any) -> None:
    assert outcome(use, pnp) == outcome(use, jnp)


def test_what_numpy_sees_is_read_only_memory_of_the_array() -> None:
    x = pnp.arange(1000.0)
    npy = np.asarray(x)
    assert not npy.flags.writeable and np.shares_memory(npy, np.asarray(memoryview(x)))
    assert np.array(x).flags.writeable and not np.shares_memory(np.array(x), npy)


def test_pickles_and_copies() -> None:
    key = pb.random.key(3)
    for x in (
        pnp.arange(3), pnp.asarray(2.0), pnp.zeros((0, 2)), pnp.ones(2, "bfloat16"),
        pnp.ones(2, "int4"), pnp.asarray([1j]), key,
    ):  # fmt: skip
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            same(pickle.loads(pickle.dumps(x, protocol)), x)
        same(copy.copy(x), x)
        same(copy.deepcopy({"a": [x]})["a"][0], x)


def same(y: Any, x: Any) -> None:
    """An array equal to another in values and type."""
    assert (y.dtype, y.shape, y.weak_type) == (x.dtype, x.shape, x.weak_type)
    if x.dtype == pb.random.key(0).dtype:
        x, y = pb.random.key_data(x), pb.random.key_data(y)
    np.testing.assert_array_equal(np.asarray(y), np.asarray(x))


def test_arrays_are_not_written_to() -> None:
    x = pnp.arange(3.0)
    with pytest.raises(TypeError, match="read-only"):
        memoryview(x)[0] = 1.0
    with pytest.raises(TypeError, match=r"x\.at\[index\]\.set"):
        x[0] = 1.0
    with pytest.raises(AttributeError):
        x.nothing = 1
    y = x
    y += 1
    np.testing.assert_array_equal(x, [0, 1, 2])


def test_large_integers_beside_floats_are_floats() -> None:
    y = pnp.ones(2) + 10**30
    assert y.dtype == np.float32 and not y.weak_type
    np.testing.assert_array_equal(y, np.float32(1e30))


def test_hashing_is_refused_with_a_reason() -> None:
    asked = []
    pb.jit(lambda x: asked.append(isinstance(x, Hashable)))(1.0)
    assert asked == [False] and not isinstance(pnp.ones(2), Hashable)
    with pytest.raises(TypeError, match="element by element"):
        hash(pnp.ones(2))


@jax.tree_util.register_dataclass
@dataclass
class Wrapped:
    """An array of a user's class, which NumPy may not convert."""

    x: Any

    def __jax_array__(self) -> Any:
        return self.x

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise AssertionError("__jax_array__ goes before __array__")


# Functions of a module n of a vector and an integer that are wrapped.
WRAPPED = {
    "add": lambda n, x, i: n.add(x, i),
    "delete": lambda n, x, i: n.delete(x, i),
    "insert": lambda n, x, i: n.insert(x, i, x),
    "roll": lambda n, x, i: n.roll(x, i),
    "piecewise": lambda n, x, i: n.piecewise(x, [x], [1.0, 2.0]),
    "kinds": lambda n, x, i: (n.iscomplexobj(x), n.isrealobj(x), n.isscalar(x), n.isscalar(i)),
    "take": lambda n, x, i: n.take_along_axis(x, n.argsort(x), 0),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_arrays_of_users_classes(name: str) -> None:
    def result(n: Any) -> list[Any]:
        out = WRAPPED[name](n, Wrapped(n.float32([3, 0, 2])), Wrapped(n.asarray(1)))
        return [np.asarray(leaf) for leaf in jax.tree.leaves(out)]

    for got, wanted in zip(result(pnp), result(jnp), strict=True):
        np.testing.assert_array_equal(got, wanted)
        assert got.dtype == wanted.dtype


@pb.jit
def doubled(x: Any) -> Any:
    return 2 * x


def shifted(x: Any, by: int) -> Any:
    return x + by


def test_compiled_functions_are_pickled_and_copied() -> None:
    for copied in (lambda f: pickle.loads(pickle.dumps(f)), copy.copy, copy.deepcopy):
        assert copied(doubled) is doubled
        f = copied(pb.jit(shifted, static_argnames="by"))
        assert f(1.5, by=2) == 3.5 and f(1.5, by=3) == 4.5
    assert [int(copy.copy(m.jit(lambda x: -x))(2)) for m in (pb, jax)] == [-2, -2]


def test_devices_are_read_from_pickles_by_name() -> None:
    mesh = pb.make_mesh((1,), ("x",))
    for x in (pb.devices()[0], mesh, pb.NamedSharding(mesh, pb.P("x")), pnp.ones(2).sharding):
        assert pickle.loads(pickle.dumps(x)) == x and copy.deepcopy(x) == x
    wrong = pickle.dumps(pb.devices()[0]).replace(b"K\x00", b"K\x63")
    with pytest.raises(ValueError, match="no device cpu:99 here"):
        pickle.loads(wrong)


BUFFERS = [array.array("f", [1, 2]), memoryview(b"ab"), bytearray(b"ab"), b"ab", "ab", object()]


@pytest.mark.parametrize("x", BUFFERS, ids=lambda x: type(x).__name__)
def test_arrays_of_what_lends_its_memory(x: Any) -> None:
    try:
        wanted = jnp.array(x)
    except TypeError:
        with pytest.raises(TypeError):
            pnp.array(x)
    else:
        np.testing.assert_array_equal(pnp.array(x), wanted)
        assert pnp.array(x).dtype == wanted.dtype


NAMES = [
    "bool",
    "int4",
    "int8",
    "uint8",
    "int32",
    "uint32",
    "uint64",
    "int64",
    "bfloat16",
    "float64",
    "O",
]
TYPES = [*NAMES, "S1", "complex64", "complex128", int, float, complex, np.generic, np.inexact]


def test_types_are_promoted_to_64_bits_and_compared() -> None:
    def outcome(f: Any, *args: Any) -> Any:
        try:
            return f(*args)
        except (TypeError, ValueError) as error:
            return next(c for c in (TypeError, ValueError) if isinstance(error, c))

    for a in TYPES[:-2]:
        for b in TYPES:
            assert outcome(pnp.issubdtype, a, b) == outcome(jnp.issubdtype, a, b), (a, b)
            if b not in TYPES[-2:]:
                assert outcome(pnp.promote_types, a, b) == outcome(jnp.promote_types, a, b), (a, b)
    for b in (np.int8, np.floating, pb.dtypes.extended, np.generic):
        theirs = jax.dtypes.extended if b is pb.dtypes.extended else b
        got = pnp.issubdtype(pb.dtypes.extended, b)
        assert got == jnp.issubdtype(jax.dtypes.extended, theirs)
