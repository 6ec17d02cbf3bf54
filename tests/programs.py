"""Random well-typed programs: values with what is known of them, and the maker that draws moves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from pullback import dtypes
from pullback.core.ir import Jaxpr
from pullback.core.stage import stage_hoisted
from pullback.core.trace import get_aval
from pullback.primitives.arithmetic import mul, rem
from pullback.primitives.convert import convert_element_type
from pullback.primitives.shape import full

# Larger values are scaled down, so that errors and derivatives stay small.
LIMIT = 4.0
INT_LIMIT = 100
# Sizes of axes: odd ones, ones that fill vectors, one and none.
SIZES = (1, 2, 2, 3, 3, 4, 4, 5, 5, 7, 8, 17, 0)
LARGE = (1, 3, 8, 16, 33, 64, 100)
# One in so many programs is large.
LARGE_EVERY = 8
FLOATS = ("float32", "float64", "bfloat16", "complex64")
FLOAT_ODDS = (0.5, 0.4, 0.04, 0.06)
MOST_ELEMENTS = 600
MOST_LARGE = 20000
INEXACT = ("float", "complex")


class Stuck(Exception):
    """A move that nothing in the pool fits."""


@dataclass(frozen=True, eq=False)
class Val:
    """A value of the program. `bound` is above all elements' sizes.

    `exact`: it has no rounding errors, so operations that jump may use it.
    """

    x: Any
    bound: float
    exact: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return get_aval(self.x).shape

    @property
    def dtype(self) -> Any:
        """The type of elements."""
        return get_aval(self.x).dtype

    @property
    def kind(self) -> str:
        """The family of the type of elements."""
        return dtypes.kind(self.dtype)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return get_aval(self.x).size


class Maker:
    """Draws moves: each takes values of the pool and adds its results."""

    def __init__(
        self, rng: np.random.Generator, pool: Sequence[Val], depth: int, most: int = MOST_ELEMENTS
    ) -> None:
        self.rng = rng
        self.most = most
        self.pool = list(pool)
        self.given = len(self.pool)
        self.depth = depth

    def below(self, n: int) -> int:
        """A random number from 0 to n - 1."""
        return int(self.rng.integers(n))

    def flip(self, odds: float = 0.5) -> bool:
        """True with these odds."""
        return bool(self.rng.random() < odds)

    def one_of(self, items: Sequence[Any]) -> Any:
        """One of the items."""
        if not items:
            raise Stuck
        return items[self.below(len(items))]

    def some(self, n: int, least: int = 0) -> tuple[int, ...]:
        """Some of the numbers below n, in order."""
        if n < least:
            raise Stuck
        count = least + self.below(n - least + 1)
        return tuple(sorted(self.rng.permutation(n)[:count].tolist()))

    def pick(
        self, *kinds: str, exact: bool = False, where: Callable[[Val], bool] | None = None
    ) -> Val:
        """A value of the pool, newer ones more often."""
        found = [
            v
            for v in self.pool
            if (not kinds or v.kind in kinds)
            and (v.exact or not exact)
            and (where is None or where(v))
        ]
        if not found:
            raise Stuck
        return found[max(self.below(len(found)), self.below(len(found)))]

    def like(self, v: Val, exact: bool = False, scalar: bool = True) -> Val:
        """A value of the same type, or a scalar, which stands for all elements."""

        def fits(w: Val) -> bool:
            return w.dtype == v.dtype and (w.shape == v.shape or (scalar and not w.shape))

        return self.pick(exact=exact, where=fits)

    def put(self, x: Any, bound: float, exact: bool) -> Val:
        """Add a value, scaled down where it is large."""
        v = Val(x, bound, exact)
        if v.size > self.most:
            raise Stuck
        if v.kind in INEXACT and bound > LIMIT:
            v = Val(mul(x, LIMIT / bound), LIMIT, False)
        elif v.kind in ("signed", "unsigned") and bound > INT_LIMIT:
            v = Val(rem(x, 7), 6, exact)
        self.pool.append(v)
        return v

    def run(self, moves: Sequence[Callable[["Maker"], Any]], odds: Any, steps: int) -> None:
        """Make this many moves."""
        made = 0
        for _ in range(8 * steps):
            if made == steps:
                return
            try:
                moves[int(self.rng.choice(len(moves), p=odds))](self)
                made += 1
            except Stuck:
                continue

    def results(self, most: int) -> list[Val]:
        """The newest values, some others of the pool among them."""
        new = self.pool[self.given :] or self.pool
        count = 1 + self.below(most)
        return new[-count:]

    def at_type(self, wanted: Val) -> Any:
        """A value of a given type, by conversion where none is there."""
        new = self.pool[self.given :]
        found = [v for v in new if v.dtype == wanted.dtype and v.shape == wanted.shape]
        if found:
            return found[-1].x
        scalars = [v for v in new if not v.shape and v.kind == wanted.kind]
        if scalars:
            x = convert_element_type(scalars[-1].x, wanted.dtype)
            return mul(wanted.x, x) if wanted.kind in INEXACT else wanted.x
        return wanted.x


def argument(rng: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Random values of an argument: those of half of the arrays are quarters, with ties."""
    kind = np.dtype(getattr(ml_dtypes, dtype, dtype))
    if dtype == "bool":
        return np.asarray(rng.random(shape) < 0.5)
    if kind.kind in "iu":
        return np.asarray(rng.integers(0 if kind.kind == "u" else -3, 6, shape), kind)
    x = rng.uniform(-2, 2, shape)
    if rng.random() < 0.5:
        x = np.round(x * 4) / 4
    if kind.kind == "c":
        x = x + 1j * rng.uniform(-2, 2, shape)
    return np.asarray(x, kind)


