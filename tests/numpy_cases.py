"""Sample arrays for the tables of `pullback.numpy`, and rows (names, arguments) made into cases."""

from typing import Any

import numpy as np
import pytest

_random = np.random.RandomState(0)


def f(*shape: int) -> np.ndarray:
    """Normal float32 numbers."""
    return _random.randn(*shape).astype(np.float32)


def positive(*shape: int) -> np.ndarray:
    """Positive float32 numbers."""
    return np.abs(f(*shape)) + np.float32(0.1)


def rising(n: int) -> np.ndarray:
    """Float32 numbers in order."""
    return np.sort(f(n))


def i(*shape: int) -> np.ndarray:
    """Small int32 numbers of both signs."""
    return _random.randint(-5, 9, shape).astype(np.int32)


def u(*shape: int) -> np.ndarray:
    """Small uint8 numbers."""
    return _random.randint(0, 9, shape).astype(np.uint8)


def b(*shape: int) -> np.ndarray:
    """Bools."""
    return _random.rand(*shape) > 0.5


def c(*shape: int) -> np.ndarray:
    """Complex64 numbers."""
    return (_random.randn(*shape) + 1j * _random.randn(*shape)).astype(np.complex64)


# Zeros of both signs, halves, infinities, NaN.
AWKWARD = np.array([0.0, -0.0, 1.0, -1.5, 2.5, 3.5, np.nan, np.inf, -np.inf, 3e-30], np.float32)
FINITE_AND_NAN = AWKWARD[:7]


def row(names: str, *args: Any, **kwargs: Any) -> list[Any]:
    """One case for each name."""
    return [pytest.param(name, args, kwargs, id=name) for name in names.split()]


def table(*rows: list[Any]) -> list[Any]:
    """All cases of a table."""
    return [case for cases in rows for case in cases]
