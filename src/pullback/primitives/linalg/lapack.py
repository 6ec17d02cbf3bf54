"""LAPACK and BLAS by SciPy, loaded at the first use, in the precision of a matrix."""

from functools import cache
from typing import Any

import numpy as np

from ... import _native
from ...lazy import LazyModule, compiled_module

_lapack: Any = LazyModule("scipy.linalg.lapack")
_blas: Any = LazyModule("scipy.linalg.blas")

PREFIX = {"f": "s", "d": "d", "F": "c", "D": "z"}
# What unitary matrices are called where orthogonal ones have the name on the left.
UNITARY = {"orgqr": "ungqr", "ormqr": "unmqr", "orghr": "unghr", "sytrd": "hetrd"}


def routine(name: str, x: np.ndarray) -> Any:
    """LAPACK's routine for the dtype of x."""
    char = x.dtype.char
    return getattr(_lapack, PREFIX[char] + (UNITARY.get(name, name) if char in "FD" else name))


@cache
def native_operations() -> dict[str, int]:
    """The operations of the native core, which is given the routines it calls."""
    modules = [compiled_module("scipy.linalg", name) for name in ("cython_blas", "cython_lapack")]
    _native.use_lapack({k: v for m in modules for k, v in m.__pyx_capi__.items()})
    return _native.matrix_operations()


def solve_triangle(
    a: np.ndarray, b: np.ndarray, *, left: bool, lower: bool, trans: int, unit: bool
) -> np.ndarray:
    """op(a) x = b, or x op(a) = b; op is the identity, transposition (1) or adjoint (2).

    The transposed equation is solved: BLAS wants columns together, NumPy has rows together.
    """
    if not b.size:
        return np.zeros_like(b)
    trsm = getattr(_blas, PREFIX[a.dtype.char] + "trsm")
    return trsm(1, a.T, b.T, side=left, lower=not lower, trans_a=trans, diag=unit).T
