"""How exactly products are wanted. The CPU's are exact to their dtype; other devices look at it."""

import enum
from typing import Any, NamedTuple

import numpy as np

from .. import config


class Precision(enum.Enum):
    """The precision of products: on the CPU all three are full precision.

    >>> pnp.dot(pnp.ones(3), pnp.ones(3), precision=pb.lax.Precision.HIGHEST)
    Array(3., dtype=float32)
    """

    DEFAULT = 0
    HIGH = 1
    HIGHEST = 2

    def __repr__(self) -> str:
        return f"Precision.{self.name}"

    def __str__(self) -> str:
        return self.name


class DotAlgorithm(NamedTuple):
    """The types in which a product is computed: those of the operands, and of the sums.

    >>> in_32 = pb.lax.DotAlgorithm(np.float32, np.float32, np.float32)
    >>> pnp.dot(pnp.ones(3), pnp.ones(3), precision=in_32)
    Array(3., dtype=float32)
    """

    lhs_precision_type: Any
    rhs_precision_type: Any
    accumulation_type: Any
    lhs_component_count: int = 1
    rhs_component_count: int = 1
    num_primitive_operations: int = 1
    allow_imprecise_accumulation: bool = False


NAMES = {
    "default": Precision.DEFAULT,
    "fastest": Precision.DEFAULT,
    "bfloat16": Precision.DEFAULT,
    "high": Precision.HIGH,
    "bfloat16_3x": Precision.HIGH,
    "tensorfloat32": Precision.HIGH,
    "highest": Precision.HIGHEST,
    "float32": Precision.HIGHEST,
    # Algorithms, by the dtypes of the operands and of the sums.
    **dict.fromkeys(
        "ANY_F8_ANY_F8_F32 ANY_F8_ANY_F8_F32_FAST_ACCUM ANY_F8_ANY_F8_ANY"
        " ANY_F8_ANY_F8_ANY_FAST_ACCUM F16_F16_F16 F16_F16_F32 BF16_BF16_BF16 BF16_BF16_F32"
        " DEFAULT".split(),
        Precision.DEFAULT,
    ),
    **dict.fromkeys(["BF16_BF16_F32_X3", "TF32_TF32_F32", "HIGH"], Precision.HIGH),
    **dict.fromkeys(
        "BF16_BF16_F32_X6 BF16_BF16_F32_X9 TF32_TF32_F32_X3 F32_F32_F32 F64_F64_F64"
        " HIGHEST".split(),
        Precision.HIGHEST,
    ),
}


def canonical_precision(precision: Any) -> tuple[Precision, Precision] | None:
    """A pair from one precision, its name, or a pair of them; None where nothing is asked for."""
    if precision is None:
        precision = config.current().default_matmul_precision
    if precision is None:
        return None
    one = isinstance(precision, DotAlgorithm) or not isinstance(precision, (tuple, list))
    pair = (precision, precision) if one else precision
    if len(pair) != 2:
        raise ValueError(f"precision: one or a pair is wanted, got {precision!r}")
    if pair[0] is None and pair[1] is None:
        return None
    left, right = (_one(p) for p in pair)
    return left, right


def _one(precision: Any) -> Precision:
    if isinstance(precision, DotAlgorithm):
        exact = np.dtype(precision.accumulation_type) == np.dtype(precision.lhs_precision_type)
        return Precision.HIGHEST if exact else Precision.DEFAULT
    name = precision.name if isinstance(precision, enum.Enum) else precision
    if name is None:
        return Precision.DEFAULT
    if name not in NAMES:
        raise ValueError(f"precision: one of {sorted(NAMES)} is wanted, got {precision!r}")
    return NAMES[name]
