"""Reductions over sliding windows and up to a place, choices from windows, convolutions."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .... import dtypes
from ....primitives.reduce import least
from ..builder import Builder, table
from ..hlo import Tensor, Value, int64, ints, matrix
from .contract import axes_text, in_bytes, precision_text
from .elementwise import maximum, parts
from .reduce import COMBINE, NARROW, Combine, accumulator

Types = list[Tensor]
RULES, rule = table()


def reduce_window(
    b: Builder,
    xs: Sequence[Value],
    starts: Sequence[Value],
    types: Types,
    body: Callable[..., Any],
    **windows: Any,
) -> list[Value]:
    """Combine the elements of each window: `body` maps two tuples of scalars to one."""
    scalars = [Tensor((), x.dtype) for x in xs]
    region = b.region([*scalars, *scalars], body)
    lists = {k: ints(v) for k, v in windows.items() if k != "padding"}
    lists["base_dilations"] = lists.pop("base_dilation")
    lists["window_dilations"] = lists.pop("window_dilation")
    padding = matrix(windows["padding"])
    return b.op("reduce_window", [*xs, *starts], types, [region], **lists, padding=padding)


def window_reduction(name: str) -> Callable[..., Value]:
    """The rule of a reduction over windows."""
    combine, identity = COMBINE[name]

    def apply(b: Builder, types: Types, x: Value, **windows: Any) -> Value:
        wide = b.convert(x, accumulator(name, x))
        start = b.constant(identity(wide.dtype), wide.dtype)
        outs = [Tensor(types[0].shape, wide.dtype)]
        body = partial(combine, b)
        (out,) = reduce_window(b, [wide], [start], outs, body, **windows)
        return b.convert(out, x.dtype)

    return apply


for _name in ("sum", "max", "min"):
    rule(f"reduce_window_{_name}")(window_reduction(_name))


# Running reductions: the window at each place reaches back to the first, or on to the last.


def _log_add_exp(b: Builder, x: Value, y: Value) -> Value:
    """log(exp(x) + exp(y)) = m + log1p(exp(-|x - y|)); equal infinities are themselves."""
    top = maximum(b, x, y)
    gap = b.same("negate", b.same("abs", b.same("subtract", x, y)))
    out = b.same("add", top, b.same("log_plus_one", b.same("exponential", gap)))
    infinite = b.compare("EQ", b.same("abs", x), b.like(x, np.inf))
    return b.select(b.same("and", b.compare("EQ", x, y), infinite), x, out)


def cumulative(name: str, combine: Combine, identity: Callable[[Any], Any]) -> Callable[..., Value]:
    """The rule of a running reduction."""

    def apply(b: Builder, types: Types, x: Value, *, axis: int, reverse: bool) -> Value:
        if 0 in x.shape:
            return x
        wide = b.convert(x, accumulator(name, x))
        start = b.constant(identity(wide.dtype), wide.dtype)
        ones, reach = [1] * x.ndim, x.shape[axis] - 1
        padding = [(0, 0)] * x.ndim
        padding[axis] = (0, reach) if reverse else (reach, 0)
        windows = [*ones[:axis], reach + 1, *ones[axis + 1 :]]
        (out,) = reduce_window(
            b,
            [wide],
            [start],
            [wide.type],
            partial(combine, b),
            window_dimensions=windows,
            window_strides=ones,
            padding=padding,
            base_dilation=ones,
            window_dilation=ones,
        )
        return b.convert(out, x.dtype)

    return apply


for _name in ("sum", "prod", "max", "min"):
    rule(f"cum{_name}")(cumulative(_name, *COMBINE[_name]))
rule("cumlogsumexp")(cumulative("logsumexp", _log_add_exp, lambda dtype: -np.inf))


@rule("select_and_gather_add")
def _(b: Builder, types: Types, t: Value, x: Value, *, select_prim: Any, **windows: Any) -> Value:
    """Pairs of (x, t) are reduced: the first of the extreme x keeps its t."""
    greatest = select_prim.name == "ge"
    starts = [
        b.constant(least(x.dtype, 1 if greatest else -1), x.dtype),
        b.constant(0, t.dtype),
    ]

    def better(p: Value, s: Value, q: Value, r: Value) -> list[Value]:
        first = b.compare("GE" if greatest else "LE", p, q)
        return [b.select(first, p, q), b.select(first, s, r)]

    outs = [Tensor(types[0].shape, x.dtype), types[0]]
    return reduce_window(b, [x, t], starts, outs, better, **windows)[1]


@rule("select_and_scatter_add")
def _(
    b: Builder,
    types: Types,
    source: Value,
    x: Value,
    *,
    select_prim: Any,
    window_dimensions: Any,
    window_strides: Any,
    padding: Any,
) -> Value:
    wide = dtypes.float32 if x.dtype in NARROW else x.dtype
    # TPUs want windows of one element in the last two axes.
    more = (1, 1) if b.module.platform == "tpu" else ()
    s, y = (b.reshape(b.convert(v, wide), (*v.shape, *more)) for v in (source, x))
    scalar = Tensor((), wide)
    direction = "GE" if select_prim.name == "ge" else "LE"
    chosen = b.region([scalar, scalar], lambda p, q: b.compare(direction, p, q))
    added = b.region([scalar, scalar], lambda p, q: b.same("add", p, q))
    out = b.one(
        "select_and_scatter",
        [y, s, b.constant(0, wide)],
        y.type,
        [chosen, added],
        window_dimensions=ints((*window_dimensions, *more)),
        window_strides=ints((*window_strides, *more)),
        padding=matrix([*padding, *[(0, 0)] * len(more)]),
    )
    return b.convert(b.reshape(out, x.shape), x.dtype)


def _conv_numbers(numbers: Any) -> str:
    """Which axes are which."""
    x, w, y = numbers.lhs_spec, numbers.rhs_spec, numbers.out_spec
    return (
        f"#stablehlo.conv<raw input_batch_dimension = {x[0]}, input_feature_dimension = {x[1]},"
        f" input_spatial_dimensions = {axes_text(x[2:])},"
        f" kernel_output_feature_dimension = {w[0]}, kernel_input_feature_dimension = {w[1]},"
        f" kernel_spatial_dimensions = {axes_text(w[2:])},"
        f" output_batch_dimension = {y[0]}, output_feature_dimension = {y[1]},"
        f" output_spatial_dimensions = {axes_text(y[2:])}>"
    )


def _is_exact_in_float64(x: Value) -> bool:
    """Integers whose products double precision holds: CUDA has no convolutions of integers."""
    return dtypes.is_integer(x.dtype) and x.dtype.itemsize < 4


@rule("conv_general_dilated")
def convolution(
    b: Builder,
    types: Types,
    x: Value,
    w: Value,
    *,
    dimension_numbers: Any,
    feature_group_count: int,
    batch_group_count: int,
    precision: Any,
    preferred_element_type: Any,
    padding: Any,
    **windows: Any,
) -> Value:
    """Complex numbers are convolved by parts."""
    attributes = {
        "dimension_numbers": _conv_numbers(dimension_numbers),
        "feature_group_count": int64(feature_group_count),
        "batch_group_count": int64(batch_group_count),
        "padding": matrix(padding),
        **{name: ints(sizes) for name, sizes in windows.items()},
    }

    def convolved(p: Value, q: Value, out: Tensor) -> Value:
        if b.module.platform == "cuda" and _is_exact_in_float64(p):
            left, right = b.convert(p, dtypes.float64), b.convert(q, dtypes.float64)
            whole = convolved(left, right, Tensor(out.shape, dtypes.float64))
            return b.convert(b.convert(whole, dtypes.int64), out.dtype)
        p, q = in_bytes(b, p), in_bytes(b, q)
        how = precision_text(b, precision, p, q)
        return b.one("convolution", [p, q], out, **attributes, precision_config=how)

    if dtypes.kind(x.dtype) != "complex":
        return convolved(x, w, types[0])
    (xr, xi), (wr, wi) = parts(b, x), parts(b, w)
    out = Tensor(types[0].shape, xr.dtype)
    re = b.same("subtract", convolved(xr, wr, out), convolved(xi, wi, out))
    im = b.same("add", convolved(xr, wi, out), convolved(xi, wr, out))
    return b.one("complex", [re, im], types[0])
