"""Reductions over sliding windows: sum, max and min, and the choices that differentiate them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.aval import Shape, ShapedArray, type_name
from ..core.primitive import Primitive, Zero
from ..core.trace import get_aval
from .batching import batch_size, to_axis
from .compare import ge_p, gt, le_p, lt
from .nary import named
from .pieces import pad, slice
from .quiet import is_narrow, quiet
from .reduce import least
from .rules import NUMBERS, VALUES, Kinds, check_kind, check_same_dtype, const, deflinear, zero_like
from .select import select
from .sliding import (
    Padding,
    adjoint_pads,
    dilated,
    padded,
    padding_config,
    tap_slices,
    window_counts,
    windows_of,
)


@dataclass(frozen=True)
class Windows:
    """The parameters of an operation over windows, one entry an axis."""

    window_dimensions: Shape
    window_strides: Shape
    padding: Padding
    base_dilation: Shape
    window_dilation: Shape

    def with_axis(self, at: int) -> "Windows":
        """The same windows of an array with a further axis."""

        def put(entries: Any, entry: Any) -> Any:
            return (*entries[:at], entry, *entries[at:])

        return Windows(
            put(self.window_dimensions, 1),
            put(self.window_strides, 1),
            put(self.padding, (0, 0)),
            put(self.base_dilation, 1),
            put(self.window_dilation, 1),
        )

    def counts(self, shape: Shape) -> Shape:
        """How many windows there are."""
        return window_counts(
            shape,
            self.window_dimensions,
            self.window_strides,
            self.padding,
            self.base_dilation,
            self.window_dilation,
        )

    def config(self) -> Any:
        """Padding and dilation as parameters of `pad`."""
        return padding_config(self.padding, self.base_dilation)

    def taps(self, counts: Shape) -> Iterator[tuple[Any, ...]]:
        """The slices of the padded array at each place in a window."""
        return tap_slices(counts, self.window_dimensions, self.window_strides, self.window_dilation)


def check_windows(name: str, x: ShapedArray, w: Windows) -> Shape:
    """The shape of a reduction over windows; raise unless they fit the array."""
    for field, entries in vars(w).items():
        if len(entries) != x.ndim:
            raise TypeError(
                f"{name}: {field} must have one entry for each axis of {type_name(x)},"
                f" got {entries}"
            )
        if field != "padding" and any(n < 1 for n in entries):
            raise TypeError(f"{name}: {field} must be positive, got {entries}")
    axes = zip(x.shape, w.base_dilation, w.padding, strict=True)
    if any(dilated(n, base) + low + high < 0 for n, base, (low, high) in axes):
        raise ValueError(f"{name}: padding {w.padding} leaves negative sizes of {type_name(x)}")
    return w.counts(x.shape)


# reduce_window_sum, _max, _min -- y[i..] = the sum (...) over k.. of x[i.. stride + k.. dilation]

# Windows longer than this are reduced along an axis of a view, shorter ones element by element.
LONG = 12


def _reduce_axis(ufunc: np.ufunc, x: np.ndarray, axis: int, k: int, stride: int, wide: int) -> Any:
    view = windows_of(x, [axis], (k,), (stride,), (wide,))
    if k > LONG or not view.size:
        return ufunc.reduce(view, -1, x.dtype)
    out = view[..., 0].copy()
    for tap in range(1, k):
        ufunc(out, view[..., tap], out=out)
    return out


def window_reduction(name: str, ufunc: np.ufunc, kinds: Kinds, identity: Any, linear: bool) -> Any:
    """A reduction over windows by a ufunc: boxes are reduced one axis after another."""
    primitive = Primitive(name, linear=linear)

    @primitive.def_type
    def _(x: ShapedArray, **params: Any) -> ShapedArray:
        check_kind(name, kinds, x)
        return ShapedArray(check_windows(name, x, Windows(**params)), x.dtype, x.weak_type)

    def value(x: np.ndarray, **params: Any) -> Any:
        w, dtype = Windows(**params), x.dtype
        x = padded(x, identity(dtype), w.config())
        x = x.astype(np.float32) if is_narrow(dtype) else x
        axes = zip(w.window_dimensions, w.window_strides, w.window_dilation, strict=True)
        for axis, (k, stride, wide) in enumerate(axes):
            if (k, stride) != (1, 1):
                x = _reduce_axis(ufunc, x, axis, k, stride, wide)
        return x.astype(dtype, copy=False)

    @primitive.def_batch
    def _(args: Any, dims: Any, **params: Any) -> Any:
        (x,), (dim,) = args, dims
        return primitive.bind(x, **vars(Windows(**params).with_axis(dim))), dim

    def apply(x: Any, windows: Windows) -> Any:
        return primitive.bind(x, **vars(windows))

    primitive.def_value(quiet(value))
    return primitive, named(apply, primitive)


reduce_window_sum_p, reduce_window_sum = window_reduction(
    "reduce_window_sum", np.add, NUMBERS, lambda dtype: 0, True
)
reduce_window_max_p, reduce_window_max = window_reduction(
    "reduce_window_max", np.maximum, VALUES, least, False
)
reduce_window_min_p, reduce_window_min = window_reduction(
    "reduce_window_min", np.minimum, VALUES, lambda dtype: least(dtype, -1), False
)
deflinear(reduce_window_sum_p)


@reduce_window_sum_p.def_transpose
def _(ct: Any, x: Any, **params: Any) -> list[Any]:
    w, ones = Windows(**params), (1,) * len(x.aval.shape)
    pads = adjoint_pads(
        x.aval.shape,
        w.window_dimensions,
        ct.shape,
        w.window_strides,
        w.padding,
        w.base_dilation,
        w.window_dilation,
    )
    spread = pad(ct, const(ct, 0), padding_config(pads, w.window_strides))
    back = Windows(
        w.window_dimensions, w.base_dilation, ((0, 0),) * len(ones), ones, w.window_dilation
    )
    return [reduce_window_sum(spread, back)]


def _jvp_extremum(primitive: Primitive, chosen_by: Primitive, better: Any) -> None:
    """The tangent of a window is that of its first greatest (least) element."""

    @primitive.def_jvp
    def _(primals: Any, tangents: Any, **params: Any) -> Any:
        (x,), (t,) = primals, tangents
        out, w = primitive.bind(x, **params), Windows(**params)
        if type(t) is Zero:
            return out, zero_like(out)
        if all(d == 1 for d in w.window_dilation):
            return out, select_and_gather_add(t, x, chosen_by, w)
        return out, _follow(t, x, chosen_by, better, w)


def _follow(t: Any, x: Any, chosen_by: Primitive, better: Any, w: Windows) -> Any:
    """As select_and_gather_add, place by place, by operations that know their transpose."""
    counts = w.counts(x.shape)
    x = pad(x, const(x, least(x.dtype, 1 if chosen_by is ge_p else -1)), w.config())
    t = pad(t, const(t, 0), w.config())
    best = best_t = None
    for tap in w.taps(counts):
        where = [[getattr(s, part) for s in tap] for part in ("start", "stop", "step")]
        here, here_t = slice(x, *where), slice(t, *where)
        if best is None:
            best, best_t = here, here_t
            continue
        wins = better(here, best)
        best, best_t = select(wins, here, best), select(wins, here_t, best_t)
    return best_t


_jvp_extremum(reduce_window_max_p, ge_p, gt)
_jvp_extremum(reduce_window_min_p, le_p, lt)


# Choices. `select_prim` is ge for the first greatest element of a window, le for the first least.


def _winners(x: np.ndarray, select_prim: Primitive, w: Windows) -> tuple[Any, np.ndarray]:
    """The slices of all places in a window, and which of them each window's winner is at."""
    greatest = select_prim is ge_p
    taps = list(w.taps(w.counts(x.shape)))
    x = padded(x, least(x.dtype, 1 if greatest else -1), w.config())
    better = np.greater if greatest else np.less
    best = x[taps[0]].copy()
    winner = np.zeros(best.shape, np.int32)
    for place, tap in enumerate(taps[1:], 1):
        wins = better(x[tap], best)
        np.copyto(best, x[tap], where=wins)
        np.copyto(winner, place, where=wins)
    return taps, winner


