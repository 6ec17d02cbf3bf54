"""Passes from a program to one that computes the same with less work. None changes its arguments
or the types of its results; each takes time linear in the program and keeps the users' lines."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from .. import config, dtypes
from ..lazy import LazyModule
from .ir import Atom, Jaxpr, JaxprEqn, Literal, Var
from .memo import weak_memo
from .primitive import Effect, Primitive
from .stage import JaxprFunction
from .structure import literal_key, params_key

# Loaded where programs are checked.
_checks: Any = LazyModule(f"{__package__}.check")

Pass = Callable[[Jaxpr], Jaxpr]
Definition = Callable[[Atom], JaxprEqn | None]

# More rewrites of one equation than this are a rule that undoes another.
MOST_REWRITES = 20
FOLDED = ("bool", "signed", "unsigned", "float", "complex")


@weak_memo
def effects(jaxpr: Jaxpr) -> frozenset[Effect]:
    """What running the program does besides computing results."""
    none: frozenset[Effect] = frozenset()
    return none.union(*[effects_of(e.primitive, e.params) for e in jaxpr.eqns])


def effects_of(primitive: Primitive, params: dict[str, Any]) -> frozenset[Effect]:
    """The effects of an operation and of the programs it holds."""
    own = frozenset([] if primitive.effect is None else [primitive.effect])
    return own.union(*map(effects, programs(params))) if primitive.higher else own


@weak_memo
def named_axes(jaxpr: Jaxpr) -> frozenset[Any]:
    """The names of the axes over which the program's operations go."""
    none: frozenset[Any] = frozenset()
    return none.union(*[named_axes_of(e.primitive, e.params) for e in jaxpr.eqns])


def named_axes_of(primitive: Primitive, params: dict[str, Any]) -> frozenset[Any]:
    """The names of axes of an operation, and in the programs it holds."""
    own: frozenset[Any] = frozenset(params["axes"] if primitive.collective else ())
    return own.union(*map(named_axes, programs(params))) if primitive.higher else own


def has_effect(eqn: JaxprEqn) -> bool:
    """Whether the operation, or a program it holds, has an effect."""
    return bool(effects_of(eqn.primitive, eqn.params))


def programs(params: Any) -> Iterator[Jaxpr]:
    """The programs that the parameters of an operation hold, called functions too.

    >>> from pullback.extend.core import jaxprs_in_params
    >>> (call,) = pb.make_jaxpr(pb.jit(pnp.sin))(1.0).eqns
    >>> [program.eqns[0].primitive for program in jaxprs_in_params(call.params)]
    [sin]
    """
    for value in params.values():
        for item in cast(Sequence[Any], value) if type(value) is tuple else (value,):
            if isinstance(item, Jaxpr):
                yield item
            elif isinstance(item, JaxprFunction):
                yield item.jaxpr


@weak_memo
def again(jaxpr: Jaxpr) -> Jaxpr:
    """The program for running it another time: without the operations that tell what it does."""
    assert Effect.IO not in effects(jaxpr)
    eqns = [inside(e, again) for e in jaxpr.eqns if e.primitive.effect is None]
    return jaxpr.replace(eqns=eqns)


def inside(eqn: JaxprEqn, rewrite: Pass) -> JaxprEqn:
    """The equation with the programs it holds rewritten."""
    if not eqn.primitive.higher:
        return eqn
    params = {k: _rewritten(v, rewrite) for k, v in eqn.params.items()}
    same = all(v is params[k] for k, v in eqn.params.items())
    return eqn if same else eqn.replace(params=params)


def each(jaxpr: Jaxpr, rewrite: Callable[[JaxprEqn], JaxprEqn]) -> Jaxpr:
    """The program with every equation rewritten; itself where none is another then."""
    eqns = [rewrite(e) for e in jaxpr.eqns]
    same = all(new is old for new, old in zip(eqns, jaxpr.eqns, strict=True))
    return jaxpr if same else jaxpr.replace(eqns=eqns)


