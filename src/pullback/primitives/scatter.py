"""Write windows of an array at computed places: scatter, scatter_add, _sub, _mul, _min, _max."""

from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from ..core.aval import Shape, ShapedArray, type_name
from ..core.primitive import Linear, Primitive, Zero, instantiate
from ..core.trace import get_aval
from . import index as ix
from .arithmetic import add, div, mul, neg
from .batching import batch_size, to_axis
from .compare import eq
from .convert import convert_element_type
from .gather import batched_numbers, check_windows, gather, gather_p
from .index import Axes, GatherScatterMode, ScatterDimensionNumbers
from .nary import add_any
from .quiet import quiet
from .select import select_n
from .shape import full, full_like, iota, reshape, zeros

Function = Callable[..., Any]


def window_sizes(x: Shape, updates: Shape, n: ScatterDimensionNumbers) -> Shape:
    """The sizes of windows along each axis of the operand."""
    gone = {*n.inserted_window_dims, *n.operand_batching_dims}
    inside = iter([updates[d] for d in n.update_window_dims])
    return tuple(min(x[d], 1) if d in gone else next(inside) for d in range(len(x)))


def _scatter_type(name: str) -> Function:
    def rule(x, indices, updates, *, dimension_numbers, **params):
        n = dimension_numbers
        if x.dtype != updates.dtype:
            raise TypeError(
                f"{name}: operand and updates must have one dtype,"
                f" got {type_name(x)} and {type_name(updates)}"
            )
        sizes = window_sizes(x.shape, updates.shape, n)
        check_windows(name, x, indices, n.of_gather(), sizes)
        batch = tuple(s for d, s in enumerate(updates.shape) if d not in n.update_window_dims)
        if batch != indices.shape[:-1]:
            raise TypeError(
                f"{name}: the updates' axes outside of windows must be those of the indices,"
                f" got indices {type_name(indices)}, updates {type_name(updates)} and {n}"
            )
        return ShapedArray(x.shape, x.dtype, x.weak_type and updates.weak_type)

    return rule


@lru_cache(maxsize=4096)
def _plan(n: ScatterDimensionNumbers, x: Shape, updates: Shape) -> tuple[ix.Windows, Axes | None]:
    """Where windows lie, and the order of the updates' axes that NumPy wants."""
    w = ix.windows(n.of_gather(), x, window_sizes(x, updates, n))
    return w, ix.updates_perm(w, len(updates) - len(n.update_window_dims))


def _scatter_value(combine: np.ufunc | None) -> Function:
    def rule(x, indices, updates, *, dimension_numbers, mode, unique_indices, **params):
        out = np.array(x, order="C")
        w, perm = _plan(dimension_numbers, x.shape, updates.shape)
        updates = updates if perm is None else updates.transpose(perm)
        found, updates = _within(ix.as_signed(indices), updates, w, mode)
        target, index = ix.view(out, w), ix.index_of(found, w)
        if combine is None:
            target[index] = updates
        elif unique_indices or found[0].size <= 1:
            target[index] = combine(target[index], updates)
        else:
            _combine_at(combine, out, target, index, updates)
        return out

    return rule


def _within(
    indices: np.ndarray, updates: np.ndarray, w: ix.Windows, mode: GatherScatterMode
) -> tuple[list[np.ndarray], np.ndarray]:
    """The starts of windows and their updates, those out of bounds moved inside or dropped."""
    if mode is GatherScatterMode.CLIP:
        return ix.starts(ix.clipped(indices, w), w), updates
    found = ix.starts(indices, w)
    inside = ix.inside(indices, w)
    if inside.all():
        return found, updates
    inside = inside.all(-1)
    return [start[inside] for start in found], updates[inside]


# Windows of this many elements are combined one by one, smaller ones all at once.
_WIDE = 256


