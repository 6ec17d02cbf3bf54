"""Rotations as angles about axes.

Source of the angles: Bernardes and Viollet, PLOS ONE 17 (2022), doi 10.1371/journal.pone.0276302.
"""

import itertools
from typing import Any

import numpy as np

from ... import numpy as pnp
from .quaternions import compose

# How near to 0 or pi the second angle makes the first and third turn about one axis.
DEGENERATE = 1e-7


def parse(seq: str, lengths: tuple[int, ...]) -> tuple[list[int], bool]:
    """The numbers of axes, and whether they turn along (X, Y, Z)."""
    if len(seq) not in lengths:
        raise ValueError(f"Expected an axis specification of length {lengths}, got {seq!r}.")
    intrinsic = set(seq) <= set("XYZ")
    if not intrinsic and not set(seq) <= set("xyz"):
        raise ValueError(
            f"Expected axes from `seq` to be from ['x', 'y', 'z'] or ['X', 'Y', 'Z'], got {seq!r}"
        )
    if any(a == b for a, b in itertools.pairwise(seq)):
        raise ValueError(f"Expected consecutive axes to be different, got {seq!r}")
    return ["xyz".index(c) for c in seq.lower()], intrinsic


def _elementary(axis: int, angle: Any) -> Any:
    zero, sine = pnp.zeros_like(angle), pnp.sin(angle / 2)
    return pnp.stack([*[sine if k == axis else zero for k in range(3)], pnp.cos(angle / 2)], -1)


def to_quaternion(axes: list[int], angles: Any, intrinsic: bool) -> Any:
    """The rotations one after the other."""
    turns = [_elementary(axis, angles[..., k]) for k, axis in enumerate(axes)]
    out = turns[0]
    for turn in turns[1:]:
        out = compose(out, turn) if intrinsic else compose(turn, out)
    return out


def from_quaternion(axes: list[int], q: Any, intrinsic: bool) -> Any:
    """Three angles; the middle one from 0 to pi where the outer axes agree, else around 0."""
    i, j, k = axes[::-1] if intrinsic else axes
    symmetric = i == k
    k = 3 - i - j if symmetric else k
    sign = (i - j) * (j - k) * (k - i) // 2
    a, b, c, d = q[..., 3], q[..., i], q[..., j], q[..., k] * sign
    if not symmetric:
        a, b, c, d = a - c, b + d, c + a, d - b
    middle = 2 * pnp.arctan2(pnp.hypot(c, d), pnp.hypot(a, b))
    total, difference = pnp.arctan2(b, a), pnp.arctan2(d, c)
    none, half = pnp.abs(middle) <= DEGENERATE, pnp.abs(middle - np.pi) <= DEGENERATE
    first, third = _outer(total, difference, none, half, intrinsic)
    if not symmetric:
        middle = middle - np.pi / 2
        first, third = (first * sign, third) if intrinsic else (first, third * sign)
    angles = pnp.stack([first, middle, third], -1)
    return (angles + np.pi) % (2 * np.pi) - np.pi


def _outer(total: Any, difference: Any, none: Any, half: Any, intrinsic: bool) -> tuple[Any, Any]:
    """The first and third angle; where only their sum or difference counts, the third is 0."""
    turn = 1 if intrinsic else -1
    alone = pnp.where(none, 2 * total, 2 * turn * difference)
    low, high = total - difference, total + difference
    first, third = (high, low) if intrinsic else (low, high)
    return pnp.where(none | half, alone, first), pnp.where(none | half, 0, third)
