"""Contractions of two arrays."""

from collections.abc import Sequence
from typing import Any

from .... import dtypes
from ..builder import Builder, table
from ..hlo import Tensor, Value
from .elementwise import FLOAT4, SMALL

RULES, rule = table()


def axes_text(axes: Sequence[int]) -> str:
    """Axes in brackets."""
    return f"[{', '.join(map(str, axes))}]"


def precision_text(b: Builder, precision: Any, *operands: Value) -> str:
    """How exact products are: float32 in full unless asked, which only the CPU does by itself."""
    both = precision if isinstance(precision, tuple) else (precision, precision)
    full = b.module.platform != "cpu" and any(x.dtype == dtypes.float32 for x in operands)
    names = ["HIGHEST" if full and p is None else name_of(p) for p in both]
    return f"[{', '.join(f'#stablehlo<precision {n}>' for n in names)}]"


def name_of(precision: Any) -> str:
    """DEFAULT, HIGH or HIGHEST."""
    if precision is None:
        return "DEFAULT"
    return str(getattr(precision, "name", precision)).upper()


def in_bytes(b: Builder, x: Value) -> Value:
    """Factors of fewer than eight bits in a wider type where XLA has no products of them."""
    if b.module.platform == "tpu":
        return x
    return b.convert(x, dtypes.BFLOAT16 if x.dtype == FLOAT4 else SMALL.get(x.dtype, x.dtype))


@rule("dot_general")
def _(
    b: Builder,
    types: list[Tensor],
    x: Value,
    y: Value,
    *,
    dimension_numbers: Any,
    precision: Any,
    preferred_element_type: Any,
) -> Value:
    (xc, yc), (xb, yb) = dimension_numbers
    numbers = (
        f"#stablehlo.dot<lhs_batching_dimensions = {axes_text(xb)},"
        f" rhs_batching_dimensions = {axes_text(yb)},"
        f" lhs_contracting_dimensions = {axes_text(xc)},"
        f" rhs_contracting_dimensions = {axes_text(yc)}>"
    )
    x, y = in_bytes(b, x), in_bytes(b, y)
    how = precision_text(b, precision, x, y)
    return b.one(
        "dot_general", [x, y], types[0], dot_dimension_numbers=numbers, precision_config=how
    )
