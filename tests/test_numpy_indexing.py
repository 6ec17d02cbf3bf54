"""x[...] and x.at[...]: NumPy is the oracle of reading, JAX of writing."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp

_random = np.random.RandomState(0)
X = _random.randn(4, 5, 6).astype(np.float32)


def at(*values: Any) -> np.ndarray:
    """An index array."""
    return np.array(values, np.int32)


WHOLE = slice(None)
STATIC: list[Any] = [
    0,
    -1,
    (0, 1),
    (0, slice(1, 4)),
    slice(None, None, -1),
    slice(3, None, -2),
    (WHOLE, None, 2),
    (..., 1),
    (None, ..., slice(0, 0)),
    np.int32(2),
]
ARRAYS: list[Any] = [
    at(0, 2, -1),
    (at(0, 2), at(1, 1)),
    (WHOLE, at(0, 2)),
    (at([0], [1]), WHOLE, at(0, 2)),
    (0, WHOLE, at(1, 2)),
    (WHOLE, 0, at(1, 2)),
    (at(1, 2), None, at(0, 0)),
    (slice(1, 3), at(0, 1), slice(None, None, 2)),
    (None, at(1, 2)),
    (at(0, 1), WHOLE, None),
    (WHOLE, np.array(3, np.int32)),
    (np.array(1, np.int32), np.array(-2, np.int32)),
    (np.array(1, np.int32), WHOLE, at(0, 1)),
]
MASKS: list[Any] = [
    X[:, 0, 0] > 0,
    (WHOLE, X[0, :, 0] > 0),
    X[:, :, 0] > 0,
    (X[:, 0, 0] > 0, WHOLE, 2),
]


def arrays_of(index: Any) -> list[np.ndarray]:
    """The arrays of an index."""
    parts = index if isinstance(index, tuple) else (index,)
    return [p for p in parts if isinstance(p, np.ndarray)]


def with_arrays(index: Any, arrays: Any) -> Any:
    """The index with other arrays in place of its own."""
    rest = iter(arrays)
    if not isinstance(index, tuple):
        return next(rest) if isinstance(index, np.ndarray) else index
    return tuple(next(rest) if isinstance(p, np.ndarray) else p for p in index)


@pytest.mark.parametrize("index", [*STATIC, *ARRAYS, *MASKS], ids=str)
def test_reading(index: Any) -> None:
    ours = with_arrays(index, map(pnp.asarray, arrays_of(index)))
    np.testing.assert_array_equal(pnp.asarray(X)[ours], X[index])
    np.testing.assert_array_equal(pb.jit(lambda x: x[index])(X), X[index])


@pytest.mark.parametrize("index", [*STATIC, *ARRAYS], ids=str)
def test_reading_by_traced_indices_and_its_gradient(index: Any) -> None:
    arrays = arrays_of(index)
    got = pb.jit(lambda x, a: x[with_arrays(index, a)])(X, arrays)
    np.testing.assert_array_equal(got, X[index])
    ct = _random.randn(*X[index].shape).astype(np.float32)
    want = np.zeros_like(X)
    np.add.at(want, index, ct)
    grad = pb.grad(lambda x, a: (x[with_arrays(index, a)] * ct).sum())
    np.testing.assert_allclose(pb.jit(grad)(X, arrays), want, 1e-5)
    np.testing.assert_allclose(grad(X, arrays), want, 1e-5)


OUTSIDE = [at(4), at(0, 9), at(-5, 3), (at(1, 7), at(-9, 2)), (0, WHOLE, at(6, 100))]


@pytest.mark.parametrize("index", OUTSIDE, ids=str)
def test_arrays_of_indices_out_of_bounds_are_errors(index: Any) -> None:
    arrays = with_arrays(index, map(pnp.asarray, arrays_of(index)))
    for outside in (index, arrays):
        with pytest.raises(IndexError):
            pnp.asarray(X)[outside]
        with pytest.raises(IndexError):
            pnp.asarray(X).at[outside].set(0.0)


NOTHING = np.zeros(0, int)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0, 3)], ids=str)
def test_no_indices_into_no_elements(shape: tuple[int, ...]) -> None:
    x, axis = np.zeros(shape, np.float32), shape.index(0)
    index = (*[slice(None)] * axis, NOTHING)
    for f in (lambda x, i: x[(*index[:-1], i)], lambda x, i: pnp.take(x, i, axis)):
        assert pb.jit(f)(x, NOTHING).shape == x[index].shape
        many = pb.jit(pb.vmap(f))(np.stack([x, x]), np.stack([NOTHING, NOTHING]))
        assert many.shape == (2, *x[index].shape)
    with pytest.raises(IndexError, match="has none"):
        pb.jit(lambda x: x[(*index[:-1], np.array([0]))])(x)


@pytest.mark.parametrize("op", ["set", "add", "multiply", "min"])
@pytest.mark.parametrize("index", [*STATIC, *ARRAYS, *MASKS], ids=str)
def test_writing(op: str, index: Any) -> None:
    values = _random.randn(*X[index].shape).astype(np.float32)
    theirs = with_arrays(index, map(jnp.asarray, arrays_of(index)))
    want = getattr(jnp.asarray(X).at[theirs], op)(values)
    ours = with_arrays(index, map(pnp.asarray, arrays_of(index)))
    np.testing.assert_allclose(getattr(pnp.asarray(X).at[ours], op)(values), want, 1e-6)
    if any(index is m for m in MASKS):
        return
    traced = pb.jit(lambda x, a, v: getattr(x.at[with_arrays(index, a)], op)(v))
    np.testing.assert_allclose(traced(X, arrays_of(index), values), want, 1e-6)


@pytest.mark.parametrize("op", ["subtract", "divide", "power", "max", "mul"])
def test_other_updates(op: str) -> None:
    x = np.array([1.0, 2.0, 3.0], np.float32)
    want = getattr(jnp.asarray(x).at[1:], op)(2.0)
    np.testing.assert_allclose(getattr(pnp.asarray(x).at[1:], op)(2.0), want, 1e-6)
    got = pb.jit(lambda v: getattr(v.at[1:], op)(2.0))(x)
    np.testing.assert_allclose(got, want, 1e-6)


@pytest.mark.parametrize("op", ["set", "add", "divide", "power", "max"])
def test_sequences_are_written(op: str) -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    want = getattr(jnp.asarray(x).at[:, 1], op)([2, 5])
    np.testing.assert_allclose(getattr(pnp.asarray(x).at[:, 1], op)((2, 5)), want, 1e-6)
    got = pb.jit(lambda v, a: getattr(v.at[:, 1], op)([a, 5]))(x, 2)
    np.testing.assert_allclose(got, want, 1e-6)


def test_apply_and_get() -> None:
    x = pnp.array([1.0, 4.0, 9.0])
    np.testing.assert_allclose(x.at[1:].apply(pnp.sqrt), [1, 2, 3])
    np.testing.assert_allclose(x.at[pnp.array([0, 7])].get(mode="fill", fill_value=-1), [1, -1])
    np.testing.assert_allclose(x.at[pnp.array([0, 7])].get(mode="clip"), [1, 9])


def test_out_of_bounds_in_compiled_code() -> None:
    x = np.arange(3.0, dtype=np.float32)
    assert pb.jit(lambda v, i: v[i])(x, 10) == 2.0
    np.testing.assert_array_equal(pb.jit(lambda v, i: v.at[i].set(9.0))(x, 10), x)
    np.testing.assert_array_equal(pb.jit(lambda v, i: v.at[i].set(9.0))(x, -1), [0, 1, 9])


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint32", "int64", "uint64"])
@pytest.mark.parametrize("op", ["add", "min", "set"])
def test_compiled_updates_out_of_bounds_are_dropped(dtype: str, op: str) -> None:
    info = np.iinfo(dtype)
    with pb.config.enable_x64(True), jax.enable_x64(True):
        where = np.array([0, 99, 100, info.max, info.min, 7, 7, 101], dtype)
        rows, some = np.ones((100, 3), "float32"), _random.randn(8, 3).astype("float32")
        dims = {"update_window_dims": (1,), "inserted_window_dims": (0,)}
        numbers = dims | {"scatter_dims_to_operand_dims": (0,)}
        name = "scatter" if op == "set" else f"scatter_{op}"
        results = []
        for lib in (pb, jax):
            call = getattr(lib.lax, name)
            n = lib.lax.ScatterDimensionNumbers(**numbers)
            put = lib.jit(lambda x, i, u, call=call, n=n: call(x, i, u, n))
            whole = put(rows, where[:, None], some)
            each = put(rows, where[2:3, None], some[:1])
            results.append((np.asarray(whole), np.asarray(each)))
    for mine, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_update_of_a_known_window_is_one_operation() -> None:
    jaxpr = pb.make_jaxpr(lambda x: x.at[1:3].set(0.0))(np.ones(5, np.float32))
    assert "dynamic_update_slice" in str(jaxpr)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0), (0, 0)])
def test_masks_with_an_axis_of_no_elements_choose_none(shape: tuple[int, ...]) -> None:
    x, mask = np.arange(6.0, dtype=np.float32).reshape(2, 3), np.zeros(shape, bool)
    np.testing.assert_array_equal(pnp.asarray(x)[mask], x[mask], strict=True)
    np.testing.assert_array_equal(pnp.asarray(x).at[mask].set(7.0), x)
    with pytest.raises(IndexError, match="did not match"):
        pnp.asarray(x)[np.zeros((0, 4), bool)]


def test_values_of_another_dtype_warn() -> None:
    with pytest.warns(FutureWarning, match="incompatible types"):
        pnp.arange(3).at[0].set(pnp.float32(1.5))


def test_writing_a_number_by_a_traced_mask() -> None:
    x = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    got = pb.jit(lambda v: v.at[v > 2].set(0.0))(x)
    np.testing.assert_array_equal(got, np.where(x > 2, 0, x))
    got = pb.jit(lambda v: v.at[v[:, 0] > 2].add(1.0))(x)
    np.testing.assert_array_equal(got, x + np.array([[0], [1]]))


NEGATIVE: list[Any] = [
    -1,
    at(-1, 0, 2),
    (WHOLE, at(-1, 3)),
    (-1, at(0, -1)),
    (np.int32(1), WHOLE, at(-6, 5)),
]


@pytest.mark.parametrize("index", NEGATIVE, ids=str)
@pytest.mark.parametrize("compiled", [False, True])
def test_negative_indices_that_do_not_wrap(index: Any, compiled: bool) -> None:
    def found(library: Any, np: Any, how: str, mode: Any) -> Any:
        def f(x: Any) -> Any:
            values = () if how == "get" else (5.0,)
            return getattr(x.at[index], how)(*values, mode=mode, wrap_negative_indices=False)

        return (library.jit(f) if compiled else f)(np.asarray(X))

    for how in ("get", "set", "add"):
        for mode in (None, "fill", "clip"):
            ours, theirs = found(pb, pnp, how, mode), found(jax, jnp, how, mode)
            np.testing.assert_array_equal(ours, theirs)


def test_take_along_axis_that_does_not_wrap() -> None:
    index = _random.randint(-6, 6, (4, 5, 3))
    for mode in (None, "fill", "clip"):
        ours = pnp.take_along_axis(X, index, 2, mode=mode, wrap_negative_indices=False)
        theirs = jnp.take_along_axis(X, index, 2, mode=mode, wrap_negative_indices=False)
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("mode", ["fill", "clip", "promise_in_bounds"])
def test_what_is_read_from_weak_types_is_weak(mode: Any) -> None:
    results = []
    for numpy in (jnp, pnp):
        x, index = numpy.asarray(2.5)[None], numpy.array([0])
        read = x.at[index].get(mode=mode), numpy.take_along_axis(x, index, 0)
        results.append([y.weak_type for y in (*read, x.at[index].set(numpy.float32(1)))])
    assert results[0] == results[1]
