"""Rotations in space, and their interpolation."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ... import numpy as pnp
from ...numpy.elementwise import as_inexact
from . import euler
from . import quaternions as qn


class Rotation(NamedTuple):
    """One rotation or many: unit quaternions (x, y, z, w) of shape (4,) or (n, 4).

    >>> from pullback import numpy as pnp
    >>> from pullback.scipy.spatial.transform import Rotation
    >>> turn = Rotation.from_euler("z", 90, degrees=True)
    >>> turn.apply(pnp.array([1.0, 0.0, 0.0])).round(3)
    Array([0., 1., 0.], dtype=float32)
    """

    quat: Any

    @classmethod
    def concatenate(cls, rotations: Sequence["Rotation"]) -> "Rotation":
        """The rotations of several in one."""
        return cls(pnp.concatenate([r.quat for r in rotations]))

    @classmethod
    def from_euler(cls, seq: str, angles: Any, degrees: bool = False) -> "Rotation":
        """Rotations about one to three axes in turn, by angles along the last axis.

        `seq` is of x, y, z about the axes of the space, of X, Y, Z about those that turn along.
        """
        axes, intrinsic = euler.parse(seq, (1, 2, 3))
        angles = pnp.atleast_1d(as_inexact("Rotation.from_euler", angles))
        if angles.shape[-1] != len(axes):
            raise ValueError(
                f"Rotation.from_euler: {len(axes)} angles are wanted for the axes {seq!r}, got"
                f" {angles.shape[-1]}: the last axis of angles of shape {angles.shape} holds them"
            )
        return cls(euler.to_quaternion(axes, qn.radians(angles, degrees), intrinsic))

    @classmethod
    def from_matrix(cls, matrix: Any) -> "Rotation":
        """Rotations by orthogonal matrices of determinant 1."""
        return cls(qn.from_matrix(as_inexact("Rotation.from_matrix", matrix)))

    @classmethod
    def from_mrp(cls, mrp: Any) -> "Rotation":
        """Rotations by modified Rodrigues parameters: the axis times tan(angle / 4)."""
        return cls(qn.from_mrp(as_inexact("Rotation.from_mrp", mrp)))

    @classmethod
    def from_quat(cls, quat: Any) -> "Rotation":
        """Rotations by quaternions, of any length but zero."""
        return cls(qn.unit(as_inexact("Rotation.from_quat", quat)))

    @classmethod
    def from_rotvec(cls, rotvec: Any, degrees: bool = False) -> "Rotation":
        """Rotations about the vectors' directions by their lengths."""
        v = qn.radians(as_inexact("Rotation.from_rotvec", rotvec), degrees)
        return cls(qn.from_rotvec(v))

    @classmethod
    def identity(cls, num: int | None = None, dtype: Any = float) -> "Rotation":
        """The rotation that moves nothing; `num` of them."""
        one = pnp.array([0.0, 0.0, 0.0, 1.0], dtype=dtype)
        return cls(one if num is None else pnp.tile(one, (num, 1)))

    @classmethod
    def random(cls, random_key: Any, num: int | None = None) -> "Rotation":
        """Not there, as in JAX."""
        raise NotImplementedError(
            "Rotation.random: use Rotation.from_quat(random.normal(key, (num, 4)))"
        )

    def __getitem__(self, indexer: Any) -> "Rotation":  # type: ignore[override]  # not a field
        if self.single:
            raise TypeError("Single rotation is not subscriptable.")
        return Rotation(self.quat[indexer])

    def __len__(self) -> int:
        if self.single:
            raise TypeError("Single rotation has no len().")
        return self.quat.shape[0]

    def __mul__(self, other: Any) -> "Rotation":  # type: ignore[override]  # not a tuple's
        return Rotation.from_quat(qn.compose(self.quat, other.quat))

    def apply(self, vectors: Any, inverse: bool = False) -> Any:
        """The vectors, of shape (3,) or (n, 3), rotated, or rotated back."""
        matrix = self.as_matrix()
        matrix = pnp.swapaxes(matrix, -1, -2) if inverse else matrix
        return pnp.matvec(matrix, as_inexact("Rotation.apply", vectors))

    def as_euler(self, seq: str, degrees: bool = False) -> Any:
        """Angles about three axes in turn; the third is 0 where the first and it turn alike."""
        axes, intrinsic = euler.parse(seq, (3,))
        angles = euler.from_quaternion(axes, self.quat, intrinsic)
        return pnp.rad2deg(angles) if degrees else angles

    def as_matrix(self) -> Any:
        """Matrices of shape (..., 3, 3)."""
        return qn.to_matrix(self.quat)

    def as_mrp(self) -> Any:
        """Modified Rodrigues parameters."""
        return qn.to_mrp(self.quat)

    def as_rotvec(self, degrees: bool = False) -> Any:
        """Vectors along the axes, of the angles' lengths, at most pi."""
        v = qn.to_rotvec(self.quat)
        return pnp.rad2deg(v) if degrees else v

    def as_quat(self, canonical: bool = False, scalar_first: bool = False) -> Any:
        """Quaternions (x, y, z, w), or (w, x, y, z); canonical ones have positive w."""
        q = qn.canonical(self.quat) if canonical else self.quat
        return pnp.roll(q, 1, axis=-1) if scalar_first else q

    def inv(self) -> "Rotation":
        """The rotations back."""
        return Rotation(qn.inverse(self.quat))

    def magnitude(self) -> Any:
        """The angles, from 0 to pi."""
        return qn.angle(self.quat)

    def mean(self, weights: Any = None) -> "Rotation":
        """The rotation nearest to all, by the chordal distance."""
        n = len(self)
        dtype = self.quat.dtype
        w = pnp.ones(n, dtype) if weights is None else pnp.asarray(weights, dtype=dtype)
        if w.shape != (n,):
            raise ValueError(
                f"Rotation.mean: Expected `weights` of shape ({n},), one for each rotation,"
                f" got shape {w.shape}."
            )
        _, vectors = pnp.linalg.eigh(pnp.dot(w * self.quat.T, self.quat))
        return Rotation(vectors[:, -1])

    @property
    def single(self) -> bool:
        """Whether it is one rotation."""
        return self.quat.ndim == 1


