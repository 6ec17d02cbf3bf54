"""Runs one function of `pullback.numpy` and of `jax.numpy` and compares what they give."""

import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pullback import _native
from pullback import numpy as pnp
from pullback.array import Array


def ours(x: Any) -> Any:
    """NumPy arrays, in any nesting, as our arrays."""
    return _converted(x, pnp.asarray)


def theirs(x: Any) -> Any:
    """NumPy arrays, in any nesting, as JAX's arrays."""
    return _converted(x, jnp.asarray)


def _converted(x: Any, convert: Callable[[Any], Any]) -> Any:
    if isinstance(x, np.ndarray):
        return convert(x)
    if isinstance(x, (list, tuple)):
        return type(x)(_converted(v, convert) for v in x)
    return x


def assert_same(got: Any, want: Any, rtol: float = 2e-5, atol: float = 1e-6) -> None:
    """Equal structure, shape, dtype and weak type, and equal values to rounding."""
    if isinstance(want, (list, tuple)):
        assert len(got) == len(want)
        for g, w in zip(got, want, strict=True):
            assert_same(g, w, rtol, atol)
        return
    if not isinstance(want, jax.Array):
        assert got == want or (got != got and want != want), (got, want)
        return
    assert isinstance(got, Array), type(got)
    assert got.shape == want.shape, (got.shape, want.shape)
    assert got.dtype == want.dtype, (got.dtype, want.dtype)
    if want.dtype != bool:
        assert got.weak_type == want.aval.weak_type, (got.weak_type, want.aval.weak_type)
    g, w = np.asarray(got), np.asarray(want)
    if w.dtype.kind in "fcV":
        wide = np.complex128 if w.dtype.kind == "c" else np.float64
        g, w = g.astype(wide), w.astype(wide)
        narrow = want.dtype.itemsize <= 2
        np.testing.assert_allclose(g, w, max(rtol, 1e-2) if narrow else rtol, atol)
    else:
        np.testing.assert_array_equal(g, w)


def check(name: str, *args: Any, rtol: float = 2e-5, atol: float = 1e-6, **kwargs: Any) -> None:
    """`pullback.numpy.<name>` of the arguments is what `jax.numpy.<name>` is."""
    got, want = pnp, jnp
    for part in name.split("."):
        got, want = getattr(got, part), getattr(want, part)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = want(*theirs(args), **{k: theirs(v) for k, v in kwargs.items()})
    assert not _native.is_traced()
    assert_same(got(*ours(args), **{k: ours(v) for k, v in kwargs.items()}), expected, rtol, atol)
