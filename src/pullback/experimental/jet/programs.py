"""Operations that hold programs, on power series: the program of all coefficients."""

from collections.abc import Sequence
from typing import Any

from ...control.branches import union
from ...control.call import jit_p
from ...control.cond import cond_p
from ...control.remat import checkpoint_p
from ...control.scan import scan_p
from ...control.scan_body import fixpoint, split_at
from ...control.while_loop import while_p
from ...core.ir import Jaxpr
from ...core.memo import weak_memo
from ...core.primitive import Primitive
from ...core.stage import eval_jaxpr
from ...core.trace import get_aval
from ...primitives.shape import zeros
from ...transforms.program import Mask, pick, stage_pure
from .series import Series
from .trace import jet_flat, rule


@weak_memo
def jet_jaxpr(jaxpr: Jaxpr, order: int, moving: Mask, forced: Mask) -> tuple[Jaxpr, Mask]:
    """The program of coefficients, and which results are no constants (`forced` ones never are).

    Operands and results: the values first, then the further coefficients of each that moves.
    """
    found: list[bool] = []
    n = len(jaxpr.invars)

    def fun(*args: Any) -> list[Any]:
        series = gather(args[:n], args[n:], moving, order)
        outs = jet_flat(lambda *a: eval_jaxpr(jaxpr, (), *a), order, series)
        found[:] = [f or len(s) > 1 for f, s in zip(forced, outs, strict=True)]
        return [*[s[0] for s in outs], *coefficients(outs, found, order)]

    further = [a for a in pick(jaxpr.in_avals, moving) for _ in range(order)]
    return stage_pure(fun, [*jaxpr.in_avals, *further], "jet"), tuple(found)


def gather(values: Sequence[Any], rest: Sequence[Any], moving: Mask, order: int) -> list[Series]:
    """Series, of values and the further coefficients of those that move."""
    further = iter(rest)
    return [
        [x, *[next(further) for _ in range(order)]] if m else [x]
        for x, m in zip(values, moving, strict=True)
    ]


def coefficients(series: Sequence[Series], moving: Sequence[bool], order: int) -> list[Any]:
    """The further coefficients of the series that are to move."""
    found: list[Any] = []
    for s in pick(series, moving):
        found += s[1:] if len(s) > 1 else [zeros(get_aval(s[0])) for _ in range(order)]
    return found


def _moves(series: Sequence[Series]) -> Mask:
    return tuple(len(s) > 1 for s in series)


def _call(primitive: Primitive) -> None:
    @rule(primitive.name)
    def _(order: int, *args: Series, **params: Any) -> list[Series]:
        jaxpr, moving = params["jaxpr"], _moves(args)
        n = len(jaxpr.outvars)
        program, found = jet_jaxpr(jaxpr, order, moving, (False,) * n)
        operands = [*[s[0] for s in args], *coefficients(args, moving, order)]
        outs = primitive.bind(*operands, **{**params, "jaxpr": program})
        return gather(outs[:n], outs[n:], found, order)


for _primitive in (jit_p, checkpoint_p):
    _call(_primitive)


@rule("cond")
def _(
    order: int, index: Series, *args: Series, branches: tuple[Jaxpr, ...], **params: Any
) -> list[Series]:
    moving = _moves(args)
    n = len(branches[0].outvars)
    found = union([jet_jaxpr(b, order, moving, (False,) * n)[1] for b in branches])
    programs = tuple(jet_jaxpr(b, order, moving, found)[0] for b in branches)
    operands = [*[s[0] for s in args], *coefficients(args, moving, order)]
    outs = cond_p.bind(index[0], *operands, branches=programs, **params)
    return gather(outs[:n], outs[n:], found, order)


def _regrouped(program: Jaxpr, groups: Sequence[Sequence[bool]], order: int) -> Jaxpr:
    """The program with each group's further coefficients next to the group's values."""
    sizes = [len(g) for g in groups]
    counts = [sum(g) * order for g in groups]
    values = split_at(program.invars[: sum(sizes)], *sizes[:-1])
    further = split_at(program.invars[sum(sizes) :], *counts[:-1])
    invars = [v for a, b in zip(values, further, strict=True) for v in (*a, *b)]
    return program.replace(invars=invars)


def _operands(groups: Sequence[Sequence[Series]], masks: Sequence[Mask], order: int) -> list[Any]:
    found: list[Any] = []
    for group, mask in zip(groups, masks, strict=True):
        found += [*[s[0] for s in group], *coefficients(group, mask, order)]
    return found


@rule("scan")
def _(order: int, *args: Series, **params: Any) -> list[Series]:
    jaxpr, nc, nk = params["jaxpr"], params["num_consts"], params["num_carry"]
    consts, init, xs = split_at(args, nc, nk)
    consts_m, xs_m = _moves(consts), _moves(xs)
    free = (False,) * (len(jaxpr.outvars) - nk)

    def step(carry: Mask) -> Mask:
        return jet_jaxpr(jaxpr, order, (*consts_m, *carry, *xs_m), (*carry, *free))[1][:nk]

    carry_m = fixpoint(step, _moves(init))
    masks = (consts_m, carry_m, xs_m)
    program, found = jet_jaxpr(jaxpr, order, (*consts_m, *carry_m, *xs_m), (*carry_m, *free))
    body = _regrouped(program, masks, order)
    carry, ys, further, ys_further = split_at(body.outvars, nk, len(free), sum(carry_m) * order)
    outs = scan_p.bind(
        *_operands((consts, init, xs), masks, order),
        **{
            **params,
            "jaxpr": body.replace(outvars=[*carry, *further, *ys, *ys_further]),
            "num_consts": nc + sum(consts_m) * order,
            "num_carry": nk + sum(carry_m) * order,
        },
    )
    carry, further, ys, ys_further = split_at(outs, nk, sum(carry_m) * order, len(free))
    return gather([*carry, *ys], [*further, *ys_further], found, order)


@rule("while")
def _(order: int, *args: Series, **params: Any) -> list[Series]:
    """The condition sees values only."""
    jaxpr, n_cond, n_body = params["body_jaxpr"], params["cond_nconsts"], params["body_nconsts"]
    cond_consts, consts, init = split_at(args, n_cond, n_body)
    consts_m = _moves(consts)

    def step(carry: Mask) -> Mask:
        return jet_jaxpr(jaxpr, order, (*consts_m, *carry), carry)[1]

    carry_m = fixpoint(step, _moves(init))
    program, _ = jet_jaxpr(jaxpr, order, (*consts_m, *carry_m), carry_m)
    condition, n = params["cond_jaxpr"], len(init)
    further = [a for a in pick(jaxpr.out_avals, carry_m) for _ in range(order)]

    def test(*values: Any) -> list[Any]:
        return eval_jaxpr(condition, (), *values[: n_cond + n])

    outs = while_p.bind(
        *[s[0] for s in cond_consts],
        *_operands((consts, init), (consts_m, carry_m), order),
        **{
            **params,
            "cond_jaxpr": stage_pure(test, [*condition.in_avals, *further], "jet"),
            "body_jaxpr": _regrouped(program, (consts_m, carry_m), order),
            "body_nconsts": n_body + sum(consts_m) * order,
        },
    )
    return gather(outs[:n], outs[n:], carry_m, order)
