"""The type of a value: shape, dtype and weak type."""

import operator
from collections.abc import Iterable
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from .. import _native, dtypes, errors
from ..dtypes import DType
from ..lazy import LazyModule

Shape = tuple[int, ...]
# Shardings and memories are of types; only who asks for a type's needs them.
_memory: Any = LazyModule(f"{__package__}.memory")
_sharding: Any = LazyModule(f"{__package__}.sharding")


class ShapedArray:
    """What is known of an array before it is computed.

    `weak_type` marks values made of Python scalars alone, which take the other operand's dtype.
    `sharding` is accepted; where a value lies is no part of its type.
    """

    __slots__ = ("_hash", "_tangent", "dtype", "shape", "weak_type")

    shape: Shape
    dtype: DType
    weak_type: bool

    def __init__(
        self, shape: Iterable[int], dtype: Any, weak_type: bool = False, *, sharding: Any = None
    ) -> None:
        self.shape = tuple(shape)
        self.dtype = dtype if isinstance(dtype, np.dtype) else np.dtype(dtype)
        self.weak_type = weak_type
        self._hash: int | None = None
        self._tangent: ShapedArray | None = None

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    @property
    def sharding(self) -> Any:
        """No dimension is divided along the mesh in context, as far as types say."""
        return _sharding.undivided(self.ndim)

    @property
    def memory_space(self) -> Any:
        """Arrays lie in the memory of their device."""
        return _memory.MemorySpace.Device

    def update(self, **changes: Any) -> "ShapedArray":
        """A copy with some of shape, dtype and weak_type changed."""
        return ShapedArray(
            changes.get("shape", self.shape),
            changes.get("dtype", self.dtype),
            changes.get("weak_type", self.weak_type),
        )

    def strip_weak_type(self) -> "ShapedArray":
        """The same type, not weak."""
        return self.update(weak_type=False) if self.weak_type else self

    def tangent(self) -> "ShapedArray":
        """The type of this type's tangents: float0 where there are none."""
        if self._tangent is None:
            has = dtypes.is_float(self.dtype)
            self._tangent = self if has else ShapedArray(self.shape, dtypes.float0)
        return self._tangent

    def to_tangent_aval(self) -> "ShapedArray":
        """JAX's name of `tangent`."""
        return self.tangent()

    at_least_vspace = to_tangent_aval

    def str_short(self) -> str:
        """The form in printed programs: f32[3,4]."""
        return f"{dtypes.short_name(self.dtype)}[{','.join(map(str, self.shape))}]"

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, ShapedArray)
            and self.shape == other.shape
            and self.dtype == other.dtype
            and self.weak_type == other.weak_type
        )

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((self.shape, self.dtype, self.weak_type))
        return self._hash

    def __repr__(self) -> str:
        weak = ", weak_type=True" if self.weak_type else ""
        return f"ShapedArray({type_name(self)}{weak})"

    def __str__(self) -> str:
        return "~" * self.weak_type + type_name(self)


# JAX's name of what all types have in common: here all are types of arrays.
AbstractValue = ShapedArray


def type_name(aval: ShapedArray) -> str:
    """The form in messages: float32[3,4]."""
    return f"{dtypes.long_name(aval.dtype)}[{','.join(map(str, aval.shape))}]"


@lru_cache(maxsize=4096)
def make_aval(dtype: DType, shape: Shape, weak_type: bool) -> ShapedArray:
    """The one type object for these, so that equal types are mostly identical."""
    return ShapedArray(shape, dtype, weak_type)


_native.set_aval_factory(make_aval)


def same_type(a: ShapedArray, b: ShapedArray) -> bool:
    """Whether shape and dtype agree, weak types aside."""
    return a is b or (a.shape == b.shape and a.dtype == b.dtype)


def axis_number(axis: Any, name: str) -> int:
    """The number of an axis, which may be negative; an error that names the function otherwise."""
    try:
        return operator.index(axis)
    except errors.TracerError:
        raise
    except TypeError as error:
        raise TypeError(f"{name}: an axis is an integer, got {axis!r}") from error


def canonical_axis(axis: Any, ndim: int, name: str) -> int:
    """A non-negative axis number; an error that names the function otherwise."""
    axis = axis_number(axis, name)
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(
            f"{name}: axis {axis} is out of bounds for array of dimension {ndim}"
        )
    return axis % ndim if ndim else axis