def _combine_at(
    combine: np.ufunc, out: np.ndarray, target: np.ndarray, index: Any, updates: np.ndarray
) -> None:
    """combine.at(target, index, updates), by the forms of it that NumPy does fast."""
    batch = np.broadcast_shapes(*(i.shape for i in index))
    window = updates.shape[len(batch) :]
    if prod(window) >= _WIDE:
        rows = updates.reshape(-1, *window)
        places = [np.broadcast_to(i, batch).reshape(-1).tolist() for i in index]
        for row, place in zip(rows, zip(*places, strict=True), strict=True):
            combine(target[place], row, out=target[place])
        return
    strides = [s // out.itemsize for s in target.strides]
    linear = sum(i * s for i, s in zip(index, strides, strict=False))
    linear = np.asarray(linear).reshape(batch + (1,) * len(window))
    for axis, size in enumerate(window):
        ends = (1,) * (len(window) - axis - 1)
        linear = linear + (np.arange(size) * strides[len(index) + axis]).reshape(-1, *ends)
    combine.at(out.reshape(-1), linear.reshape(-1), updates.reshape(-1))


def _scatter_batch(primitive: Primitive) -> Function:
    def rule(args, dims, *, dimension_numbers, **params):
        size = batch_size(args, dims)
        x, updates = (to_axis(args[k], dims[k], size, 0) for k in (0, 2))
        batched = dims[1] is not None
        indices = to_axis(args[1], dims[1], size, 0) if batched else args[1]
        numbers = batched_numbers(dimension_numbers.of_gather(), True, batched).of_scatter()
        return primitive.bind(x, indices, updates, dimension_numbers=numbers, **params), 0

    return rule


def _define(name: str, combine: np.ufunc | None) -> tuple[Primitive, Function]:
    """A primitive of the family without its derivatives, and the function that binds it."""
    primitive = Primitive(name)
    primitive.def_type(_scatter_type(name))
    primitive.def_value(quiet(_scatter_value(combine)))
    primitive.def_batch(_scatter_batch(primitive))

    def bind(
        operand: Any,
        scatter_indices: Any,
        updates: Any,
        dimension_numbers: ScatterDimensionNumbers,
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: GatherScatterMode | str | None = None,
    ) -> Any:
        """Write or combine windows of `operand` with updates, one for each row of indices."""
        return primitive.bind(
            operand,
            scatter_indices,
            updates,
            dimension_numbers=dimension_numbers,
            indices_are_sorted=indices_are_sorted,
            unique_indices=unique_indices,
            mode=GatherScatterMode.from_any(mode),
        )

    bind.__name__ = bind.__qualname__ = name.replace("-", "_")
    return primitive, bind


# scatter     -- y = x, then y[start(b..) + w..]  = u[b.., w..]; of two updates the last remains
# scatter_add -- y = x, then y[start(b..) + w..] += u[b.., w..]; and so on
scatter_p, scatter = _define("scatter", None)
scatter_add_p, scatter_add = _define("scatter-add", np.add)
scatter_sub_p, scatter_sub = _define("scatter-sub", np.subtract)
scatter_mul_p, scatter_mul = _define("scatter-mul", np.multiply)
scatter_min_p, scatter_min = _define("scatter-min", np.minimum)
scatter_max_p, scatter_max = _define("scatter-max", np.maximum)


def read_windows(
    x: Any, indices: Any, updates: Any, params: dict[str, Any], fill_value: Any = 0
) -> Any:
    """The windows of x that updates of this shape would go to."""
    numbers = params["dimension_numbers"]
    return gather(
        x,
        indices,
        numbers.of_gather(),
        window_sizes(get_aval(x).shape, updates.shape, numbers),
        indices_are_sorted=params["indices_are_sorted"],
        unique_indices=params["unique_indices"],
        mode=params["mode"],
        fill_value=fill_value,
    )


# gather and scatter_add are adjoint: one reads windows where the other adds to them.
@gather_p.def_transpose
def _(ct, x, indices, *, dimension_numbers, slice_sizes, fill_value, **params):
    numbers = dimension_numbers.of_scatter()
    empty = zeros(x.aval)
    return [scatter_add(empty, indices, ct, numbers, **params), None]


def _add_derivatives(primitive: Primitive, of_updates: Function) -> None:
    """For scatter_add and scatter_sub, linear in operand and updates together."""

    @primitive.def_jvp
    def _(primals, tangents, **params):
        x, indices, updates = primals
        tx, _, tu = tangents
        y = primitive.bind(x, indices, updates, **params)
        if type(tu) is Zero:
            return y, tx
        tx = instantiate(tx, zeros)
        return y, primitive.bind(tx, indices, tu, **params)

    @primitive.def_transpose
    def _(ct, x, indices, updates, **params):
        ct_x = ct if type(x) is Linear else None
        if type(updates) is not Linear:
            return [ct_x, None, None]
        return [ct_x, None, of_updates(read_windows(ct, indices, updates.aval, params))]


_add_derivatives(scatter_add_p, lambda ct: ct)
_add_derivatives(scatter_sub_p, neg)


def is_single(indices: Any) -> bool:
    """Whether there is one window only, so that no element is written twice."""
    return prod(get_aval(indices).shape[:-1]) <= 1


@scatter_p.def_jvp
def _(primals, tangents, *, unique_indices, **params):
    x, indices, updates = primals
    tx, _, tu = tangents
    params["unique_indices"] = unique_indices or is_single(indices)
    y = scatter_p.bind(x, indices, updates, **params)
    if params["unique_indices"]:
        tx, tu = instantiate(tx, zeros), instantiate(tu, zeros)
        return y, scatter_p.bind(tx, indices, tu, **params)
    terms = []
    if type(tx) is not Zero:
        terms.append(scatter_p.bind(tx, indices, full_like(updates, 0), **params))
    if type(tu) is not Zero:
        tu = select_n(_remains(x, indices, updates, params), full_like(tu, 0), tu)
        terms.append(scatter_add_p.bind(full_like(x, 0), indices, tu, **params))
    return y, terms[0] if len(terms) == 1 else add_any(*terms)


def _remains(x: Any, indices: Any, updates: Any, params: dict[str, Any]) -> Any:
    """Which updates are in the result: where several meet, the one whose number is found there."""
    shape = get_aval(updates).shape
    numbers = add(reshape(iota(np.int32, (prod(shape),)), shape), 1)
    written = scatter_p.bind(full(get_aval(x).shape, 0, np.int32), indices, numbers, **params)
    return eq(read_windows(written, indices, numbers, params), numbers)


@scatter_p.def_transpose
def _(ct, x, indices, updates, **params):
    ct_x = ct_updates = None
    if type(x) is Linear:
        nothing = zeros(updates.aval if type(updates) is Linear else get_aval(updates))
        ct_x = scatter_p.bind(ct, indices, nothing, **params)
    if type(updates) is Linear:
        ct_updates = read_windows(ct, indices, updates.aval, params)
    return [ct_x, None, ct_updates]


@scatter_mul_p.def_jvp
def _(primals, tangents, *, unique_indices, **params):
    x, indices, updates = primals
    tx, _, tu = tangents
    params["unique_indices"] = unique_indices or is_single(indices)
    y = scatter_mul_p.bind(x, indices, updates, **params)
    if type(tu) is not Zero and not params["unique_indices"]:
        raise NotImplementedError(
            "scatter_mul: the derivative with respect to the updates needs unique indices:"
            " give unique_indices=True"
        )
    terms = []
    if type(tx) is not Zero:
        terms.append(scatter_mul_p.bind(tx, indices, updates, **params))
    if type(tu) is not Zero:
        terms.append(mul(scatter_add_p.bind(full_like(x, 0), indices, tu, **params), x))
    return y, terms[0] if len(terms) == 1 else add_any(*terms)


@scatter_mul_p.def_transpose
def _(ct, x, indices, updates, **params):
    return [scatter_mul_p.bind(ct, indices, updates, **params), None, None]


def _extremum_derivative(primitive: Primitive) -> None:
    """The elements that equal the result share its derivative, in equal parts."""

    @primitive.def_jvp
    def _(primals, tangents, **params):
        x, indices, updates = primals
        tx, _, tu = tangents
        y = primitive.bind(x, indices, updates, **params)
        dtype = get_aval(x).dtype
        hit_x = convert_element_type(eq(x, y), dtype)
        hit_u = eq(updates, read_windows(y, indices, updates, params, fill_value=float("nan")))
        hit_u = convert_element_type(hit_u, dtype)
        count = scatter_add_p.bind(hit_x, indices, hit_u, **params)
        terms = []
        if type(tx) is not Zero:
            terms.append(mul(tx, div(hit_x, count)))
        if type(tu) is not Zero:
            share = div(hit_u, read_windows(count, indices, updates, params, fill_value=1))
            empty = full_like(x, 0)
            terms.append(scatter_add_p.bind(empty, indices, mul(tu, share), **params))
        return y, terms[0] if len(terms) == 1 else add_any(*terms)


_extremum_derivative(scatter_min_p)
_extremum_derivative(scatter_max_p)
