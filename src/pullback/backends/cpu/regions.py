"""Loops and branches: scan, while and cond hold their bodies as blocks of the same program."""

from dataclasses import replace
from math import prod

from ...control.branches import selected
from ...core.ir import Atom, Jaxpr, JaxprEqn, Var
from ...core.rewrite import simplify
from . import choice
from . import index as ix
from .build import Builder, at_view
from .loops import Block, Branch, For, While
from .schedule import LINE
from .structure import reverse
from .text import WIDTHS
from .values import Indices, Value, View, in_buffer, row_major, storage

# The lines of the innermost cache.
LINES = 512


def _carried(b: Builder, eqn: JaxprEqn, inits: list[Value]) -> list[View]:
    """The places of the loop's state, filled with its first values."""
    places = []
    for v, init in zip(eqn.outvars, inits, strict=False):
        view = b.destination(v)
        b.write(init, view)
        places.append(view)
    return places


def _following(b: Builder, jaxpr: Jaxpr, first: int, n: int) -> list[View | None]:
    """Places for the next state; None for what the body hands on."""
    places: list[View | None] = []
    for k, v in enumerate(jaxpr.outvars[:n]):
        if v is jaxpr.invars[first + k]:
            places.append(None)
        else:
            places.append(row_major(b.buffer(storage(v.aval), v.aval.size), v.aval.shape))
    return places


def _advance(b: Builder, places: list[View], new: list[Value]) -> None:
    for place, value in zip(places, new, strict=True):
        if value.view != place:
            b.write(value, place)


