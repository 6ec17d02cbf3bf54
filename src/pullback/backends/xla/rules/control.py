"""Operations that hold programs: calls, branches, loops, reductions by a program."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from .... import dtypes
from ....control.branches import Branches, selected
from ....control.custom_vjp_call import custom_lin_p
from ....core.ir import Jaxpr
from ....core.rewrite import effects
from ..builder import ORDER, Builder, table
from ..hlo import Tensor, Value, ints
from .reduce import reduce
from .window import reduce_window

Types = list[Tensor]
RULES, rule = table()


@rule("jit")
def _(b: Builder, types: Types, *args: Value, name: str, jaxpr: Jaxpr) -> list[Value]:
    return b.call(jaxpr, name, args)


@rule("optimization_barrier")
def _(b: Builder, types: Types, *args: Value) -> list[Value]:
    return b.op("optimization_barrier", args, types) if args else []


@rule("cond")
def _(b: Builder, types: Types, index: Value, *ops: Value, branches: Sequence[Jaxpr]) -> Any:
    """XLA takes the last branch where the index is out of bounds."""
    low = b.same("maximum", index, b.like(index, 0))
    if not any(effects(j) for j in branches):
        regions = [b.region([], lambda j=j: b.run(j, ops)) for j in branches]
        return b.op("case", [low], types, regions)
    before = b.ordering()

    def branch(jaxpr: Jaxpr) -> list[Value]:
        b.order = before
        return [*b.run(jaxpr, ops), b.ordering()]

    regions = [b.region([], partial(branch, j)) for j in branches]
    *outs, b.order = b.op("case", [low], [*types, ORDER], regions)
    return outs


@rule("batched_cond")
def _(
    b: Builder,
    types: Types,
    index: Value,
    *ops: Value,
    branches: Branches,
    batched: Sequence[bool],
) -> list[Value]:
    """All branches on the whole batch, and a choice."""
    n = index.type.shape[0]
    return b.run(selected(branches, tuple(batched), (None, n)), [index, *ops])


def while_loop(
    b: Builder, init: Sequence[Value], condition: Any, body: Any, ordered: bool
) -> list[Value]:
    """A loop with a carry. Both functions may use values from outside.

    ordered: whether a turn has effects, whose order is then part of the carry.
    """
    if not ordered:
        types = [v.type for v in init]
        return b.op("while", init, types, [b.region(types, condition), b.region(types, body)])

    def asked(*carry: Value) -> Any:
        *rest, b.order = carry
        return condition(*rest)

    def turned(*carry: Value) -> list[Value]:
        *rest, b.order = carry
        return [*body(*rest), b.ordering()]

    *outs, b.order = while_loop(b, [*init, b.ordering()], asked, turned, False)
    return outs


@rule("while")
def _(
    b: Builder,
    types: Types,
    *args: Value,
    cond_jaxpr: Jaxpr,
    cond_nconsts: int,
    body_jaxpr: Jaxpr,
    body_nconsts: int,
) -> list[Value]:
    n = cond_nconsts + body_nconsts
    of_cond, of_body, init = args[:cond_nconsts], args[cond_nconsts:n], args[n:]
    return while_loop(
        b,
        init,
        lambda *carry: b.run(cond_jaxpr, [*of_cond, *carry]),
        lambda *carry: b.run(body_jaxpr, [*of_body, *carry]),
        bool(effects(cond_jaxpr) or effects(body_jaxpr)),
    )


@rule("scan")
def _(
    b: Builder,
    types: Types,
    *args: Value,
    jaxpr: Jaxpr,
    length: int,
    num_consts: int,
    num_carry: int,
    reverse: bool,
    unroll: int,
) -> list[Value]:
    """A loop that counts; the stacked results are part of its carry."""
    consts, init, xs = (
        args[:num_consts],
        args[num_consts:][:num_carry],
        args[num_consts:][num_carry:],
    )
    stacks = [b.constant(0, t.dtype, t.shape) for t in types[num_carry:]]
    if length == 0:
        return [*init, *stacks]

    def condition(count: Value, *rest: Value) -> Value:
        return b.compare("LT", count, b.like(count, length))

    def body(count: Value, *rest: Value) -> list[Value]:
        place = b.same("subtract", b.like(count, length - 1), count) if reverse else count
        slices = [element(b, x, place) for x in xs]
        outs = b.run(jaxpr, [*consts, *rest[:num_carry], *slices])
        ys = zip(rest[num_carry:], outs[num_carry:], strict=True)
        filled = [with_element(b, stack, y, place) for stack, y in ys]
        return [b.same("add", count, b.like(count, 1)), *outs[:num_carry], *filled]

    start = b.constant(0, dtypes.int32)
    return while_loop(b, [start, *init, *stacks], condition, body, bool(effects(jaxpr)))[1:]


def element(b: Builder, x: Value, place: Value) -> Value:
    """x[place]."""
    zeros = [b.like(place, 0)] * (x.ndim - 1)
    out = Tensor((1, *x.shape[1:]), x.dtype)
    sizes = {"slice_sizes": ints(out.shape)}
    return b.reshape(b.one("dynamic_slice", [x, place, *zeros], out, **sizes), x.shape[1:])


def with_element(b: Builder, x: Value, y: Value, place: Value) -> Value:
    """x with x[place] = y."""
    zeros = [b.like(place, 0)] * (x.ndim - 1)
    row = b.reshape(y, (1, *y.shape))
    return b.one("dynamic_update_slice", [x, row, place, *zeros], x.type)


@rule("reduce")
def _(b: Builder, types: Types, *args: Value, jaxpr: Jaxpr, dimensions: Any) -> list[Value]:
    n = len(types)
    return reduce(b, args[:n], args[n:], dimensions, lambda *pair: b.run(jaxpr, pair))


@rule("reduce_window")
def _(b: Builder, types: Types, *args: Value, jaxpr: Jaxpr, **windows: Any) -> list[Value]:
    n = len(types)
    return reduce_window(b, args[:n], args[n:], types, lambda *pair: b.run(jaxpr, pair), **windows)


@rule("custom_lin")
def _(b: Builder, types: Types, *args: Value, **params: Any) -> Any:
    """Has no value: the primitive says why."""
    return custom_lin_p.value()
