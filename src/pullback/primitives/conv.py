"""Convolution: conv_general_dilated, with strides, dilations, groups and any order of axes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..core.aval import Shape, ShapedArray, type_name
from ..core.primitive import Linear, Primitive, Zero
from ..core.trace import get_aval
from ..dtypes import DType
from .batching import Dim, move_axis
from .convert import convert_element_type
from .convolve import convolve
from .nary import add_any
from .pieces import rev
from .quiet import quiet
from .rules import check_same_dtype
from .shape import reshape, zeros
from .sliding import Padding, adjoint_pads, dilated, window_counts

Axes = tuple[int, ...]


class ConvDimensionNumbers(NamedTuple):
    """Which axes are which.

    lhs_spec: the axes of the batch, of features, and of space.
    rhs_spec: the axes of output features, of input features, and of space.
    out_spec: the axes of the batch, of features, and of space.

    >>> pb.lax.conv_dimension_numbers((1, 8, 8, 3), (3, 3, 3, 16), ("NHWC", "HWIO", "NHWC"))
    ConvDimensionNumbers(lhs_spec=(0, 3, 1, 2), rhs_spec=(3, 2, 0, 1), out_spec=(0, 3, 1, 2))
    """

    lhs_spec: Axes
    rhs_spec: Axes
    out_spec: Axes


conv_general_dilated_p = Primitive("conv_general_dilated")


# conv_general_dilated -- y[n, o, s..] = sum_i,k.. x[n, i, s.. stride + k.. dilation] w[o, i, k..]
def conv_general_dilated(
    lhs: Any,
    rhs: Any,
    window_strides: Shape,
    padding: Padding,
    lhs_dilation: Shape,
    rhs_dilation: Shape,
    dimension_numbers: ConvDimensionNumbers,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
    precision: Any = None,
    preferred_element_type: DType | None = None,
) -> Any:
    """Correlate windows of `lhs` with `rhs`. All axes and parameters are given in full."""
    return conv_general_dilated_p.bind(
        lhs,
        rhs,
        window_strides=window_strides,
        padding=padding,
        lhs_dilation=lhs_dilation,
        rhs_dilation=rhs_dilation,
        dimension_numbers=dimension_numbers,
        feature_group_count=feature_group_count,
        batch_group_count=batch_group_count,
        precision=precision,
        preferred_element_type=preferred_element_type,
    )


def sizes_at(shape: Sequence[int], axes: Sequence[int]) -> Shape:
    """The sizes of some axes, in their order."""
    return tuple(shape[a] for a in axes)


@conv_general_dilated_p.def_type
def _(x, w, *, dimension_numbers, feature_group_count, batch_group_count, **params):
    numbers, preferred = dimension_numbers, params["preferred_element_type"]
    if preferred is None:
        check_same_dtype("conv_general_dilated", x, w)
    _check_parameters(x, w, numbers, params)
    _check_groups(x, w, numbers, feature_group_count, batch_group_count)
    xs, ws = sizes_at(x.shape, numbers.lhs_spec), sizes_at(w.shape, numbers.rhs_spec)
    spatial = window_counts(
        xs[2:],
        ws[2:],
        params["window_strides"],
        params["padding"],
        params["lhs_dilation"],
        params["rhs_dilation"],
    )
    shape = [0] * x.ndim
    sizes = (xs[0] // batch_group_count, ws[0], *spatial)
    for axis, n in zip(numbers.out_spec, sizes, strict=True):
        shape[axis] = n
    dtype = x.dtype if preferred is None else preferred
    return ShapedArray(shape, dtype, x.weak_type and w.weak_type and preferred is None)


def _fail(message: str, x: ShapedArray, w: ShapedArray, error: type[Exception] = ValueError):
    raise error(f"conv_general_dilated: {message}, got {type_name(x)} and {type_name(w)}")


def _check_parameters(
    x: ShapedArray, w: ShapedArray, numbers: ConvDimensionNumbers, params: dict[str, Any]
) -> None:
    if x.ndim != w.ndim or x.ndim < 2:
        _fail("the operands must have one rank of at least 2", x, w)
    for what, spec in zip(numbers._fields, numbers, strict=True):
        if sorted(spec) != list(range(x.ndim)):
            _fail(f"{what} {spec} must order {x.ndim} axes", x, w)
    for what in ("window_strides", "padding", "lhs_dilation", "rhs_dilation"):
        if len(params[what]) != x.ndim - 2:
            _fail(f"{what} {params[what]} must have one entry for each axis of space", x, w)
        if what != "padding" and any(n < 1 for n in params[what]):
            _fail(f"{what} {params[what]} must be positive", x, w)
    sizes = sizes_at(x.shape, numbers.lhs_spec[2:])
    axes = zip(sizes, params["lhs_dilation"], params["padding"], strict=True)
    if any(dilated(n, base) + low + high < 0 for n, base, (low, high) in axes):
        _fail(f"padding {params['padding']} leaves negative sizes", x, w)


def _check_groups(
    x: ShapedArray, w: ShapedArray, numbers: ConvDimensionNumbers, features: int, batches: int
) -> None:
    n, c = sizes_at(x.shape, numbers.lhs_spec[:2])
    o, i = sizes_at(w.shape, numbers.rhs_spec[:2])
    if features < 1 or batches < 1 or (features > 1 and batches > 1):
        _fail(
            f"feature_group_count {features} and batch_group_count {batches} must be positive, and"
            " one of them 1",
            x,
            w,
        )
    if c != i * features:
        _fail(
            f"lhs must have rhs's {i} input features times feature_group_count {features}, has {c}",
            x,
            w,
        )
    if o % features or o % batches or n % batches:
        _fail(
            f"rhs's output features {o} must be a multiple of feature_group_count {features} and"
            f" of batch_group_count {batches}, and lhs's batch {n} of the latter",
            x,
            w,
        )


conv_general_dilated_p.def_value(quiet(convolve))


def multiplications(x: ShapedArray, w: ShapedArray, **params: Any) -> int:
    """How many numbers are multiplied."""
    out = conv_general_dilated_p.type(x, w, **params)
    features = w.shape[params["dimension_numbers"].rhs_spec[0]]
    return out.size * w.size // max(features, 1)


# Derivatives: linear in each operand.
@conv_general_dilated_p.def_jvp
def _(primals, tangents, **params):
    x, w = primals
    tx, tw = tangents
    bind = conv_general_dilated_p.bind
    terms = []
    if type(tx) is not Zero:
        terms.append(bind(tx, w, **params))
    if type(tw) is not Zero:
        terms.append(bind(x, tw, **params))
    return bind(x, w, **params), terms[0] if len(terms) == 1 else add_any(*terms)


@conv_general_dilated_p.def_transpose
def _(ct, x, w, **params):
    empty = 0 in (*get_aval(ct).shape, *_aval(x).shape, *_aval(w).shape)
    if type(x) is Linear:
        out = zeros(x.aval) if empty else _transpose_lhs(ct, x.aval, w, **params)
        return [_like(out, x.aval), None]
    out = zeros(w.aval) if empty else _transpose_rhs(ct, x, w.aval, **params)
    return [None, _like(out, w.aval)]


def _aval(operand: Any) -> ShapedArray:
    return operand.aval if type(operand) is Linear else get_aval(operand)


def _like(ct: Any, aval: ShapedArray) -> Any:
    return ct if get_aval(ct).dtype == aval.dtype else convert_element_type(ct, aval.dtype)


def _transpose_lhs(ct, x, w, *, dimension_numbers, **params):
    """Each element of x met the taps in reverse order: convolve ct with w turned around."""
    lhs, rhs, out = dimension_numbers
    features, batches = params["feature_group_count"], params["batch_group_count"]
    taps = sizes_at(w.shape, rhs[2:])
    pads = adjoint_pads(
        sizes_at(x.shape, lhs[2:]),
        taps,
        sizes_at(get_aval(ct).shape, out[2:]),
        params["window_strides"],
        params["padding"],
        params["lhs_dilation"],
        params["rhs_dilation"],
    )
    w = rev(w, rhs[2:])
    groups = max(features, batches)
    if groups > 1:
        # The groups of output features become groups of what is now the output: x's features.
        w = merge_axis(split_axis(w, rhs[0], groups), rhs[0], rhs[1])
    z = conv_general_dilated(
        ct,
        w,
        params["lhs_dilation"],
        pads,
        params["window_strides"],
        params["rhs_dilation"],
        ConvDimensionNumbers(out, (rhs[1], rhs[0], *rhs[2:]), lhs),
        groups,
        1,
        params["precision"],
        params["preferred_element_type"],
    )
    if batches > 1:
        z = merge_axis(split_axis(z, lhs[1], batches), lhs[1], lhs[0])
    return z


def _transpose_rhs(ct, x, w, *, dimension_numbers, **params):
    """Each tap met the elements of x a stride apart: slide ct, so dilated, over x."""
    lhs, rhs, out = dimension_numbers
    pads = _rhs_pads(
        sizes_at(get_aval(x).shape, lhs[2:]),
        sizes_at(w.shape, rhs[2:]),
        sizes_at(get_aval(ct).shape, out[2:]),
        params,
    )
    return conv_general_dilated(
        x,
        ct,
        params["rhs_dilation"],
        pads,
        params["lhs_dilation"],
        params["window_strides"],
        ConvDimensionNumbers(
            (lhs[1], lhs[0], *lhs[2:]),
            (out[1], out[0], *out[2:]),
            (rhs[1], rhs[0], *rhs[2:]),
        ),
        params["batch_group_count"],
        params["feature_group_count"],
        params["precision"],
        params["preferred_element_type"],
    )


def _rhs_pads(sizes: Shape, taps: Shape, counts: Shape, params: dict[str, Any]) -> Padding:
    pads = []
    for n, k, m, stride, base, wide, (low, _) in zip(
        sizes,
        taps,
        counts,
        params["window_strides"],
        params["lhs_dilation"],
        params["rhs_dilation"],
        params["padding"],
        strict=True,
    ):
        pads.append((low, dilated(k, wide) - 1 + dilated(m, stride) - dilated(n, base) - low))
    return tuple(pads)


def split_axis(x: Any, axis: int, groups: int) -> Any:
    """The axis as two: `groups` before the rest."""
    n = x.shape[axis]
    return reshape(x, (*x.shape[:axis], groups, n // groups, *x.shape[axis + 1 :]))


def merge_axis(x: Any, source: int, into: int) -> Any:
    """An axis made the slow part of another, which is counted without the first."""
    x = move_axis(x, source, into)
    n, m = x.shape[into], x.shape[into + 1]
    return reshape(x, (*x.shape[:into], n * m, *x.shape[into + 2 :]))


@conv_general_dilated_p.def_batch
def _(args, dims, **params):
    (x, w), (dx, dw) = args, dims
    if dx is not None and dw is not None:
        return _batch_both(x, w, dx, dw, params)
    return _batch_lhs(x, w, dx, params) if dx is not None else _batch_rhs(x, w, dw, params)


def _bind_split(x: Any, w: Any, axis: int, size: int, params: dict[str, Any]) -> tuple[Any, Dim]:
    z = conv_general_dilated_p.bind(x, w, **params)
    return split_axis(z, axis, size), axis


def _batch_lhs(x, w, dim, params):
    """The batch joins lhs's own batch, inside of its groups."""
    lhs, _, out = params["dimension_numbers"]
    size, groups = x.shape[dim], params["batch_group_count"]
    if groups == 1:
        return _bind_split(merge_axis(x, dim, lhs[0]), w, out[0], size, params)
    x = move_axis(x, dim, 0)
    x = split_axis(x, lhs[0] + 1, groups)
    x = merge_axis(x, 0, lhs[0] + 1)
    x = merge_axis(x, lhs[0], lhs[0])
    return _bind_split(x, w, out[0], size, params)


