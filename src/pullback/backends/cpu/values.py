"""What a program's variable is while loops are built: a function from an index tuple to a scalar
expression. Where the elements stand in a buffer with fixed strides, `view` says so."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import ml_dtypes
import numpy as np

from ...core.aval import ShapedArray
from . import index as ix
from .expr import DTYPES, Graph, Node
from .index import Index

Indices = tuple[Index, ...]
At = Callable[[Indices], Node]

# Dtypes with arithmetic. Elements of others are moved as integers of their size.
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
NATIVE = {**{v: k for k, v in DTYPES.items()}, BFLOAT16: "bfloat16"}
OPAQUE = {1: "int8", 2: "int16", 4: "int32", 8: "int64", 16: "int128"}


class View(NamedTuple):
    """Elements of a buffer: that at (i, j, ...) is at offset + i * strides[0] + ..."""

    buffer: str
    offset: Index
    strides: tuple[int, ...]


class Value:
    """An array as a function of indices. Where it is `anything`, it need not be written."""

    __slots__ = ("_at", "anything", "dtype", "memo", "shape", "view")

    def __init__(
        self,
        shape: Sequence[int],
        dtype: str,
        at: At,
        view: View | None = None,
        anything: bool = False,
    ) -> None:
        self.shape = tuple(shape)
        self.dtype = dtype
        self._at = at
        self.view = view
        self.anything = anything
        self.memo: dict[Indices, Node] = {}

    def at(self, idx: Indices) -> Node:
        """The element at an index tuple."""
        node = self.memo.get(idx)
        if node is None:
            node = self.memo[idx] = self._at(idx)
        return node


def storage(aval: ShapedArray) -> str:
    """The storage dtype of a type: its own, or an integer of its size."""
    name = NATIVE.get(aval.dtype)
    return name or OPAQUE[max(aval.dtype.itemsize, 1)]


def is_native(aval: ShapedArray) -> bool:
    """Whether there is arithmetic for the dtype."""
    return aval.dtype in NATIVE


def is_movable(aval: ShapedArray) -> bool:
    """Whether elements fit one scalar, so that they can be moved."""
    return aval.dtype.itemsize in OPAQUE


def in_buffer(graph: Graph, view: View, shape: Sequence[int], dtype: str) -> Value:
    """The value that stands in memory."""

    def at(idx: Indices) -> Node:
        parts = [(view.offset, 1), *zip(idx, view.strides, strict=True)]
        return graph.load(view.buffer, ix.weighted(parts), dtype)

    return Value(shape, dtype, at, view)


def row_major(buffer: str, shape: Sequence[int], offset: Index = ix.ZERO) -> View:
    """A view of consecutive elements."""
    return View(buffer, offset, tuple(ix.strides_of(shape)))