def arguments(rng: np.random.Generator, sizes: Sequence[int], most: int) -> list[np.ndarray]:
    """One to four arrays with sizes in common."""
    sizes = rng.choice(sizes, 3).tolist()
    main = str(rng.choice(FLOATS, p=FLOAT_ODDS))
    found = []
    for k in range(1 + int(rng.integers(4))):
        ndim = int(rng.choice(5, p=(0.15, 0.3, 0.35, 0.15, 0.05)))
        shape = tuple(int(rng.choice(sizes)) for _ in range(ndim))
        while int(np.prod(shape)) > most:
            shape = shape[1:]
        other = str(rng.choice(["int32", "bool", "int32", "float32", "float64", "uint8"]))
        found.append(argument(rng, main if k == 0 or rng.random() < 0.6 else other, shape))
    return found


def as_value(x: Any, exact: bool = True) -> Val:
    """What is known of an argument."""
    floating = dtypes.kind(get_aval(x).dtype) in INEXACT
    return Val(x, 3.0 if floating else 6, exact)


@dataclass(frozen=True)
class Program:
    """A program with arguments."""

    jaxpr: Jaxpr
    args: tuple[np.ndarray, ...]


def make(seed: int, moves: Sequence[Any], odds: Any, depth: int = 2) -> Program:
    """The program of a seed."""
    rng = np.random.default_rng(seed)
    large = seed % LARGE_EVERY == 0
    most = MOST_LARGE if large else MOST_ELEMENTS
    args = arguments(rng, LARGE if large else SIZES, most)

    def fun(*xs: Any) -> list[Any]:
        maker = Maker(rng, [as_value(x) for x in xs], depth, most)
        maker.run(moves, odds, 2 + maker.below(maker.one_of((7, 7, 14))))
        return [v.x for v in maker.results(4)]

    jaxpr, consts = stage_hoisted(fun, [get_aval(a) for a in args])
    return Program(jaxpr, (*map(np.asarray, consts), *args))


def constant(shape: tuple[int, ...], value: float, dtype: Any) -> Any:
    """An array of one number."""
    return full(shape, value, dtype)