def _rewritten(value: Any, rewrite: Pass) -> Any:
    if isinstance(value, Jaxpr):
        return rewrite(value)
    if isinstance(value, JaxprFunction):
        found = rewrite(value.jaxpr)
        return value if found is value.jaxpr else JaxprFunction(found)
    if type(value) is tuple:
        items = cast(tuple[Any, ...], value)
        new = [_rewritten(v, rewrite) for v in items]
        return items if all(a is b for a, b in zip(new, items, strict=True)) else tuple(new)
    return value


Substitution = dict[Var, Atom]


def _atoms(known: Substitution, atoms: Sequence[Atom]) -> list[Atom]:
    return [known.get(v, v) if type(v) is Var else v for v in atoms]


def _substitute(known: Substitution, eqn: JaxprEqn) -> JaxprEqn:
    if not known:
        return eqn
    invars = _atoms(known, eqn.invars)
    return eqn if invars == eqn.invars else eqn.replace(invars=invars)


# Dead code: what no result needs is not computed.


@weak_memo
def dead_code(jaxpr: Jaxpr) -> Jaxpr:
    """The program without equations that nothing uses, here and in the programs it holds."""
    return _live(jaxpr, jaxpr.outvars)[0]


@weak_memo
def prune(jaxpr: Jaxpr, used: tuple[bool, ...]) -> tuple[Jaxpr, tuple[bool, ...]]:
    """The program of the used results alone, and which of its arguments they need.

    The program keeps all its arguments; `keep_arguments` drops some. For `dce` rules.
    """
    outvars = [v for v, u in zip(jaxpr.outvars, used, strict=True) if u]
    program, live = _live(jaxpr, outvars)
    return program, tuple([v in live for v in jaxpr.invars])


def keep_arguments(jaxpr: Jaxpr, kept: Sequence[bool]) -> Jaxpr:
    """The program with only these arguments; it must not use the others."""
    return jaxpr.replace(invars=[v for v, k in zip(jaxpr.invars, kept, strict=True) if k])


def _live(jaxpr: Jaxpr, outvars: Sequence[Atom]) -> tuple[Jaxpr, set[Var]]:
    live = {v for v in outvars if type(v) is Var}
    eqns: list[JaxprEqn] = []
    for eqn in reversed(jaxpr.eqns):
        kept = _used_part(eqn, [v in live for v in eqn.outvars])
        if kept is not None:
            kept = inside(kept, dead_code)
            eqns.append(kept)
            live.update([v for v in kept.invars if type(v) is Var])
    return jaxpr.replace(outvars=outvars, eqns=eqns[::-1]), live


def _used_part(eqn: JaxprEqn, used: list[bool]) -> JaxprEqn | None:
    if all(used) and used:
        return eqn
    if not any(used) and not has_effect(eqn):
        return None
    return eqn if eqn.primitive.dce is None else eqn.primitive.dce(eqn, used)


# Common subexpressions: equal operations on equal inputs are done once.


@weak_memo
def common_subexpressions(jaxpr: Jaxpr) -> Jaxpr:
    """The program that computes equal equations once. Operations with effects are left alone."""
    known: Substitution = {}
    seen: dict[Any, JaxprEqn] = {}
    eqns: list[JaxprEqn] = []
    for old in jaxpr.eqns:
        eqn = inside(_substitute(known, old), common_subexpressions)
        first = eqn if has_effect(eqn) else seen.setdefault(_eqn_key(eqn), eqn)
        if first is eqn:
            eqns.append(eqn)
        else:
            known.update(zip(eqn.outvars, first.outvars, strict=True))
    return jaxpr.replace(outvars=_atoms(known, jaxpr.outvars), eqns=eqns)


def _eqn_key(eqn: JaxprEqn) -> tuple[Any, ...]:
    inputs = tuple([literal_key(v) if type(v) is Literal else v for v in eqn.invars])
    return eqn.primitive, params_key(eqn), inputs


# Inlining: the body of a call in place of the call.


