"""The type of mutable arrays."""

from dataclasses import dataclass
from typing import Any

from .. import dtypes
from .aval import Shape, ShapedArray, type_name


@dataclass(frozen=True)
class AbstractRef:
    """The type of a mutable array: that of what it holds.

    >>> pb.typeof(pb.new_ref(pnp.zeros(3)))
    Ref{float32[3]}
    """

    inner_aval: ShapedArray
    memory_space: Any = None
    kind: Any = None

    @property
    def shape(self) -> Shape:
        """The sizes of the axes."""
        return self.inner_aval.shape

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype of the elements."""
        return self.inner_aval.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.inner_aval.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.inner_aval.size

    @property
    def weak_type(self) -> bool:
        """Whether the dtype yields to another operand's."""
        return self.inner_aval.weak_type

    def str_short(self) -> str:
        """The form in printed programs: Ref{f32[3,4]}."""
        return f"Ref{{{self.inner_aval.str_short()}}}"

    def __repr__(self) -> str:
        return f"Ref{{{type_name(self.inner_aval)}}}"
