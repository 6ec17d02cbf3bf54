"""How products and elementary functions may be asked to be computed; here there is one way each."""

import enum
from collections.abc import Sequence

from ..primitives.precision import DotAlgorithm, Precision

DotDimensionNumbers = tuple[
    tuple[Sequence[int], Sequence[int]], tuple[Sequence[int], Sequence[int]]
]


class DotAlgorithmPreset(enum.Enum):
    """Names of algorithms: the operands' types, then the type of the sums.

    >>> pnp.dot(pnp.ones(3), pnp.ones(3), precision=pb.lax.DotAlgorithmPreset.F32_F32_F32)
    Array(3., dtype=float32)
    """

    DEFAULT = enum.auto()
    ANY_F8_ANY_F8_F32 = enum.auto()
    ANY_F8_ANY_F8_F32_FAST_ACCUM = enum.auto()
    ANY_F8_ANY_F8_ANY = enum.auto()
    ANY_F8_ANY_F8_ANY_FAST_ACCUM = enum.auto()
    F16_F16_F16 = enum.auto()
    F16_F16_F32 = enum.auto()
    BF16_BF16_BF16 = enum.auto()
    BF16_BF16_F32 = enum.auto()
    BF16_BF16_F32_X3 = enum.auto()
    BF16_BF16_F32_X6 = enum.auto()
    BF16_BF16_F32_X9 = enum.auto()
    TF32_TF32_F32 = enum.auto()
    TF32_TF32_F32_X3 = enum.auto()
    F32_F32_F32 = enum.auto()
    F64_F64_F64 = enum.auto()

    def __repr__(self) -> str:
        return self.name


PrecisionLike = (
    None
    | str
    | Precision
    | tuple[str, str]
    | tuple[Precision, Precision]
    | DotAlgorithm
    | DotAlgorithmPreset
)


class AccuracyMode(enum.Enum):
    """How exact an elementary function is to be.

    >>> pb.lax.exp(pnp.array([0.0]), accuracy=pb.lax.AccuracyMode.HIGHEST)
    Array([1.], dtype=float32)
    """

    HIGHEST = 1
    DEFAULT = 2


class Tolerance:
    """How exact an elementary function is to be, in numbers.

    >>> pb.lax.exp(pnp.array([0.0]), accuracy=pb.lax.Tolerance(ulps=2))
    Array([1.], dtype=float32)
    """

    def __init__(self, atol: float = 0.0, rtol: float = 0.0, ulps: int = 0) -> None:
        if atol < 0 or rtol < 0 or ulps < 0:
            raise ValueError(f"Tolerance: no negative numbers, got {atol}, {rtol}, {ulps}")
        if atol == rtol == ulps == 0:
            raise ValueError("Tolerance: give at least one of atol, rtol and ulps")
        self.atol = atol
        self.rtol = rtol
        self.ulps = ulps
