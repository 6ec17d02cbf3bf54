"""Short rows in compiled code: what remains beside whole vectors is computed, nothing else set."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest

import pullback as pb
from pullback import lax
from pullback import numpy as pnp

# Around the lengths of vectors, and of several of them.
LENGTHS = (1, 2, 3, 5, 7, 12, 15, 31, 33, 70, 127, 300)
DTYPES = ("bool", "int8", "int32", "float32")


def numbers(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Small whole numbers, whose sums are exact."""
    return np.random.default_rng(0).integers(-3, 4, shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_is_written_beside_rows(dtype: str) -> None:
    for n in LENGTHS:
        x, y = numbers((4, n), dtype), numbers((6, n + 3), dtype)
        got = pb.jit(lambda x, y, n=n: y.at[1:5, 2 : n + 2].set(x ^ x if x.dtype == bool else -x))
        wanted = y.copy()
        wanted[1:5, 2 : n + 2] = x ^ x if dtype == "bool" else -x
        np.testing.assert_array_equal(got(x, y), wanted)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", [0, 1])
def test_rows_and_columns_are_folded(dtype: str, axis: int) -> None:
    names = ("any", "all", "sum", "max", "argmax")
    for n in LENGTHS:
        x = numbers((37, n), dtype)
        fold = pb.jit(lambda x: [getattr(pnp, name)(x, axis=axis) for name in names])
        for name, got in zip(names, fold(x), strict=True):
            np.testing.assert_array_equal(got, getattr(np, name)(x, axis=axis), err_msg=name)


@pytest.mark.parametrize("share", [0.0, 1e-4, 0.5, 1.0])
def test_many_truth_values_are_folded(share: float) -> None:
    x = np.random.default_rng(0).random((500, 517)) < share
    for axis in (0, 1):
        got = pb.jit(lambda x, axis=axis: (pnp.any(x, axis), pnp.all(x, axis)))(x)
        np.testing.assert_array_equal(got[0], x.any(axis))
        np.testing.assert_array_equal(got[1], x.all(axis))


def test_rows_that_meet_are_added() -> None:
    """Records of three numbers, a row again and again."""
    rows, added = np.sort(np.random.default_rng(0).integers(0, 9, 400)), numbers((400, 3), "int32")
    wanted = numbers((9, 3), "int32")
    got = pb.jit(lambda x, i, y: x.at[i].add(y))(wanted, rows.astype(np.int32), added)
    np.add.at(wanted, rows, added)
    np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("n", LENGTHS)
def test_moves_of_bfloat16(n: int) -> None:
    """No functions of a compiler's runtime are wanted, whatever the processor."""
    x = numbers((3, n), ml_dtypes.bfloat16)
    join = pb.jit(lambda x: lax.concatenate([x, -abs(x), pnp.where(x > 0, x, x + 1)], 1))
    wanted = np.concatenate([x, -abs(x), np.where(x > 0, x, x + 1)], 1)
    np.testing.assert_array_equal(np.asarray(join(x)), wanted)
    assert "bfloat" not in join.lower(x).compile().as_text()
