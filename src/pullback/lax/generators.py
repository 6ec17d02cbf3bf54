"""Random numbers of explicit states, and of a hidden one; `pullback.random` is what most want."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from .. import numpy as pnp
from ..core.trace import get_aval
from ..numpy.divided import divided
from ..primitives import generator as _generator
from ..primitives.generator import RandomAlgorithm

WORDS = tuple(np.dtype(t) for t in (np.uint8, np.uint16, np.uint32, np.uint64))


def rng_bit_generator(
    key: Any,
    shape: Sequence[int],
    dtype: Any = np.uint32,
    algorithm: RandomAlgorithm = RandomAlgorithm.RNG_DEFAULT,
    *,
    out_sharding: Any = None,
) -> tuple[Any, Any]:
    """Random bits, and the state for the next ones.

    Args:
      key: the state, uint32[4] or uint64[2]: a key of 64 bits and a counter.
      shape: that of the bits.
      dtype: uint8, uint16, uint32 or uint64.
      algorithm: Threefry-2x32 or Philox-4x32, the default; the bits are XLA's.
      out_sharding: how the bits are divided among devices.

    Returns:
      (new key, bits).

    Raises:
      TypeError: another dtype, or a key of another type.

    >>> import pullback as pb
    >>> key, bits = pb.lax.rng_bit_generator(pb.numpy.array([1, 2, 3, 4], "uint32"), (2,))
    >>> bits
    Array([ 512747620, 1298009047], dtype=uint32)
    """
    word = dtypes.canonicalize_dtype(dtype)
    if word not in WORDS:
        raise TypeError(f"rng_bit_generator: unsupported dtype {word}: give uint8, uint16, uint32")
    new, bits = _generator.rng_bit_generator(pnp.asarray(key), shape, word, algorithm)
    return new, divided(bits, out_sharding)


def rng_uniform(a: Any, b: Any, shape: Sequence[int]) -> Any:
    """Uniform numbers in [a, b) from a hidden state: other ones at every call.

    Args:
      a, b: the bounds, scalars of one dtype.
      shape: that of the result.

    >>> import pullback as pb
    >>> pb.lax.rng_uniform(0.0, 1.0, (3,)).shape
    (3,)
    """
    low, high = pnp.asarray(a), pnp.asarray(b)
    _generator.rng_uniform_p.type(get_aval(low), get_aval(high), shape=tuple(shape))
    return _generator.rng_uniform(low, high, shape)
