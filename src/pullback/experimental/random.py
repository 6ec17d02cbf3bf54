"""Random numbers from a generator that keeps count of what it gave, as NumPy's do."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import numpy as pnp
from .. import random
from .._native import is_traced
from ..ref import Ref, new_ref
from ..tree_util import register_dataclass

Size = int | Sequence[int] | None


def _shape(size: Size, *like: Any) -> tuple[int, ...]:
    """The shape that a size says; without one, that of the parameters together."""
    if size is None:
        return np.broadcast_shapes(*(pnp.shape(x) for x in like))
    return tuple(map(operator.index, size if isinstance(size, Sequence) else (size,)))


@register_dataclass
@dataclass(frozen=True)
class StatefulPRNG:
    """A generator of random numbers: a key, and a mutable array that counts the draws.

    `stateful_rng` makes it. Its methods may be called inside all transformations; it may be an
    argument of a function, but no result of one, nor a carry.

    >>> rng = pb.experimental.random.stateful_rng(42)
    >>> rng.uniform(size=2)
    Array([0.5302608 , 0.31336212], dtype=float32)
    >>> pb.jit(rng.uniform)(), rng.uniform()
    (Array(0.72766423, dtype=float32), Array(0.6672406, dtype=float32))
    """

    _base_key: Any
    _counter: Ref

    def key(self, shape: int | Sequence[int] = ()) -> Any:
        """A new key, or an array of keys of this shape."""
        if self._base_key.shape:
            raise ValueError(
                f"StatefulPRNG: this is {self._base_key.shape} generators that split gave: "
                "draw from one of them, inside of vmap"
            )
        key = random.fold_in(self._base_key, self._counter[...])
        self._counter[...] += 1
        wanted = _shape(shape)
        return random.split(key, wanted) if wanted else key

    def random(self, size: Size = None, dtype: Any = float) -> Any:
        """Floats from 0 to 1, 1 excluded."""
        return random.uniform(self.key(), _shape(size), dtype)

    def uniform(self, low: Any = 0, high: Any = 1, size: Size = None, *, dtype: Any = float) -> Any:
        """Floats from `low` to `high`, `high` excluded; by default of the bounds' shape."""
        return random.uniform(self.key(), _shape(size, low, high), dtype, low, high)

    def normal(self, loc: Any = 0, scale: Any = 1, size: Size = None, *, dtype: Any = float) -> Any:
        """Normally distributed floats of this mean and standard deviation."""
        drawn = random.normal(self.key(), _shape(size, loc, scale), dtype)
        return (pnp.asarray(loc) + pnp.asarray(scale) * drawn).astype(dtype)

    def integers(self, low: Any, high: Any = None, size: Size = None, *, dtype: Any = int) -> Any:
        """Integers from `low` to `high`, `high` excluded; with one bound, from 0 to it."""
        low, high = (0, low) if high is None else (low, high)
        return random.randint(self.key(), _shape(size, low, high), low, high, dtype)

    def split(self, num: int | Sequence[int]) -> "StatefulPRNG":
        """Generators of their own as one object, which `vmap` takes apart."""
        return StatefulPRNG(self.key(num), new_ref(pnp.zeros(num, int)))

    def spawn(self, n_children: int) -> list["StatefulPRNG"]:
        """A list of generators of their own."""
        return [StatefulPRNG(key, new_ref(0)) for key in self.key(n_children)]


def stateful_rng(seed: Any = None, *, impl: Any = None) -> StatefulPRNG:
    """A generator that keeps count of what it gave.

    Args:
      seed: integer. None: one of the operating system's; not inside transformations.
      impl: name of the implementation of the key.

    >>> rng = pb.experimental.random.stateful_rng(42)
    >>> rng.integers(10, size=3), rng.integers(10, size=3)
    (Array([4, 1, 9], dtype=int32), Array([5, 2, 4], dtype=int32))
    """
    if seed is None:
        if is_traced():
            raise TypeError("stateful_rng: inside transformations it wants a seed")
        words = random.key_data(random.key(0, impl=impl)).shape[-1]
        entropy = np.random.SeedSequence().generate_state(words)
        return StatefulPRNG(random.wrap_key_data(entropy, impl=impl), new_ref(0))
    return StatefulPRNG(random.key(seed, impl=impl), new_ref(0))