@weak_memo
def inline(jaxpr: Jaxpr) -> Jaxpr:
    """The program with calls replaced by what they call, at every depth."""
    known: Substitution = {}
    eqns: list[JaxprEqn] = []
    for old in jaxpr.eqns:
        eqn = _substitute(known, old)
        body = eqn.primitive.inline(eqn) if eqn.primitive.inline is not None else None
        if body is None:
            eqns.append(inside(eqn, inline))
        else:
            known.update(zip(eqn.outvars, _splice(inline(body), eqn, eqns), strict=True))
    return jaxpr.replace(outvars=_atoms(known, jaxpr.outvars), eqns=eqns)


def _splice(body: Jaxpr, call: JaxprEqn, eqns: list[JaxprEqn]) -> list[Atom]:
    """Append a copy of the body with the call's inputs; its results."""
    assert not body.constvars and body.in_avals == [v.aval for v in call.invars], call
    local: Substitution = dict(zip(body.invars, call.invars, strict=True))
    for e in body.eqns:
        invars = _atoms(local, e.invars)
        outvars = [Var(v.aval) for v in e.outvars]
        local.update(zip(e.outvars, outvars, strict=True))
        eqns.append(JaxprEqn(e.primitive, invars, outvars, e.params, e.line or call.line))
    return _atoms(local, body.outvars)


# Algebra: the identities that primitives state in their `simplify` slots, and constants.


@weak_memo
def algebra(jaxpr: Jaxpr) -> Jaxpr:
    """The program with local identities applied and operations on literals computed."""
    known: Substitution = {}
    made: dict[Var, JaxprEqn] = {}
    eqns: list[JaxprEqn] = []

    def definition(atom: Atom) -> JaxprEqn | None:
        return made.get(atom) if type(atom) is Var else None

    for old in jaxpr.eqns:
        found = _simplest(inside(_substitute(known, old), algebra), definition)
        if isinstance(found, JaxprEqn):
            eqns.append(found)
            made.update([(v, found) for v in found.outvars])
        else:
            known[old.outvars[0]] = found
    return jaxpr.replace(outvars=_atoms(known, jaxpr.outvars), eqns=eqns)


def _simplest(eqn: JaxprEqn, definition: Definition) -> Atom | JaxprEqn:
    """What an equation becomes when no rule applies any more."""
    for _ in range(MOST_REWRITES):
        found = _folded(eqn)
        if found is None and eqn.primitive.simplify is not None:
            found = eqn.primitive.simplify(eqn, definition)
        if isinstance(found, (Var, Literal)):
            # A rule may forget that a value is weak or that a scalar stands for many elements.
            return found if found.aval == eqn.outvars[0].aval else eqn
        if found is None:
            return eqn
        eqn = found
    raise AssertionError(f"the identities of {eqn.primitive} do not come to an end")


def _folded(eqn: JaxprEqn) -> Literal | None:
    """The value of an operation on literals alone, where it is a scalar."""
    if not eqn.invars or len(eqn.outvars) != 1 or not all(type(v) is Literal for v in eqn.invars):
        return None
    p, aval = eqn.primitive, eqn.outvars[0].aval
    opaque = p.effect or p.higher or p.collective or p.multiple_results
    if opaque or aval.shape or dtypes.kind(aval.dtype) not in FOLDED:
        return None
    with np.errstate(all="ignore"):
        value = p.value(*[np.asarray(cast(Literal, v).val) for v in eqn.invars], **eqn.params)
    result = np.asarray(value)
    assert result.dtype == aval.dtype and result.shape == (), eqn
    return Literal(result[()], aval)


class Step(NamedTuple):
    """A pass and why it stands where it stands."""

    run: Pass
    why: str


STEPS = (
    Step(inline, "calls hide from the other passes what they compute"),
    Step(dead_code, "the passes that follow need not look at what nothing uses"),
    Step(algebra, "identities make equal what was written in different ways"),
    Step(common_subexpressions, "so that equal work is found, and done once"),
    Step(dead_code, "the two before leave equations behind that nothing uses any more"),
)


@weak_memo
def simplify(jaxpr: Jaxpr) -> Jaxpr:
    """All passes in order: what the compilers take."""
    checked = config.current().guards.enable_checks
    for step in STEPS:
        jaxpr = step.run(jaxpr)
        if checked:
            _checks.check(jaxpr)
    return jaxpr
