"""Arguments drawn from a seed: shapes, dtypes, values, and what a parameter may be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np

# Few shapes, so that the oracle compiles each operation seldom; the common ones stand twice.
SHAPES = [
    *[(), (1,), (3,), (2, 3), (2, 3, 4)] * 2,
    *[(0,), (3, 1), (1, 3), (0, 3), (2, 0), (3, 3), (2, 1, 3), (2, 1, 3, 2), (2, 3, 1, 2)],
]
NARROW = {
    "b": ["bool"],
    "i": ["int32", "int32", "int8", "int16"],
    "u": ["uint8", "uint32", "uint16"],
    "f": ["float32", "float32", "float32", "float16", "bfloat16"],
    "c": ["complex64"],
}
WIDE = {"i": ["int64"] * 2, "u": ["uint64"], "f": ["float64"] * 3, "c": ["complex128"]}
SMALL = (-5, 9)
ABSENT = object()


@dataclass
class Draw:
    """One draw: its random numbers, the switch, and the shape of the first array drawn."""

    rng: np.random.Generator
    x64: bool
    first: np.ndarray | None = None
    special: bool = field(init=False)
    rounded: bool = field(init=False)

    def __post_init__(self) -> None:
        self.special = self.chance(0.25)
        self.rounded = self.chance(0.4)

    def chance(self, p: float) -> bool:
        """True with probability `p`."""
        return bool(self.rng.random() < p)

    def pick(self, values: Sequence[Any]) -> Any:
        """One of the values."""
        return values[int(self.rng.integers(len(values)))]

    def integer(self, low: int, high: int) -> int:
        """A number of `range(low, high)`."""
        return int(self.rng.integers(low, high))

    @property
    def ndim(self) -> int:
        """The rank of the first array."""
        return 0 if self.first is None else self.first.ndim

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the first array."""
        return () if self.first is None else self.first.shape


Kind = Callable[[Draw], Any]


def dtype_of(d: Draw, kinds: str) -> np.dtype:
    """A dtype of one of the kinds, as the switch allows."""
    kind = d.pick(kinds)
    names = NARROW[kind] + (WIDE.get(kind, []) if d.x64 else [])
    return np.dtype(ml_dtypes.bfloat16) if (n := d.pick(names)) == "bfloat16" else np.dtype(n)


def values(d: Draw, shape: tuple[int, ...], dtype: np.dtype, special: bool) -> np.ndarray:
    """Numbers of a dtype; `special` puts extreme ones among them."""
    if dtype.kind == "b":
        return d.rng.random(shape) < 0.5
    if dtype.kind in "iu":
        return _integers(d, shape, dtype, special)
    if dtype.kind == "c":
        part = np.dtype("float32" if dtype.itemsize == 8 else "float64")
        real, imag = (_floats(d, shape, part, special) for _ in range(2))
        out = np.empty(shape, dtype)
        out.real, out.imag = real, imag
        return out
    return _floats(d, shape, dtype, special)


def _integers(d: Draw, shape: tuple[int, ...], dtype: np.dtype, special: bool) -> np.ndarray:
    info = np.iinfo(dtype)
    x = d.rng.integers(max(info.min, SMALL[0]), SMALL[1], shape).astype(dtype)
    return _sprinkle(d, x, [info.min, info.max, 0, 1]) if special else x


def _floats(d: Draw, shape: tuple[int, ...], dtype: np.dtype, special: bool) -> np.ndarray:
    x = np.asarray(d.rng.standard_normal(shape) * 2)
    x = np.round(x * 4) / 4 if d.rounded else x
    x = x.astype(dtype)
    info = ml_dtypes.finfo(dtype)
    odd = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, info.max, info.smallest_normal]
    return _sprinkle(d, x, odd) if special else x


def _sprinkle(d: Draw, x: np.ndarray, odd: list[Any]) -> np.ndarray:
    x = np.array(x)
    for place in np.flatnonzero(d.rng.random(x.shape) < 0.4):
        x.reshape(-1)[place] = d.pick(odd)
    return x


def array(
    kinds: str = "biuffc",
    ranks: tuple[int, int] = (0, 4),
    special: bool = True,
    scalar: float = 0.08,
    empty: bool = True,
) -> Kind:
    """An array, the one that others refer to if it is the first; now and then a Python number."""

    def kind(d: Draw) -> Any:
        if ranks[0] == 0 and d.chance(scalar):
            return python_number(d, kinds)
        fit = [s for s in SHAPES if ranks[0] <= len(s) <= ranks[1] and (empty or 0 not in s)]
        x = values(d, d.pick(fit), dtype_of(d, kinds), special and d.special)
        if d.first is None:
            d.first = x
        return x

    return kind


def python_number(d: Draw, kinds: str) -> Any:
    """A Python number, of weak type."""
    number = {
        "b": lambda: d.chance(0.5),
        "i": lambda: d.integer(*SMALL),
        "u": lambda: d.integer(0, 9),
        "f": lambda: d.integer(-20, 20) / 8,
        "c": lambda: complex(d.integer(-4, 4), d.integer(-4, 4) / 2),
    }
    return number[d.pick(kinds)]()


