"""A choice between an array and what updates make of it, as updates that are made or not.

A batched loop keeps the state of the elements that are done, and where(p, x.at[i].set(u), x) keeps
all of x or none. Chosen element by element that takes as long as the array is large. If p is the
same for all elements that one update may reach, then

    select(p, x, scatter(x, i, u)) = scatter(x, i where p else outside, u), which drops that

and so one after the other, where several updates, or those of either case, lead to the same x.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from ... import dtypes
from ...core.aval import Shape
from ...core.ir import Atom, Jaxpr, JaxprEqn, Var
from ...core.memo import weak_memo
from ...core.primitive import Primitive
from ...core.rewrite import each, inside
from ...core.trace import get_aval
from ...primitives import elementwise as ew
from ...primitives.bitwise import bitwise_not
from ...primitives.convert import convert_element_type
from ...primitives.dynamic import dynamic_update_slice_p
from ...primitives.index import Axes, GatherScatterMode, ScatterDimensionNumbers
from ...primitives.pieces import concatenate
from ...primitives.rules import scalar
from ...primitives.scatter import (
    scatter_add_p,
    scatter_max_p,
    scatter_min_p,
    scatter_mul_p,
    scatter_p,
    scatter_sub_p,
    window_sizes,
)
from ...primitives.select import select, select_n_p
from ...primitives.shape import broadcast_in_dim, broadcast_in_dim_p, reshape, transpose
from .accumulate import FEW, INDEX, call, fits

SCATTERS = (scatter_p, scatter_add_p, scatter_sub_p, scatter_mul_p, scatter_min_p, scatter_max_p)
UPDATES = frozenset([dynamic_update_slice_p, *SCATTERS])


@weak_memo
def masked(jaxpr: Jaxpr) -> Jaxpr:
    """The program with updates that are made or not in place of choices."""
    if any(e.primitive is select_n_p for e in jaxpr.eqns):
        jaxpr = _with_choices(jaxpr)
    return each(jaxpr, lambda e: inside(e, masked))


def _with_choices(jaxpr: Jaxpr) -> Jaxpr:
    choices = _Choices(jaxpr)
    new: dict[JaxprEqn, list[JaxprEqn]] = {}
    for eqn in jaxpr.eqns:
        if eqn.primitive is select_n_p:
            choices.replace(eqn, new)
    if not new:
        return jaxpr
    return jaxpr.replace(eqns=[e for old in jaxpr.eqns for e in new.get(old, [old])])


class Condition(NamedTuple):
    """A bool, the same along all axes of an array but these, which it has in this order."""

    value: Atom
    axes: Axes

    def spread(self, value: Any, case: int, shape: Shape, axes: Sequence[int]) -> Any:
        """Whether the case is chosen, for an array whose axes `axes` are those of the condition."""
        value = value if case else bitwise_not(value)
        if not axes:
            return reshape(value, ())
        value = reshape(value, tuple([n for n in get_aval(value).shape if n != 1]))
        order = sorted(range(len(axes)), key=axes.__getitem__)
        value = value if order == list(range(len(axes))) else transpose(value, order)
        return broadcast_in_dim(value, shape, sorted(axes))


class _Choices:
    """The choices of a program: between what, and what stands in their place."""

    def __init__(self, jaxpr: Jaxpr) -> None:
        self.uses = Counter([v for e in jaxpr.eqns for v in e.invars] + jaxpr.outvars)
        self.made: dict[Atom, JaxprEqn] = {v: e for e in jaxpr.eqns for v in e.outvars}

    def replace(self, choice: JaxprEqn, new: dict[JaxprEqn, list[JaxprEqn]]) -> None:
        """Find what stands in the place of a choice and of the updates before it."""
        which, *cases = choice.invars
        if which.aval.dtype != dtypes.bool_ or len(cases) != 2:
            return
        (start, first), (other, second) = map(self.updates, cases)
        updates = [(e, 0) for e in first] + [(e, 1) for e in second]
        condition = self.condition(which)
        few = sum([written(e) for e, _ in updates]) * FEW <= start.aval.size
        if start is not other or not updates or not few:
            return
        if not all(is_maskable(e, condition.axes) for e, _ in updates):
            return
        new.update({e: [] for e, _ in updates})
        new[choice] = list(steps(start, updates, condition, choice))

    def updates(self, atom: Atom) -> tuple[Atom, list[JaxprEqn]]:
        """An array, and the updates that lead from it to another and that nothing else uses."""
        found: list[JaxprEqn] = []
        while self.uses[atom] == 1:
            eqn = self.made.get(atom)
            if eqn is None or eqn.primitive not in UPDATES:
                break
            found.append(eqn)
            atom = eqn.invars[0]
        return atom, found[::-1]

    def condition(self, which: Atom) -> Condition:
        """Along which axes a bool differs."""
        eqn = self.made.get(which)
        if eqn is not None and eqn.primitive is broadcast_in_dim_p:
            which, axes = eqn.invars[0], eqn.params["broadcast_dimensions"]
        else:
            axes = tuple(range(which.aval.ndim))
        sizes = zip(axes, which.aval.shape, strict=True)
        return Condition(which, tuple([d for d, n in sizes if n != 1]))


def written(update: JaxprEqn) -> int:
    """How many elements an update writes."""
    return update.invars[1 if update.primitive is dynamic_update_slice_p else 2].aval.size


def is_maskable(update: JaxprEqn, axes: Axes) -> bool:
    """Whether a condition that differs along these axes is one for each window, or its parts."""
    x, other = update.invars[:2]
    if update.primitive is dynamic_update_slice_p:
        return all(other.aval.shape[d] == x.aval.shape[d] for d in axes)
    n = update.params["dimension_numbers"]
    signed = dtypes.kind(other.aval.dtype) == "signed" and n.scatter_dims_to_operand_dims
    sizes = window_sizes(x.aval.shape, update.invars[2].aval.shape, n)
    return bool(signed) and all(
        d in n.operand_batching_dims
        or (d not in n.scatter_dims_to_operand_dims and sizes[d] == x.aval.shape[d])
        for d in axes
    )


def steps(
    x: Atom, updates: list[tuple[JaxprEqn, int]], condition: Condition, choice: JaxprEqn
) -> Iterator[JaxprEqn]:
    """The updates one after the other; the last gives the result of the choice."""
    (out,) = choice.outvars
    assert isinstance(out, Var)
    results = [*[Var(e.outvars[0].aval) for e, _ in updates[1:]], out]
    for (update, case), result in zip(updates, results, strict=True):
        step = partial(made_or_not, update, condition, case)
        yield call(step, [condition.value, x, *update.invars[1:]], result, update)
        x = result


def made_or_not(
    eqn: JaxprEqn, condition: Condition, case: int, which: Any, x: Any, *inputs: Any
) -> Any:
    """The update where the case is chosen; windows elsewhere lie outside, and are dropped."""
    axes = condition.axes
    is_slice = eqn.primitive is dynamic_update_slice_p
    u = of_slice(x, axes, *inputs) if is_slice else of_windows(eqn, axes, *inputs)
    n, indices = u.params["dimension_numbers"], u.indices
    if u.params["mode"] is GatherScatterMode.CLIP:
        indices = clipped(indices, x.shape, window_sizes(x.shape, u.updates.shape, n), n)
    place = dict(zip(n.operand_batching_dims, n.scatter_indices_batching_dims, strict=True))
    chosen = condition.spread(which, case, indices.shape, [place[d] for d in axes])
    indices = select(chosen, indices, scalar(-1, get_aval(indices).dtype))
    mode = GatherScatterMode.FILL_OR_DROP
    params = {**u.params, "mode": mode, "indices_are_sorted": False}
    return u.primitive.bind(x, indices, u.updates, **params)


class Scatter(NamedTuple):
    """An update of windows."""

    primitive: Primitive
    indices: Any
    updates: Any
    params: dict[str, Any]


def of_slice(x: Any, batch: Axes, update: Any, *starts: Any) -> Scatter:
    """The update of a slice, as one of a window for each element along the axes of a batch."""
    rest = tuple([d for d in range(x.ndim) if d not in batch])
    leading = tuple(range(len(batch)))
    dtype = INDEX if all(fits(get_aval(starts[d]).dtype) for d in rest) else dtypes.int64
    row = concatenate([reshape(convert_element_type(starts[d], dtype), (1,)) for d in rest], 0)
    indices = broadcast_in_dim(row, (*[x.shape[d] for d in batch], len(rest)), (len(batch),))
    params = {
        "dimension_numbers": ScatterDimensionNumbers(rest, (), rest, batch, leading),
        "mode": GatherScatterMode.CLIP,
        "unique_indices": True,
    }
    return Scatter(scatter_p, indices, update, params)


def of_windows(eqn: JaxprEqn, axes: Axes, indices: Any, updates: Any) -> Scatter:
    """The update with a part of each window for each element along these axes, as a batch."""
    n = eqn.params["dimension_numbers"]
    gone = {*n.inserted_window_dims, *n.operand_batching_dims}
    window = [d for d in range(len(gone) + len(n.update_window_dims)) if d not in gone]
    parts = {d: k for d, k in zip(window, n.update_window_dims, strict=True) if d in axes}
    if not parts:
        return Scatter(eqn.primitive, indices, updates, eqn.params)
    kept = tuple([k for k in n.update_window_dims if k not in parts.values()])
    batch = [k for k in range(updates.ndim) if k not in kept]
    old = [k for k, d in enumerate(batch) if d not in parts.values()]
    shape = (*[updates.shape[d] for d in batch], indices.shape[-1])
    indices = broadcast_in_dim(indices, shape, (*old, len(batch)))
    numbers = n._replace(
        update_window_dims=kept,
        operand_batching_dims=(*n.operand_batching_dims, *parts),
        scatter_indices_batching_dims=(
            *[old[k] for k in n.scatter_indices_batching_dims],
            *[batch.index(k) for k in parts.values()],
        ),
    )
    params = {**eqn.params, "dimension_numbers": numbers}
    return Scatter(eqn.primitive, indices, updates, params)


def clipped(indices: Any, shape: Shape, sizes: Shape, n: Any) -> Any:
    """Starts of windows moved inside of an array."""
    dtype = get_aval(indices).dtype
    largest = int(dtypes.iinfo(dtype).max)
    ends = [shape[d] - sizes[d] for d in n.scatter_dims_to_operand_dims]
    limits = [scalar(min(k, largest), dtype) for k in ends]
    most = limits[0]
    if len(limits) > 1:
        row = concatenate([reshape(k, (1,)) for k in limits], 0)
        most = broadcast_in_dim(row, indices.shape, (indices.ndim - 1,))
    return ew.min(ew.max(indices, scalar(0, dtype)), most)