def _full(params: dict[str, Any]) -> Windows:
    """The windows of a select_and_scatter_add, which has no dilation."""
    ones = (1,) * len(params["window_dimensions"])
    return Windows(**params, base_dilation=ones, window_dilation=ones)


def _batch_choice(primitive: Primitive, undilated: bool) -> None:
    @primitive.def_batch
    def _(args: Any, dims: Any, *, select_prim: Primitive, **params: Any) -> Any:
        size = batch_size(args, dims)
        dim = next(d for d in dims if d is not None)
        a, x = (to_axis(v, d, size, dim) for v, d in zip(args, dims, strict=True))
        moved = vars((_full(params) if undilated else Windows(**params)).with_axis(dim))
        kept = {name: moved[name] for name in params}
        return primitive.bind(a, x, select_prim=select_prim, **kept), dim


# select_and_gather_add -- y[i..] = t at the winner of x in window i..
select_and_gather_add_p = Primitive("select_and_gather_add")
_batch_choice(select_and_gather_add_p, False)


def select_and_gather_add(t: Any, x: Any, select_prim: Primitive, windows: Windows) -> Any:
    """The elements of t where each window of x has its winner."""
    return select_and_gather_add_p.bind(t, x, select_prim=select_prim, **vars(windows))


@select_and_gather_add_p.def_type
def _(t: ShapedArray, x: ShapedArray, *, select_prim: Primitive, **params: Any) -> ShapedArray:
    check_same_dtype("select_and_gather_add", t, x)
    assert t.shape == x.shape and select_prim in (ge_p, le_p)
    return ShapedArray(check_windows("select_and_gather_add", x, Windows(**params)), t.dtype)


