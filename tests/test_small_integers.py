"""Integers of two and four bits: arithmetic and casts wrap as their bits say."""

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from jax import lax as jax_lax

import pullback as pb
from pullback import lax

NAMES = ("int2", "uint2", "int4", "uint4")
UNARY = ("neg", "square", "sign", "bitwise_not", "clz")
BINARY = (
    *("add", "sub", "mul", "div", "rem", "max", "min", "bitwise_and", "bitwise_or", "bitwise_xor"),
    *("shift_left", "shift_right_logical", "shift_right_arithmetic", "eq", "ne", "lt", "ge"),
)


def pairs(name: str) -> list[np.ndarray]:
    """Every pair of numbers."""
    dtype = getattr(ml_dtypes, name)
    info = ml_dtypes.iinfo(dtype)
    numbers = np.arange(int(info.min), int(info.max) + 1)
    return [x.ravel().astype(dtype) for x in np.meshgrid(numbers, numbers)]


@pytest.mark.parametrize("compiled", [False, True], ids=["value", "compiled"])
@pytest.mark.parametrize("operation", [*UNARY, *BINARY])
@pytest.mark.parametrize("name", NAMES)
def test_operation_is_jax(name: str, operation: str, compiled: bool) -> None:
    args = pairs(name)[: 1 if operation in UNARY else 2]
    wanted = np.asarray(getattr(jax_lax, operation)(*map(jnp.asarray, args)))
    f = getattr(lax, operation)
    got = np.asarray((pb.jit(f) if compiled else f)(*map(pb.numpy.asarray, args)))
    assert got.dtype == wanted.dtype
    np.testing.assert_array_equal(got.astype(int), wanted.astype(int))


@pytest.mark.parametrize("name", NAMES)
def test_bits_are_counted(name: str) -> None:
    x = pairs(name)[0]
    bits = ml_dtypes.iinfo(x.dtype).bits
    wanted = [bin(int(v) % 2**bits).count("1") % 2**bits for v in x]
    got = np.asarray(lax.population_count(pb.numpy.asarray(x)))
    np.testing.assert_array_equal(got.astype(int) % 2**bits, wanted)


@pytest.mark.parametrize("target", [*NAMES, "int8", "uint16", "float32", "bfloat16", "bool"])
@pytest.mark.parametrize("name", NAMES)
def test_casts_are_jax(name: str, target: str) -> None:
    dtype = np.dtype(getattr(ml_dtypes, target, None) or target)
    x = pairs(name)[0]
    wanted = np.asarray(jnp.asarray(x).astype(dtype))
    got = np.asarray(pb.numpy.asarray(x).astype(dtype))
    assert got.dtype == wanted.dtype
    np.testing.assert_array_equal(got.astype(float), wanted.astype(float))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32"])
def test_arithmetic_shifts_copy_the_highest_bit(dtype: str) -> None:
    x = np.array([0, 1, 200, 2**15, 2**31], "uint64").astype(dtype)
    for count in (0, 1, 3, 100):
        y = np.full_like(x, count)
        wanted = jax_lax.shift_right_arithmetic(jnp.asarray(x), jnp.asarray(y))
        for f in (lax.shift_right_arithmetic, pb.jit(lax.shift_right_arithmetic)):
            np.testing.assert_array_equal(np.asarray(f(x, y)), np.asarray(wanted))


@pytest.mark.parametrize("compiled", [False, True], ids=["value", "compiled"])
@pytest.mark.parametrize("name", NAMES[2:])
def test_extrema_keep_the_dtype(name: str, compiled: bool) -> None:
    x, y = (v.reshape(16, 16) for v in pairs(name))
    for f_ in (
        lambda lib: lambda a, b: lib.reduce_max(a, (0,)),
        lambda lib: lambda a, b: lib.reduce_min(a, (1,)),
        lambda lib: lambda a, b: lib.clamp(b, a, lib.rev(b, (0,))),
    ):
        wanted = np.asarray(f_(jax_lax)(jnp.asarray(x), jnp.asarray(y)))
        ours = pb.jit(f_(lax)) if compiled else f_(lax)
        got = np.asarray(ours(pb.numpy.asarray(x), pb.numpy.asarray(y)))
        assert got.dtype == wanted.dtype
        np.testing.assert_array_equal(got.astype(int), wanted.astype(int))


@pytest.mark.parametrize("compiled", [False, True], ids=["value", "compiled"])
@pytest.mark.parametrize("dtype", [*NAMES, "int8", "uint8", "int16", "float32"])
@pytest.mark.parametrize("name", [*NAMES[1:3], "int8", "float32"])
def test_views_read_their_bits(name: str, dtype: str, compiled: bool) -> None:
    """As many numbers as there are bits for; the first is the lowest."""
    numbers = np.random.default_rng(0).integers(0, 256, (2, 16), np.uint8)
    x = jnp.asarray(numbers).astype(name)
    wanted = x.view(dtype)
    view = pb.jit(lambda v: v.view(dtype)) if compiled else lambda v: v.view(dtype)
    got = view(pb.numpy.asarray(numbers).astype(name))
    assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
    np.testing.assert_array_equal(
        np.asarray(got).astype("float32"), np.asarray(wanted).astype("float32")
    )


def test_bitcasts_take_or_make_a_last_axis() -> None:
    x = np.arange(8, dtype="int8")
    four = pb.numpy.asarray(x).astype("int4")
    bytes_ = lax.bitcast_convert_type(four.reshape(4, 2), "int8")
    np.testing.assert_array_equal(np.asarray(bytes_), [16, 50, 84, 118])
    again = pb.vmap(lambda v: lax.bitcast_convert_type(v, "int4"))(bytes_)
    np.testing.assert_array_equal(np.asarray(again).astype(int), x.reshape(4, 2))
    with pytest.raises(ValueError, match="last axis must have 2 elements"):
        lax.bitcast_convert_type(four, "int8")
