"""Pytrees as vectors."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

from . import numpy as pnp
from . import tree
from .core.aval import Shape
from .dtypes import DType
from .numpy.values import as_array, as_arrays, result_type_of
from .primitives.pieces import split

__all__ = ["ravel_pytree"]


def ravel_pytree(pytree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """A tree of arrays as one vector, and the function that makes such trees of such vectors.

    Args:
      pytree: tree of arrays and numbers.

    Returns:
      The elements of all leaves one after the other, of the dtype that holds them all, and
      `unravel`. That takes vectors of any dtype if the leaves have one, else of the vector's dtype
      only (TypeError), and gives each leaf its shape and dtype.

    >>> import pullback as pb
    >>> flat, unravel = pb.flatten_util.ravel_pytree({"a": pb.numpy.ones(2), "b": 3.0})
    >>> flat
    Array([1., 1., 3.], dtype=float32)
    >>> unravel(flat * 2)["b"]
    Array(6., dtype=float32)
    """
    leaves, treedef = tree.flatten(pytree)
    arrays = as_arrays("ravel_pytree", leaves)
    if not arrays:
        return pnp.zeros(0, "float32"), lambda _: treedef.unflatten([])
    dtype, _ = result_type_of(arrays)
    flat = pnp.concatenate([pnp.ravel(x).astype(dtype) for x in arrays])
    shapes, own = tuple(x.shape for x in arrays), tuple(x.dtype for x in arrays)
    return flat, Unravel(treedef, shapes, own, dtype)


@dataclass(frozen=True)
class Unravel:
    """The function from a vector to a tree of leaves of these shapes and dtypes; `dtype` is the
    vector's."""

    treedef: tree.PyTreeDef
    shapes: tuple[Shape, ...]
    own: tuple[DType, ...]
    dtype: DType

    def __call__(self, vector: Any) -> Any:
        """The tree."""
        flat = as_array("unravel", vector)
        sizes = tuple(map(prod, self.shapes))
        if flat.shape != (sum(sizes),):
            raise ValueError(
                f"unravel: a vector of {sum(sizes)} elements is wanted, got shape {flat.shape}"
            )
        mixed = set(self.own) != {self.dtype}
        if mixed and flat.dtype != self.dtype:
            raise TypeError(f"unravel: a vector of {self.dtype} is wanted, got {flat.dtype}")
        pieces = zip(split(flat, sizes), self.shapes, self.own, strict=True)
        leaves = [pnp.reshape(x, s).astype(d if mixed else x.dtype) for x, s, d in pieces]
        return self.treedef.unflatten(leaves)