class Slerp(NamedTuple):
    """Rotations between given ones, at constant speed from each to the next.

    Made by `Slerp.init(times, rotations)`, called with times.

    >>> from pullback.scipy.spatial.transform import Rotation, Slerp
    >>> turns = pnp.array([[0.0, 0.0, 0.0], [0.0, 0.0, 90.0]])
    >>> ends = Rotation.from_rotvec(turns, degrees=True)
    >>> Slerp.init(pnp.array([0.0, 1.0]), ends)(0.5).as_rotvec(degrees=True).round(3)
    Array([ 0.,  0., 45.], dtype=float32)
    """

    times: Any
    timedelta: Any
    rotations: Rotation
    rotvecs: Any

    @classmethod
    def init(cls, times: Any, rotations: Rotation) -> "Slerp":
        """The curve through rotations at ascending times, at least two."""
        if not isinstance(rotations, Rotation):
            raise TypeError("`rotations` must be a `Rotation` instance.")
        if rotations.single or len(rotations) == 1:
            raise ValueError("`rotations` must be a sequence of at least 2 rotations.")
        times = pnp.asarray(times, dtype=rotations.quat.dtype)
        if times.shape != (len(rotations),):
            raise ValueError(
                "Slerp: Expected times to be a vector with one number for each of the"
                f" {len(rotations)} rotations, got shape {times.shape}"
            )
        first, last = Rotation(rotations.quat[:-1]), Rotation(rotations.quat[1:])
        return cls(times, pnp.diff(times), first, (first.inv() * last).as_rotvec())

    def __call__(self, times: Any) -> Rotation:
        """The rotations at times, a number or a vector."""
        at = pnp.asarray(times, dtype=self.times.dtype)
        if at.ndim > 1:
            raise ValueError("`times` must be at most 1-dimensional.")
        k = pnp.maximum(pnp.searchsorted(self.times, at) - 1, 0)
        part = (at - self.times[k]) / self.timedelta[k]
        start = Rotation(self.rotations.quat[k])
        return start * Rotation.from_rotvec(self.rotvecs[k] * part[..., None])


__all__ = ["Rotation", "Slerp"]
