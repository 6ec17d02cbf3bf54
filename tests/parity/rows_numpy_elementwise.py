"""Elementwise functions of `numpy`, and reductions."""

import numpy as np
from draws import (
    ABSENT,
    Draw,
    array,
    axes,
    axis_or_none,
    broadcastable,
    choice,
    count,
    dtype,
    dtype_of,
    flag,
    mask,
    number,
    other,
    values,
)
from engine import Row

REAL = "biuff"


def _binary(kinds: str = "biuffc") -> tuple:
    return array(kinds), other(kinds)


def _mean_of(d: Draw) -> object:
    """The mean that `var` is given, only where all axes are one."""
    return ABSENT


def _powers(d: Draw) -> tuple[tuple, dict]:
    """A base, and an exponent: a small Python number or an array."""
    base = array()(d)
    exponent = d.pick([2, 3, -1, 0, 0.5, 2.0]) if d.chance(0.3) else other()(d)
    return (base, exponent), {}


def _clipped(d: Draw) -> tuple[tuple, dict]:
    x = array()(d)
    low, high = (other("iuf")(d) if d.chance(0.7) else None for _ in range(2))
    return (x, low, high), {}


def _shifts(d: Draw) -> tuple[tuple, dict]:
    """Integers and how far they are shifted."""
    x = array("bii", scalar=0.2)(d)
    y = values(d, broadcastable(d), dtype_of(d, "iu"), False)
    return (x, np.abs(y) if d.chance(0.7) else y), {}


def _averaged(d: Draw) -> tuple[tuple, dict]:
    x = array("iffc", special=False)(d)
    kwargs: dict = {"axis": axis_or_none(d)} if d.chance(0.6) else {}
    if d.chance(0.5):
        kwargs["weights"] = 1 + np.abs(values(d, np.shape(x), dtype_of(d, "if"), False))
    if d.chance(0.4):
        kwargs["returned"] = True
    if d.chance(0.4):
        kwargs["keepdims"] = True
    return (x,), kwargs


def _percentile(top: float) -> object:
    def call(d: Draw) -> tuple[tuple, dict]:
        x = array("iuff", empty=False)(d)
        q = round(float(d.rng.uniform(0, top)), 3)
        if d.chance(0.4):
            q = np.round(d.rng.uniform(0, top, 3), 3).astype("float32")
        kwargs = {
            "axis": axes(d),
            "method": d.pick(["linear", "lower", "higher", "nearest", "midpoint"]),
            "keepdims": d.chance(0.5),
        }
        return (x, q), {k: v for k, v in kwargs.items() if d.chance(0.6)}

    return call


ELEMENTWISE = (
    Row(
        "abs absolute ceil conj conjugate fabs floor imag isfinite isinf isnan isreal iscomplex"
        " negative positive real rint sign signbit square trunc logical_not iscomplexobj isrealobj"
        " isneginf isposinf angle deg2rad rad2deg degrees radians reciprocal spacing",
        (array(),),
    ),
    Row("bitwise_count bitwise_invert bitwise_not invert", (array("biuuif"),)),
    Row(
        "acos acosh arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh cbrt cos"
        " cosh exp exp2 expm1 log log10 log1p log2 sin sinc sinh sqrt tan tanh",
        (array("biuffff"),),
    ),
    Row("i0", (array("ff"),)),
    Row("angle", (array(),), {"deg": flag}),
    Row("nan_to_num", (array(),), {"nan": number(), "posinf": number(), "neginf": number()}),
    Row("around round", (array(),), {"decimals": choice(0, 1, 2, -1)}),
    Row("frexp modf", (array("iuff"),)),
    Row(
        "add subtract multiply divide true_divide equal not_equal logical_and logical_or"
        " logical_xor",
        _binary(),
    ),
    Row(
        "maximum minimum fmax fmin greater greater_equal less less_equal",
        _binary(),
    ),
    Row(
        "arctan2 atan2 copysign floor_divide remainder mod fmod heaviside hypot logaddexp"
        " logaddexp2 nextafter divmod",
        _binary(REAL),
    ),
    Row("bitwise_and bitwise_or bitwise_xor", _binary("biuif")),
    Row("gcd lcm", _binary("iiiuf")),
    Row("left_shift right_shift bitwise_left_shift bitwise_right_shift", call=_shifts),
    Row("power pow float_power", call=_powers),
    Row("ldexp", (array("iff"), other("ii"))),
    Row("clip", call=_clipped),
    Row("isclose allclose", _binary(), {"equal_nan": flag, "rtol": number(0, 1)}),
    Row("array_equal", _binary(), {"equal_nan": flag}),
    Row("array_equiv", _binary()),
)
REDUCTION = {"axis": axes, "keepdims": flag}
ALSO = {"initial": other("iuf", scalar=0.8, misfit=0), "where": mask}
REDUCTIONS = (
    Row("sum prod", (array(special=False),), REDUCTION | ALSO | {"dtype": dtype()}),
    Row("max min amax amin", (array(),), REDUCTION | ALSO),
    Row("all any", (array(),), REDUCTION | {"where": mask}),
    Row("mean", (array(special=False),), REDUCTION | {"where": mask, "dtype": dtype()}),
    Row(
        "std var",
        (array(special=False),),
        REDUCTION | {"where": mask, "dtype": dtype("ffc"), "ddof": count(0, 2)},
        tol=10,
    ),
    Row("count_nonzero ptp", (array(),), REDUCTION),
    Row("argmax argmin nanargmax nanargmin", (array(),), {"axis": axis_or_none, "keepdims": flag}),
    Row("nansum nanprod", (array(),), REDUCTION | ALSO | {"dtype": dtype()}, tol=10),
    Row("nanmax nanmin", (array(),), REDUCTION | ALSO),
    Row("nanmean", (array(),), REDUCTION | {"where": mask, "dtype": dtype("ffc")}, tol=10),
    Row("nanstd nanvar", (array(),), REDUCTION | {"where": mask, "ddof": count(0, 2)}, tol=30),
    Row("average", call=_averaged, tol=10),
    Row("median nanmedian", (array("biuffc"),), REDUCTION),
    Row("percentile nanpercentile", call=_percentile(100.0)),
    Row("quantile nanquantile", call=_percentile(1.0)),
    Row(
        "cumsum cumprod nancumsum nancumprod",
        (array(special=False),),
        {"axis": axis_or_none, "dtype": dtype()},
        tol=10,
    ),
    Row(
        "cumulative_sum cumulative_prod",
        (array(special=False),),
        {"axis": axis_or_none, "dtype": dtype(), "include_initial": flag},
        tol=10,
    ),
)
