"""Elements worked on in blocks: what loops until all of its elements are done loops a block at a
time, so that no element waits for the slowest of many."""

from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..core.trace import get_aval
from ..primitives.pieces import pad, slice
from ..primitives.reduce import reduce_or
from ..primitives.rules import scalar
from ..primitives.shape import reshape
from .loop import map

# As many as keep vectors full and wait for few others.
BLOCK = 16


def in_blocks(f: Callable[..., Any], *vectors: Any, size: int = BLOCK, fill: float = 1) -> Any:
    """`f` of vectors of one length, `size` elements at a time; `fill` completes the last block."""
    (n,) = get_aval(vectors[0]).shape
    if n <= size:
        return f(*vectors)
    rows = -(-n // size)
    blocks = [reshape(_filled(x, rows * size, fill), (rows, size)) for x in vectors]
    done = map(lambda xs: f(*xs), tuple(blocks))
    return slice(reshape(done, (rows * size,)), (0,), (n,))


def _filled(x: Any, size: int, fill: float) -> Any:
    aval = get_aval(x)
    return pad(x, scalar(fill, aval.dtype), ((0, size - aval.shape[0], 0),))


def any_of(x: Any) -> Any:
    """Whether any element is true."""
    assert get_aval(x).dtype == dtypes.bool_
    return reduce_or(x, tuple(range(get_aval(x).ndim)))