def scan(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """A counted loop; what it stacks is written in place, a row each time."""
    p = eqn.params
    n_const, n_carry, length = p["num_consts"], p["num_carry"], p["length"]
    consts, xs = ins[:n_const], ins[n_const + n_carry :]
    places = _carried(b, eqn, ins[n_const : n_const + n_carry])
    avals = [v.aval for v in eqn.outvars]
    state = [b.standing(v, a) for v, a in zip(places, avals, strict=False)]
    stacks = [b.destination(v) for v in eqn.outvars[n_carry:]]
    results = [*state, *[b.standing(v, a) for v, a in zip(stacks, avals[n_carry:], strict=True)]]
    if length == 0:
        return results
    xs = [b.copied(x) if length > 1 and _lies_across(b, x) else x for x in xs]
    axis = b.graph.atoms.axis(length)
    t = axis.index if length > 1 else ix.ZERO
    if p["reverse"]:
        t = reverse(t, length)
    body: Block = [] if length > 1 else b.block
    with b.inside(body):
        rows = [_row_of(x, t) for x in xs]
        jaxpr = p["jaxpr"]
        following = _following(b, jaxpr, n_const, n_carry)
        outs = b.run(
            jaxpr, [*consts, *state, *rows], [*following, *[_place_of(s, t) for s in stacks]]
        )
        _advance(b, places, outs[:n_carry])
    if length > 1:
        b.block.append(For(axis, body))
    return results


def _lies_across(b: Builder, x: Value) -> bool:
    """Whether the elements of a row stand in more lines of the cache than stay there until the next
    row reads them again."""
    if prod(x.shape[1:]) < LINES:
        return False
    axes, idx = b.graph.atoms.axes(x.shape)
    node = x.at(idx)
    if node.op != "load":
        return False
    strides = [ix.coefficient(node.data[1], a) for a in axes if a is not idx[0][1][0][0]]
    return all(abs(s) * WIDTHS[x.dtype] >= 8 * LINE for s in strides)


def _row_of(x: Value, t: ix.Index) -> Value:
    def at(idx: Indices):
        return x.at((t, *idx))

    view = x.view
    if view is not None:
        view = View(
            view.buffer, at_view(view, (t, *[ix.ZERO] * (len(x.shape) - 1))), view.strides[1:]
        )
    return Value(x.shape[1:], x.dtype, at, view)


def _place_of(stack: View, t: ix.Index) -> View:
    return View(
        stack.buffer, ix.weighted([(stack.offset, 1), (t, stack.strides[0])]), stack.strides[1:]
    )


def repeat(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """A loop over units: rows are arguments and results, found anew each time, or lie in stacks.

    A state that is a row of the results is read where the unit before wrote it.
    """
    p = eqn.params
    n, n_const, n_carry = p["length"], p["num_consts"], p["num_carry"]
    t = b.graph.atoms.axis(n).index
    rows = [_unit_of(b, ins[k : k + n], t) for k in range(n_const + n_carry, len(ins), n)]
    columns = [eqn.outvars[k : k + n] for k in range(n_carry, len(eqn.outvars), n)]
    inits = dict(enumerate(ins[n_const : n_const + n_carry]))
    places, made, states = [], [], {}
    for column, state in zip(columns, p["stacked"], strict=True):
        place, values, before = _column(b, column, inits.pop(state, None), t)
        places.append(place)
        made.extend(values)
        states[state] = before
    alone = [eqn.outvars[k] for k in inits]
    views = _carried(b, eqn.replace(outvars=alone), list(inits.values()))
    last = dict(
        zip(inits, [b.standing(v, o.aval) for v, o in zip(views, alone, strict=True)], strict=True)
    )
    state = [states[k] if k in states else last[k] for k in range(n_carry)]
    jaxpr = p["jaxpr"]
    with b.inside([]) as body:
        following = [_fresh(b, jaxpr.outvars[k]) if k in inits else None for k in range(n_carry)]
        outs = b.run(jaxpr, [*ins[:n_const], *state, *rows], [*following, *places])
        _advance(b, views, [outs[k] for k in inits])
    b.block.append(For(t[1][0][0], body))
    # Last states that are results too are copied there.
    return [*state, *map(b.result, eqn.outvars[n_carry:], made)]


def _fresh(b: Builder, v: Atom) -> View:
    return row_major(b.buffer(storage(v.aval), v.aval.size), v.aval.shape)


def _unit_of(b: Builder, column: list[Value], t: ix.Index) -> Value:
    """One of some arrays at equal distances: arguments, or parts of one buffer."""
    views = [v.view for v in column if v.view is not None]
    first, second = views[:2]
    shape, dtype = column[0].shape, column[0].dtype
    if first.buffer != second.buffer:
        return in_buffer(b.graph, _unit_place(b, views, shape), shape, dtype)
    step = ix.add(second.offset, ix.scale(first.offset, -1))
    assert not step[1]
    offset = ix.weighted([(first.offset, 1), (t, step[0])])
    return in_buffer(b.graph, View(first.buffer, offset, first.strides), shape, dtype)


def _unit_place(b: Builder, views: list[View], shape: tuple[int, ...]) -> View:
    """The place of one of some arguments or results, which differs from step to step."""
    buffers = [b.program.buffers[v.buffer] for v in views]
    first, second = buffers[:2]
    step = second.number - first.number
    assert all(x.number == first.number + k * step for k, x in enumerate(buffers))
    name = b.buffer(first.dtype, first.size, "series")
    b.program.buffers[name] = replace(first, name=name, step=step, turns=len(views))
    return row_major(name, shape)


def _column(
    b: Builder, column: list[Var], init: Value | None, t: ix.Index
) -> tuple[View, list[Value], Value]:
    """Where a unit writes its row, the rows of all, and that of the unit before, if any."""
    aval = column[0].aval
    if column[0] in b.dests:
        views = [b.dests.pop(v) for v in column]
        place = _unit_place(b, views, aval.shape)
        return place, [b.standing(v, aval) for v in views], b.standing(place, aval)
    before = 0 if init is None else 1
    shape = (len(column) + before, *aval.shape)
    stack = row_major(b.buffer(storage(aval), prod(shape)), shape)
    if init is not None:
        b.write(init, _place_of(stack, ix.ZERO))
    places = [_place_of(stack, ix.constant(k + before)) for k in range(len(column))]
    mine = _place_of(stack, ix.shift(t, before))
    return mine, [b.standing(v, aval) for v in places], b.standing(_place_of(stack, t), aval)


def while_(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """Test, body, again."""
    p = eqn.params
    n_cond, n_body = p["cond_nconsts"], p["body_nconsts"]
    n = len(eqn.outvars)
    places = _carried(b, eqn, ins[n_cond + n_body :])
    state = [b.standing(v, o.aval) for v, o in zip(places, eqn.outvars, strict=True)]
    test = b.buffer("bool", 1)
    cond: Block = []
    body: Block = []
    with b.inside(cond):
        b.run(p["cond_jaxpr"], [*ins[:n_cond], *state], [row_major(test, ())])
    with b.inside(body):
        consts = ins[n_cond : n_cond + n_body]
        jaxpr = p["body_jaxpr"]
        outs = b.run(jaxpr, [*consts, *state], _following(b, jaxpr, n_body, n))
        _advance(b, places, outs)
    b.block.append(While(cond, test, body))
    return state


def cond(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """Each branch fills the same results."""
    places = [b.destination(v) for v in eqn.outvars]
    _choose(b, eqn.params["branches"], ins, places)
    return [b.standing(v, o.aval) for v, o in zip(places, eqn.outvars, strict=True)]


def _choose(b: Builder, programs: tuple[Jaxpr, ...], ins: list[Value], places: list[View]) -> None:
    index = b.buffer("int32", 1)
    b.write(_clamped(b, ins[0], len(programs) - 1), row_major(index, ()))
    branches = []
    for jaxpr in programs:
        with b.inside([]) as block:
            b.run(jaxpr, ins[1:], places)
        branches.append(block)
    b.block.append(Branch(index, tuple(branches)))


def batched_cond(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """A loop over the batch in which each element takes its own branch, or all branches on all."""
    branches, batched = eqn.params["branches"], eqn.params["batched"]
    n = ins[0].shape[0]
    if not choice.pays(branches, n, b.rules):
        whole = simplify(selected(branches, batched, (None, n)))
        return b.run(whole, ins, [b.dests.pop(v, None) for v in eqn.outvars])
    places = [b.destination(v) for v in eqn.outvars]
    axis = b.graph.atoms.axis(n)
    body: Block = []
    with b.inside(body):
        mask = (True, *batched)
        rows = [_row_of(x, axis.index) if m else x for x, m in zip(ins, mask, strict=True)]
        _choose(b, branches, rows, [_place_of(v, axis.index) for v in places])
    b.block.append(For(axis, body))
    return [b.standing(v, o.aval) for v, o in zip(places, eqn.outvars, strict=True)]


def _clamped(b: Builder, x: Value, most: int) -> Value:
    def at(idx: Indices):
        node = x.at(idx)
        if node.dtype != "int32":
            node = b.op("convert_element_type", "int32", node)
        node = b.op("max", "int32", node, b.graph.const(0, "int32"))
        return b.op("min", "int32", node, b.graph.const(most, "int32"))

    return Value((), "int32", at)


def call(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """A program called in place: it is as if written here."""
    jaxpr = next(v for v in eqn.params.values() if hasattr(v, "eqns"))
    dests = [b.dests.pop(v, None) for v in eqn.outvars]
    return b.run(jaxpr, ins, dests)


def barrier(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """The operands themselves."""
    pairs = zip(eqn.outvars, ins, strict=True)
    return [b.result(v, x) for v, x in pairs]


CALLS = (
    "jit pjit closed_call core_call remat checkpoint custom_jvp_call custom_vjp_call custom_lin"
).split()
EAGER = {
    "optimization_barrier": barrier,
    "equal_units": repeat,
    "scan": scan,
    "while": while_,
    "cond": cond,
    "batched_cond": batched_cond,
    **dict.fromkeys(CALLS, call),
}
