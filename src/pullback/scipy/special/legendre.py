"""The associated Legendre functions of all degrees and orders, by the recurrence in the degree."""

import operator
from math import pi
from typing import Any

import numpy as np

from ... import lax
from ... import numpy as pnp
from ...numpy.values import as_array
from ...transforms.grad import jvp


def lpmn(m: int, n: int, z: Any) -> tuple[Any, Any]:
    """The associated Legendre functions at z of orders and degrees up to n, and their derivatives.

    Both have the shape (n + 1, n + 1, len(z)), the order first; m must be n.

    >>> import pullback as pb
    >>> pb.scipy.special.lpmn(1, 1, pnp.array([0.0]))[0].squeeze()
    Array([[ 1.,  0.],
           [ 0., -1.]], dtype=float32)
    """
    degree, z = _checked("lpmn", m, n, z)
    m, k = _orders(degree)
    scale, up, past = _plain(m, k)

    def values(z: Any) -> Any:
        lowest = _lowest(scale, z)  # the factor whose derivative is infinite at 1
        above = _upward(pnp.ones_like(lowest), up, past, z)
        return pnp.where((k >= m).T[..., None], lowest[:, None] * above, 0)

    return jvp(values, (z,), (pnp.ones_like(z),))


def lpmn_values(m: int, n: int, z: Any, is_normalized: bool) -> Any:
    """The associated Legendre functions at z of orders and degrees up to n.

    Their shape is (n + 1, n + 1, len(z)), the order first; m must be n. Normalized, they are the
    spherical harmonics at azimuth zero.

    >>> import pullback as pb
    >>> pb.scipy.special.lpmn_values(1, 1, pnp.array([0.0]), True).squeeze().round(4)
    Array([[ 0.2821,  0.    ],
           [ 0.    , -0.3455]], dtype=float32)
    """
    degree, z = _checked("lpmn_values", m, n, z)
    scale, up, past = (_normalized if is_normalized else _plain)(*_orders(degree))
    return _upward(_lowest(scale, z), up, past, z)


def _checked(name: str, m: int, n: int, z: Any) -> tuple[int, Any]:
    z = as_array(name, z)
    if z.dtype not in (np.float32, np.float64):
        raise TypeError(f"{name}: z must be float32 or float64, got {z.dtype}")
    if z.ndim != 1:
        raise ValueError(f"{name}: z must be a vector, got the shape {z.shape}")
    m, n = operator.index(m), operator.index(n)
    if m != n:
        raise NotImplementedError(f"{name}: m must be n, got {m} and {n}")
    return n, z


def _orders(degree: int) -> tuple[Any, Any]:
    numbers = np.arange(degree + 1)
    return numbers, numbers[:, None]


def _lowest(scale: Any, z: Any) -> Any:
    """P[m, m, z] for each m."""
    half = (np.arange(len(scale)) / 2).astype(z.dtype)
    return pnp.asarray(scale, z.dtype)[:, None] * (1 - z * z) ** half[:, None]


def _upward(lowest: Any, up: Any, past: Any, z: Any) -> Any:
    """P[m, k, z] from P[m, m, z]: a step takes P[:, k - 2] and P[:, k - 1] to P[:, k]."""

    def step(state: Any, row: Any) -> Any:
        before, last = state
        begins, up, past = row
        now = up[:, None] * z * last - past[:, None] * before
        now = pnp.where(begins[:, None], lowest, now)
        return (last, now), now

    none = pnp.zeros_like(lowest)
    rows = (np.eye(len(up), dtype=bool), up.astype(z.dtype), past.astype(z.dtype))
    return pnp.moveaxis(lax.scan(step, (none, none), rows)[1], 0, 1)


def _plain(m: Any, k: Any) -> tuple[Any, Any, Any]:
    """(-1)^m (2m - 1)!!, and those of (k - m) P_k = (2k - 1) z P_(k-1) - (k + m - 1) P_(k-2)."""
    scale = np.cumprod(np.where(m > 0, 1.0 - 2 * m, 1.0))
    gap = np.where(k > m, k - m, 1)
    return scale, np.where(k > m, (2 * k - 1) / gap, 0), np.where(k > m, (k + m - 1) / gap, 0)


def _normalized(m: Any, k: Any) -> tuple[Any, Any, Any]:
    """The same for functions times sqrt((2k + 1) (k - m)! / (4 pi (k + m)!))."""
    scale = np.cumprod(np.where(m > 0, -np.sqrt((2 * m + 1) / np.maximum(2 * m, 1)), 1.0))
    gap = np.where(k > m, k * k - m * m, 1)
    up = np.sqrt(np.where(k > m, (4 * k * k - 1) / gap, 0))
    past = np.where(k > m + 1, ((k - 1) ** 2 - m * m) / np.maximum(4 * (k - 1) ** 2 - 1, 1), 0)
    return scale / np.sqrt(4 * pi), up, up * np.sqrt(past)


__all__ = ["lpmn", "lpmn_values"]
