"""Unit quaternions (x, y, z, w) along the last axis, and other forms of rotations."""

from typing import Any

import numpy as np

from ... import numpy as pnp

# The angle below which a series is used.
SMALL = 1e-3
# For each axis, the two that follow it.
AXES = ((0, 1, 2), (1, 2, 0), (2, 0, 1))


def radians(x: Any, degrees: bool) -> Any:
    """Angles given in degrees or not."""
    return pnp.deg2rad(x) if degrees else x


def length(v: Any) -> Any:
    """The lengths of vectors."""
    return pnp.linalg.norm(v, axis=-1)


def unit(q: Any) -> Any:
    """Quaternions of length 1."""
    return q / length(q)[..., None]


def inverse(q: Any) -> Any:
    """The conjugates."""
    return q * np.array([-1, -1, -1, 1], q.dtype)


def compose(p: Any, q: Any) -> Any:
    """The rotation q, then p."""
    p, q = pnp.broadcast_arrays(p, q)
    u, v, a, b = p[..., :3], q[..., :3], p[..., 3:], q[..., 3:]
    scalar = a * b - pnp.sum(u * v, -1, keepdims=True)
    return pnp.concatenate([a * v + b * u + pnp.cross(u, v), scalar], axis=-1)


def angle(q: Any) -> Any:
    """The angles, from 0 to pi."""
    return 2 * pnp.arctan2(length(q[..., :3]), pnp.abs(q[..., 3]))


def canonical(q: Any) -> Any:
    """Of q and -q the one with the first positive of w, x, y, z."""
    negative: Any = False
    for k in (2, 1, 0, 3):
        negative = (q[..., k] < 0) | ((q[..., k] == 0) & negative)
    return pnp.where(negative[..., None], -q, q)


def to_matrix(q: Any) -> Any:
    """Orthogonal matrices."""
    x, y, z, w = (q[..., k] for k in range(4))
    rows = [
        [x * x - y * y - z * z + w * w, 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), -x * x + y * y - z * z + w * w, 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), -x * x - y * y + z * z + w * w],
    ]
    return pnp.stack([pnp.stack(row, -1) for row in rows], -2)


def from_matrix(m: Any) -> Any:
    """Four times each component times all; the largest component's row is the most exact."""
    trace = m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2]
    rows = []
    for i, j, k in AXES:
        row = {i: 1 - trace + 2 * m[..., i, i], 3: m[..., k, j] - m[..., j, k]}
        row |= {n: m[..., n, i] + m[..., i, n] for n in (j, k)}
        rows.append(pnp.stack([row[n] for n in range(4)], -1))
    last = [m[..., k, j] - m[..., j, k] for _, j, k in AXES]
    rows.append(pnp.stack([*last, 1 + trace], -1))
    sizes = pnp.stack([m[..., 0, 0], m[..., 1, 1], m[..., 2, 2], trace], -1)
    best = pnp.argmax(sizes, -1)[..., None, None]
    return unit(pnp.take_along_axis(pnp.stack(rows, -2), best, -2)[..., 0, :])


def _scaled(angle: Any, series: Any, far: Any) -> Any:
    """A function of an angle by a series near zero, where the other form divides by zero."""
    near = angle <= SMALL
    return pnp.where(near, series(angle * angle), far(pnp.where(near, 1, angle)))[..., None]


def to_rotvec(q: Any) -> Any:
    """Axes times angles."""
    q = pnp.where(q[..., 3:] < 0, -q, q)
    return q[..., :3] * _scaled(
        angle(q),
        lambda s: 2 + s / 12 + 7 * s * s / 2880,
        lambda t: t / pnp.sin(t / 2),
    )


def from_rotvec(v: Any) -> Any:
    """(sin(t / 2) v / t, cos(t / 2)) with the length t of v."""
    t = length(v)
    scale = _scaled(t, lambda s: 0.5 - s / 48 + s * s / 3840, lambda t: pnp.sin(t / 2) / t)
    return pnp.concatenate([scale * v, pnp.cos(t / 2)[..., None]], axis=-1)


def to_mrp(q: Any) -> Any:
    """Axes times tan(angle / 4)."""
    q = pnp.where(q[..., 3:] < 0, -q, q)
    return q[..., :3] / (1 + q[..., 3:])


def from_mrp(v: Any) -> Any:
    """(2 v, 1 - v . v) / (1 + v . v)."""
    square = pnp.sum(v * v, -1, keepdims=True)
    return pnp.concatenate([2 * v, 1 - square], axis=-1) / (1 + square)
