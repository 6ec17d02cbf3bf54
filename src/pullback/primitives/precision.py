"""How exactly products are wanted. Here all are exact to their dtype, so it is only recorded."""

import enum
from typing import Any


class Precision(enum.Enum):
    """The precision of products: on the CPU all three are full precision."""

    DEFAULT = 0
    HIGH = 1
    HIGHEST = 2

    def __repr__(self) -> str:
        return f"Precision.{self.name}"

    def __str__(self) -> str:
        return self.name


NAMES = {
    "default": Precision.DEFAULT,
    "fastest": Precision.DEFAULT,
    "bfloat16": Precision.DEFAULT,
    "high": Precision.HIGH,
    "bfloat16_3x": Precision.HIGH,
    "tensorfloat32": Precision.HIGH,
    "highest": Precision.HIGHEST,
    "float32": Precision.HIGHEST,
}


def canonical_precision(precision: Any) -> tuple[Precision, Precision] | None:
    """A pair from one precision, its name, or a pair of them."""
    if precision is None:
        return None
    pair = precision if isinstance(precision, (tuple, list)) else (precision, precision)
    if len(pair) != 2:
        raise ValueError(f"precision: one or a pair is wanted, got {precision!r}")
    if pair[0] is None and pair[1] is None:
        return None
    left, right = (_one(p) for p in pair)
    return left, right


def _one(precision: Any) -> Precision:
    if isinstance(precision, Precision):
        return precision
    if precision is None:
        return Precision.DEFAULT
    if not isinstance(precision, str) or precision not in NAMES:
        raise ValueError(f"precision: one of {sorted(NAMES)} is wanted, got {precision!r}")
    return NAMES[precision]