def _batch_rhs(x, w, dim, params):
    """The batch joins the output features, inside of their groups."""
    _, rhs, out = params["dimension_numbers"]
    size = w.shape[dim]
    groups = max(params["feature_group_count"], params["batch_group_count"])
    if groups == 1:
        return _bind_split(x, merge_axis(w, dim, rhs[0]), out[1], size, params)
    w = move_axis(w, dim, 0)
    w = split_axis(w, rhs[0] + 1, groups)
    w = merge_axis(w, 0, rhs[0] + 1)
    w = merge_axis(w, rhs[0], rhs[0])
    z = conv_general_dilated_p.bind(x, w, **params)
    z = split_axis(split_axis(z, out[1], groups), out[1] + 1, size)
    # (group, batch, rest) to (batch, group and rest)
    z = move_axis(z, out[1] + 1, 0)
    return merge_axis(z, out[1] + 1, out[1] + 1), 0


def _batch_both(x, w, dx, dw, params):
    """The batch becomes the slow part of the groups: of the batch's if there are, or features'."""
    lhs, rhs, out = params["dimension_numbers"]
    size = x.shape[dx]
    kind = "batch_group_count" if params["batch_group_count"] > 1 else "feature_group_count"
    x = merge_axis(x, dx, lhs[0] if kind == "batch_group_count" else lhs[1])
    w = merge_axis(w, dw, rhs[0])
    return _bind_split(x, w, out[1], size, {**params, kind: params[kind] * size})
