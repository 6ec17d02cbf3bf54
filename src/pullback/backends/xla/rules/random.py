"""Random keys, which are pairs of words, and the threefry2x32 hash (Salmon et al., "Parallel random
numbers: as easy as 1, 2, 3", 2011)."""

from functools import lru_cache
from typing import Any

import numpy as np

from .... import dtypes
from ....core.aval import make_aval
from ....core.ir import Jaxpr
from ....core.stage import stage
from ....primitives.arithmetic import add
from ....primitives.bitwise import bitwise_or, bitwise_xor, shift_left, shift_right_logical
from ....primitives.shape import broadcast_in_dim
from ..builder import Builder, table
from ..hlo import Tensor, Value
from .elementwise import RULES as ELEMENTWISE

RULES, rule = table()
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA

rule("random_wrap", "random_unwrap", "random_clone")(ELEMENTWISE["copy"])


@rule("threefry2x32")
def _(b: Builder, types: list[Tensor], *args: Value) -> list[Value]:
    return b.call(_program(args[0].shape, args[2].shape), "threefry2x32", args)


@lru_cache(maxsize=256)
def _program(key: tuple[int, ...], words: tuple[int, ...]) -> Jaxpr:
    """The hash as a program of ordinary operations."""
    avals = [make_aval(dtypes.uint32, shape, False) for shape in (key, key, words, words)]
    return stage(_hash, avals).jaxpr


def _hash(k0: Any, k1: Any, x0: Any, x1: Any) -> list[Any]:
    k2 = bitwise_xor(bitwise_xor(k0, k1), PARITY)
    keys = [broadcast_in_dim(k, x0.shape, ()) if k.shape != x0.shape else k for k in (k0, k1, k2)]
    x0, x1 = add(x0, keys[0]), add(x1, keys[1])
    for group in range(5):
        for by in ROTATIONS[group % 2]:
            x0 = add(x0, x1)
            turned = bitwise_or(shift_left(x1, by), shift_right_logical(x1, 32 - by))
            x1 = bitwise_xor(turned, x0)
        x0 = add(x0, keys[(group + 1) % 3])
        x1 = add(add(x1, keys[(group + 2) % 3]), group + 1)
    return [x0, x1]


@rule("rng_uniform")
def _(b: Builder, types: list[Tensor], low: Value, high: Value, *, shape: Any) -> Value:
    """Of a state that XLA keeps."""
    sizes = b.array(np.array(shape, np.int64))
    kind = "#stablehlo<rng_distribution UNIFORM>"
    return b.one("rng", [low, high, sizes], types[0], rng_distribution=kind)