def other(
    kinds: str = "biuffc", special: bool = True, scalar: float = 0.15, misfit: float = 0.03
) -> Kind:
    """An array that broadcasts with the first one, mostly; often of its dtype."""

    def kind(d: Draw) -> Any:
        if d.chance(scalar):
            return python_number(d, kinds)
        if d.chance(misfit):
            return values(d, (5,), dtype_of(d, kinds), False)
        same = d.first is not None and d.first.dtype.kind in kinds + "V" and d.chance(0.5)
        dtype = d.first.dtype if same else dtype_of(d, kinds)
        return values(d, broadcastable(d), dtype, special and d.special)

    return kind


def broadcastable(d: Draw) -> tuple[int, ...]:
    """A shape that broadcasts with the first array's."""
    if d.chance(0.5):
        return d.shape
    kept = d.shape[d.integer(0, d.ndim + 1) :]
    return tuple(1 if d.chance(0.3) else n for n in kept)


def like(special: bool = True) -> Kind:
    """An array of the first one's shape and dtype."""

    def kind(d: Draw) -> Any:
        assert d.first is not None
        return values(d, d.shape, d.first.dtype, special and d.special)

    return kind


def mask(d: Draw) -> np.ndarray:
    """Bools that broadcast with the first array."""
    return d.rng.random(broadcastable(d)) < 0.7


def axis(d: Draw) -> int:
    """An axis of the first array; now and then one that it lacks."""
    if d.ndim == 0 or d.chance(0.04):
        return d.pick([0, -1, d.ndim, -d.ndim - 1])
    return d.integer(-d.ndim, d.ndim)


def axis_or_none(d: Draw) -> int | None:
    """An axis, or all as one."""
    return None if d.chance(0.2) else axis(d)


def axes(d: Draw) -> Any:
    """None, an axis or several; now and then one twice."""
    if d.chance(0.5):
        return axis_or_none(d)
    count = d.integer(0, d.ndim + 1)
    chosen = d.rng.permutation(d.ndim)[:count].tolist()
    if d.chance(0.05):
        chosen = chosen * 2
    return tuple(a - d.ndim if d.chance(0.3) else a for a in chosen)


def flag(d: Draw) -> bool:
    """A bool."""
    return d.chance(0.5)


def dtype(kinds: str = "biufc") -> Kind:
    """A dtype, as NumPy's type, its name or Python's type."""

    def kind(d: Draw) -> Any:
        python = [
            t
            for letter, t in zip("bifc", (bool, int, float, complex), strict=True)
            if letter in kinds
        ]
        if python and d.chance(0.15):
            return d.pick(python)
        found = dtype_of(d, kinds)
        return found if d.chance(0.6) else found.name

    return kind


def choice(*given: Any) -> Kind:
    """One of some values."""
    return lambda d: d.pick(given)


def number(low: float = -3, high: float = 3) -> Kind:
    """A Python float."""
    return lambda d: round(float(d.rng.uniform(low, high)), 3)


def count(low: int, high: int) -> Kind:
    """A Python integer of `range(low, high)`."""
    return lambda d: d.integer(low, high)


def maybe(kind: Kind, p: float = 0.4) -> Kind:
    """Present with probability `p`, left out otherwise."""
    return lambda d: kind(d) if d.chance(p) else ABSENT


def several(kind: Kind, low: int = 1, high: int = 4) -> Kind:
    """A list of them."""
    return lambda d: [kind(d) for _ in range(d.integer(low, high))]


def shaped(
    *dims: int | str,
    kinds: str = "ff",
    batch: Sequence[tuple[int, ...]] = ((),),
    special: bool = False,
) -> Kind:
    """An array of given sizes behind one of the batch shapes; a letter is a size drawn once."""

    def kind(d: Draw) -> Any:
        sizes = d.__dict__.setdefault("sizes", {})
        lead = d.__dict__.setdefault("lead", d.pick(batch))
        for name in dims:
            if isinstance(name, str):
                sizes.setdefault(name, d.integer(1, 5))
        shape = lead + tuple(sizes[n] if isinstance(n, str) else n for n in dims)
        same = d.first is not None and d.first.dtype.kind in kinds
        x = values(d, shape, d.first.dtype if same else dtype_of(d, kinds), special and d.special)
        if d.first is None:
            d.first = x
        return x

    return kind


def indices(extent: Kind | int, shape: tuple[int, ...] | None = None, wild: bool = False) -> Kind:
    """Integers below `extent` and, mostly, not below its negative; `wild` ones lie anywhere."""

    def kind(d: Draw) -> Any:
        n = extent if isinstance(extent, int) else extent(d)
        low, high = (-n - 3, n + 3) if wild else (-n, n)
        of = d.pick([(), (1,), (3,), (2, 3)]) if shape is None else shape
        dtype = np.dtype(d.pick(["int32", "int32", "int8", "int64" if d.x64 else "int16"]))
        top = np.iinfo(dtype).max
        low, high = max(low, -top), min(high, top)
        return d.rng.integers(low, max(high, low + 1), of).astype(dtype)

    return kind


def mapped(f: Callable[[np.ndarray], np.ndarray], kind: Kind) -> Kind:
    """What `f` makes of the drawn array, for functions of part of the numbers."""

    def drawn(d: Draw) -> Any:
        x = kind(d)
        y = f(x)
        made = y.astype(x.dtype) if isinstance(x, np.ndarray) else y
        if d.first is x:
            d.first = made
        return made

    return drawn