@select_and_gather_add_p.def_value
def _(t: np.ndarray, x: np.ndarray, *, select_prim: Primitive, **params: Any) -> np.ndarray:
    w = Windows(**params)
    taps, winner = _winners(x, select_prim, w)
    t = padded(t, 0, w.config())
    out = t[taps[0]].copy()
    for place, tap in enumerate(taps[1:], 1):
        np.copyto(out, t[tap], where=winner == place)
    return out


@select_and_gather_add_p.def_jvp
def _(primals: Any, tangents: Any, **params: Any) -> Any:
    bind = select_and_gather_add_p.bind
    out = bind(*primals, **params)
    t = tangents[0]
    return out, zero_like(out) if type(t) is Zero else bind(t, primals[1], **params)


@select_and_gather_add_p.def_transpose
def _(ct: Any, t: Any, x: Any, *, select_prim: Primitive, **params: Any) -> list[Any]:
    w = Windows(**params)
    assert all(d == 1 for d in w.window_dilation)
    dilation = w.base_dilation
    if any(d != 1 for d in dilation):
        fill = const(x, least(get_aval(x).dtype, 1 if select_prim is ge_p else -1))
        x = pad(x, fill, [(0, 0, d - 1) for d in dilation])
    out = select_and_scatter_add(
        ct, x, select_prim, w.window_dimensions, w.window_strides, w.padding
    )
    if any(d != 1 for d in dilation):
        out = slice(out, [0] * len(dilation), out.shape, dilation)
    return [out, None]


# select_and_scatter_add -- y = 0, then y[winner of x in window i..] += s[i..]
select_and_scatter_add_p = Primitive("select_and_scatter_add")
_batch_choice(select_and_scatter_add_p, True)


def select_and_scatter_add(
    source: Any,
    x: Any,
    select_prim: Primitive,
    window_dimensions: Shape,
    window_strides: Shape,
    padding: Padding,
) -> Any:
    """Add each element of `source` to where its window of x has its winner."""
    return select_and_scatter_add_p.bind(
        source,
        x,
        select_prim=select_prim,
        window_dimensions=window_dimensions,
        window_strides=window_strides,
        padding=padding,
    )


@select_and_scatter_add_p.def_type
def _(s: ShapedArray, x: ShapedArray, *, select_prim: Primitive, **params: Any) -> ShapedArray:
    check_same_dtype("select_and_scatter_add", s, x)
    counts = check_windows("select_and_scatter_add", x, _full(params))
    assert s.shape == counts and select_prim in (ge_p, le_p), (s, counts)
    return ShapedArray(x.shape, x.dtype)


@select_and_scatter_add_p.def_value
@quiet
def _(s: np.ndarray, x: np.ndarray, *, select_prim: Primitive, **params: Any) -> np.ndarray:
    w = _full(params)
    taps, winner = _winners(x, select_prim, w)
    dtype = np.dtype(np.float32) if is_narrow(s.dtype) else s.dtype
    sizes = zip(x.shape, w.padding, strict=True)
    out = np.zeros([n + low + high for n, (low, high) in sizes], dtype)
    for place, tap in enumerate(taps):
        out[tap] += np.where(winner == place, s, 0).astype(dtype, copy=False)
    back = tuple((-low, -high, 0) for low, high in w.padding)
    return padded(out, 0, back).astype(s.dtype, copy=False)


@select_and_scatter_add_p.def_jvp
def _(primals: Any, tangents: Any, **params: Any) -> Any:
    bind = select_and_scatter_add_p.bind
    out = bind(*primals, **params)
    t = tangents[0]
    return out, zero_like(out) if type(t) is Zero else bind(t, primals[1], **params)


@select_and_scatter_add_p.def_transpose
def _(ct: Any, s: Any, x: Any, *, select_prim: Primitive, **params: Any) -> list[Any]:
    return [select_and_gather_add(ct, x, select_prim, _full(params)), None]
