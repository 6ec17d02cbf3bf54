"""Typed random keys and the threefry2x32 hash.

A key is one element of an opaque dtype that holds its 32-bit words: two for threefry.
"""

from typing import Any

import numpy as np

from .. import _native, dtypes
from ..core.aval import Shape, ShapedArray, type_name
from ..core.primitive import Primitive
from ..core.trace import get_aval
from .batching import batch_size, to_axis
from .rules import fail
from .shape import broadcast_in_dim

IMPLEMENTATIONS = {tag: dtype for dtype, tag in dtypes.KEY_DTYPES.items()}

random_wrap_p = Primitive("random_wrap", differentiable=False)
random_unwrap_p = Primitive("random_unwrap", differentiable=False)
threefry2x32_p = Primitive("threefry2x32", multiple_results=True, differentiable=False)


def word_count(dtype: Any) -> int:
    """How many words keys of a dtype have."""
    return dtype.itemsize // 4


# random_wrap -- uint32[..., 2] -> key<fry>[...]
def random_wrap(words: Any, impl: str = "fry") -> Any:
    """Typed keys of words."""
    return random_wrap_p.bind(words, impl=impl)


@random_wrap_p.def_type
def _(words, *, impl):
    n = word_count(IMPLEMENTATIONS[impl])
    if words.dtype != dtypes.uint32 or words.ndim == 0 or words.shape[-1] != n:
        raise TypeError(f"random_wrap: uint32[..., {n}] is wanted, got {type_name(words)}")
    return ShapedArray(words.shape[:-1], IMPLEMENTATIONS[impl])


@random_wrap_p.def_value
def _(words, *, impl):
    return np.ascontiguousarray(words).view(IMPLEMENTATIONS[impl])[..., 0]


@random_wrap_p.def_batch
def _(args, dims, *, impl):
    return random_wrap_p.bind(to_axis(args[0], dims[0], 0, 0), impl=impl), 0


# random_unwrap -- its inverse
def random_unwrap(keys: Any) -> Any:
    """The words of typed keys."""
    return random_unwrap_p.bind(keys)


@random_unwrap_p.def_type
def _(keys):
    if dtypes.kind(keys.dtype) != "key":
        raise TypeError(f"random_unwrap: typed random keys are wanted, got {type_name(keys)}")
    return ShapedArray((*keys.shape, word_count(keys.dtype)), dtypes.uint32)


@random_unwrap_p.def_value
def _(keys):
    return keys[keys.dtype.names[0]]


@random_unwrap_p.def_batch
def _(args, dims):
    return random_unwrap_p.bind(*args), dims[0]


# random_clone -- the same keys, which may be used where those have been
random_clone_p = Primitive("random_clone", differentiable=False)


def random_clone(keys: Any) -> Any:
    """The same keys, as others."""
    return random_clone_p.bind(keys)


@random_clone_p.def_type
def _(keys):
    return keys


@random_clone_p.def_value
def _(keys):
    return keys


@random_clone_p.def_batch
def _(args, dims):
    return random_clone_p.bind(*args), dims[0]


@random_clone_p.def_simplify
def _(eqn, definition):
    return eqn.invars[0]


# threefry2x32 -- two words y = hash(k, x) of two words x under a key of two words k
def threefry2x32(k0: Any, k1: Any, x0: Any, x1: Any) -> list[Any]:
    """Hash pairs of words under one key, without axes, or under a key for each pair."""
    return threefry2x32_p.bind(k0, k1, x0, x1)


@threefry2x32_p.def_type
def _(k0, k1, x0, x1):
    avals = (k0, k1, x0, x1)
    if any(a.dtype != dtypes.uint32 for a in avals):
        fail("threefry2x32", "four uint32 arrays are wanted", *avals)
    if x0.shape != x1.shape or k0.shape != k1.shape or k0.shape not in ((), x0.shape):
        fail("threefry2x32", "one key, or keys of the words' shape, are wanted", *avals)
    return [ShapedArray(x0.shape, dtypes.uint32)] * 2


@threefry2x32_p.def_value
def _(k0, k1, x0, x1):
    return list(_native.threefry2x32(k0, k1, x0, x1))


@threefry2x32_p.def_batch
def _(args, dims):
    size = batch_size(args, dims)
    shape = _own_shape(args[2], dims[2])
    one_key = dims[:2] == (None, None) and get_aval(args[0]).shape == ()
    keys = args[:2] if one_key else [_line_up(x, d, size, shape) for x, d in _pair(args, dims, 0)]
    words = [_line_up(x, d, size, shape) for x, d in _pair(args, dims, 2)]
    return threefry2x32(*keys, *words), [0, 0]


def _pair(args: Any, dims: Any, k: int) -> Any:
    return zip(args[k : k + 2], dims[k : k + 2], strict=True)


def _line_up(x: Any, dim: int | None, size: int, shape: Shape) -> Any:
    """An operand as an array of shape (size, *shape)."""
    if _own_shape(x, dim) == shape:
        return to_axis(x, dim, size, 0)
    return broadcast_in_dim(x, (size, *shape), () if dim is None else (0,))


def _own_shape(x: Any, dim: int | None) -> Shape:
    shape = get_aval(x).shape
    return shape if dim is None else shape[:dim] + shape[dim + 1 :]
