"""Along which axes of a mesh the values of one device's program may differ from device to device.

What is the same along an axis is held in copies. `settled` finds this for a whole program, puts
divisions and sums in the place of what stands for them (`transforms/replicas.py`), and leaves out
sums over copies: n times the value.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from .. import dtypes
from ..core.ir import Jaxpr, JaxprEqn, Literal, Var, subjaxprs
from ..core.memo import weak_memo
from ..core.stage import literal_value
from ..core.trace import axis_size, get_aval, manual_axes, runs_equations
from ..primitives.arithmetic import div, mul
from ..transforms.program import stage_pure
from ..transforms.replicas import STANDINS, enter_p, leave_p, share_p, total_p, vary_p
from .axis import pmax_p, pmin_p, psum_p
from .manual import scope

Names = frozenset[Any]
NONE: Names = frozenset()
# eqn, values, along which axes each varies -> results, along which axes they vary
Rule = Callable[[JaxprEqn, Sequence[Any], Sequence[Names]], tuple[Sequence[Any], Sequence[Names]]]


def union(sets: Sequence[Names]) -> Names:
    """All names of some sets."""
    return reduce(frozenset.union, sets, NONE)


@weak_memo
def settled(
    jaxpr: Jaxpr, ins: tuple[Names, ...], manual: tuple[Any, ...]
) -> tuple[Jaxpr, tuple[Names, ...]]:
    """The program without stand-ins, and along which of the axes `manual` its results vary."""
    found: list[Names] = []

    def fun(*args: Any) -> list[Any]:
        outs, names = _run(jaxpr, args, ins)
        found[:] = names
        return outs

    return stage_pure(fun, jaxpr.in_avals, "shard_map"), tuple(found)


def _settled(jaxpr: Jaxpr, ins: Sequence[Names]) -> tuple[Jaxpr, tuple[Names, ...]]:
    return settled(jaxpr, tuple(ins), manual_axes())


@runs_equations
def _run(jaxpr: Jaxpr, args: Sequence[Any], ins: Sequence[Names]) -> tuple[list[Any], list[Names]]:
    env: dict[Var, tuple[Any, Names]] = {}
    for v, pair in zip(jaxpr.invars, zip(args, ins, strict=True), strict=True):
        env[v] = pair

    def read(atom: Any) -> tuple[Any, Names]:
        return (literal_value(atom), NONE) if isinstance(atom, Literal) else env[atom]

    for eqn in jaxpr.eqns:
        pairs = [read(v) for v in eqn.invars]
        rule = RULES.get(eqn.primitive.name, _other)
        outs, names = rule(eqn, [x for x, _ in pairs], [n for _, n in pairs])
        for v, pair in zip(eqn.outvars, zip(outs, names, strict=True), strict=True):
            env[v] = pair
    results = [read(v) for v in jaxpr.outvars]
    return [x for x, _ in results], [n for _, n in results]


def _bind(eqn: JaxprEqn, values: Sequence[Any], **changes: Any) -> Sequence[Any]:
    outs = eqn.primitive.bind(*values, **{**eqn.params, **changes})
    return outs if eqn.primitive.multiple_results else [outs]


def _other(eqn: JaxprEqn, values: Sequence[Any], names: Sequence[Names]) -> Any:
    """What an operation computes differs where any operand does."""
    body = eqn.params.get("jaxpr")
    if isinstance(body, Jaxpr) and len(body.invars) == len(values):
        inner, found = _settled(body, names)
        return _bind(eqn, values, jaxpr=inner), found
    if any(map(_unsettled, subjaxprs(eqn))):
        raise NotImplementedError(
            f"shard_map: a gradient inside {eqn.primitive} of a program for one device: take it"
            " outside, or pass check_vma=False and sum gradients with psum"
        )
    return _bind(eqn, values), [union(names)] * len(eqn.outvars)


def _unsettled(jaxpr: Jaxpr) -> bool:
    return any(e.primitive in STANDINS or any(map(_unsettled, subjaxprs(e))) for e in jaxpr.eqns)


def _scan(eqn: JaxprEqn, values: Sequence[Any], names: Sequence[Names]) -> Any:
    """The carry differs where it does after any number of steps."""
    a, n = eqn.params["num_consts"], eqn.params["num_carry"]
    consts, carry, xs = list(names[:a]), list(names[a : a + n]), list(names[a + n :])
    while True:
        body, found = _settled(eqn.params["jaxpr"], [*consts, *carry, *xs])
        after = [c | f for c, f in zip(carry, found[:n], strict=True)]
        if after == carry:
            return _bind(eqn, values, jaxpr=body), [*carry, *found[n:]]
        carry = after


def _while(eqn: JaxprEqn, values: Sequence[Any], names: Sequence[Names]) -> Any:
    """The number of steps may differ, too."""
    a, b = eqn.params["cond_nconsts"], eqn.params["body_nconsts"]
    of_cond, of_body, carry = list(names[:a]), list(names[a : a + b]), list(names[a + b :])
    while True:
        asked, (often,) = _settled(eqn.params["cond_jaxpr"], [*of_cond, *carry])
        body, found = _settled(eqn.params["body_jaxpr"], [*of_body, *carry])
        after = [c | f | often for c, f in zip(carry, found, strict=True)]
        if after == carry:
            return _bind(eqn, values, cond_jaxpr=asked, body_jaxpr=body), carry
        carry = after


def _cond(eqn: JaxprEqn, values: Sequence[Any], names: Sequence[Names]) -> Any:
    """Which branch is taken may differ."""
    pairs = [_settled(branch, names[1:]) for branch in eqn.params["branches"]]
    every = zip(*[found for _, found in pairs], strict=True)
    outs = _bind(eqn, values, branches=type(eqn.params["branches"])([p for p, _ in pairs]))
    return outs, [union([names[0], *found]) for found in every]


def total(x: Any, axes: Sequence[Any], names: Names) -> Any:
    """The sum over axes of a value that varies along some."""
    over = tuple(a for a in axes if a in names or get_aval(x).dtype == dtypes.bool_)
    out = psum_p.bind(x, axes=over) if over else x
    for name in axes:
        out = out if name in over else _times(out, axis_size(name))
    return out


def _times(x: Any, n: int) -> Any:
    return x * n if isinstance(x, (int, float, complex)) else mul(x, n)


def _psum(eqn: JaxprEqn, values: Sequence[Any], names: Sequence[Names]) -> Any:
    axes = eqn.params["axes"]
    return [total(values[0], axes, names[0])], [names[0].difference(axes)]


def _extremum(eqn: JaxprEqn, values: Sequence[Any], names: Sequence[Names]) -> Any:
    over = tuple(a for a in eqn.params["axes"] if a in names[0])
    out = _bind(eqn, values, axes=over) if over else list(values)
    return out, [names[0].difference(over)]


def _exchange(eqn: JaxprEqn, values: Sequence[Any], names: Sequence[Names]) -> Any:
    return _bind(eqn, values), [union(names).union(eqn.params["axes"])]


def _vary(eqn: JaxprEqn, values: Sequence[Any], names: Sequence[Names]) -> Any:
    return [values[0]], [names[0].union(eqn.params["axes"])]


def _shard_map(eqn: JaxprEqn, values: Sequence[Any], names: Sequence[Names]) -> Any:
    """The program of one device along further axes: outside they are whole again."""
    p = eqn.params
    inside = [n.union(s.all_names) for n, s in zip(names, p["in_specs"], strict=True)]
    with scope(p["mesh"], p["axes"], p["check_vma"]):
        body, found = _settled(p["jaxpr"], inside)
    return _bind(eqn, values, jaxpr=body), [n.difference(p["axes"]) for n in found]


def _copies(names: Names) -> list[Any]:
    return [a for a in manual_axes() if a not in names]


def _same(eqn: JaxprEqn, values: Sequence[Any], names: Sequence[Names]) -> Any:
    return [values[0]], [names[0]]


def _share(eqn: JaxprEqn, values: Sequence[Any], names: Sequence[Names]) -> Any:
    out = values[0]
    for name in _copies(names[1]):
        out = div(out, axis_size(name))
    return [out], [names[0]]


def _total(eqn: JaxprEqn, values: Sequence[Any], names: Sequence[Names]) -> Any:
    over = _copies(names[1])
    return [total(values[0], over, names[0])], [names[0].difference(over)]


RULES: dict[str, Rule] = {
    psum_p.name: _psum,
    pmax_p.name: _extremum,
    pmin_p.name: _extremum,
    enter_p.name: _same,
    leave_p.name: _same,
    share_p.name: _share,
    total_p.name: _total,
    vary_p.name: _vary,
    "shard_map": _shard_map,
    "scan": _scan,
    "while": _while,
    "cond": _cond,
    **dict.fromkeys(
        ("axis_index", "all_gather", "psum_scatter", "all_to_all", "ppermute"), _exchange
    ),
}
