"""Sums of cotangents that are mostly zero, as updates: what was read at one place adds there only.

The transpose of reading x[i] is zero but at i. Such arrays are added to what is known so far, often
at each step of a loop; the sum takes as long as the array is large, the update as long as u is:

    s + dynamic_update_slice(0, u, i) = s with u added to a slice, a scatter_add of one window
    s + scatter_add(0, i, u)          = scatter_add(s, i, u)
    s + scan(c -> c + f(x), from 0)   = scan(c -> c + f(x), from s)
    s + cond(i, f, g)                 = cond(i, s + f, s + g)
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ... import dtypes
from ...control.call import jit_p
from ...control.cond import cond_p
from ...control.scan import scan_p
from ...core.aval import Shape
from ...core.ir import Atom, Jaxpr, JaxprEqn, Var
from ...core.memo import weak_memo
from ...core.primitive import Primitive
from ...core.rewrite import each, inside
from ...core.stage import stage
from ...core.trace import get_aval
from ...primitives import elementwise as ew
from ...primitives.algebra import number
from ...primitives.convert import convert_element_type
from ...primitives.dynamic import dynamic_update_slice_p
from ...primitives.index import ScatterDimensionNumbers
from ...primitives.nary import add_any_p
from ...primitives.pieces import concatenate, pad_p
from ...primitives.rules import scalar
from ...primitives.scatter import scatter_add, scatter_add_p
from ...primitives.shape import reshape

# Padding alone needs no memory; an update pays where the array is so many times as large.
FEW = 16
INDEX = dtypes.int32


@weak_memo
def accumulated(jaxpr: Jaxpr) -> Jaxpr:
    """The program with sparse terms of sums of cotangents added in place."""
    if any(e.primitive is add_any_p for e in jaxpr.eqns):
        jaxpr = _with_updates(jaxpr)
    return each(jaxpr, lambda e: inside(e, accumulated))


def _with_updates(jaxpr: Jaxpr) -> Jaxpr:
    sums = _Sums(jaxpr)
    for eqn in jaxpr.eqns:
        if sums.is_whole(eqn):
            sums.update(eqn)
    if not sums.new:
        return jaxpr
    return jaxpr.replace(eqns=[new for e in jaxpr.eqns for new in sums.equations(e)])


@dataclass(frozen=True)
class Window:
    """An array that is zero but for an update at some starts, or at 0, inside of an array of a
    shape that is put at a place into a larger one, and so on."""

    update: Atom
    starts: tuple[Atom, ...]
    moves: tuple[tuple[Shape, Shape], ...]

    def added(self, total: Any, update: Any, *starts: Any) -> Any:
        """The sum of an array and this one."""
        places = list(starts) or [scalar(0, INDEX)] * total.ndim
        for shape, low in self.moves:
            moved = zip(places, shape, update.shape, low, strict=True)
            places = [shifted(i, n - k, by) for i, n, k, by in moved]
        axes = tuple(range(total.ndim))
        numbers = ScatterDimensionNumbers(axes, (), axes)
        dtype = INDEX if all(fits(get_aval(i).dtype) for i in places) else dtypes.int64
        at = concatenate([reshape(convert_element_type(i, dtype), (1,)) for i in places], 0)
        return scatter_add(total, at, update, numbers, unique_indices=True, mode="clip")


def fits(dtype: dtypes.DType) -> bool:
    """Whether all numbers of an integer dtype are such indices."""
    return dtype == INDEX or dtype.itemsize < INDEX.itemsize


def shifted(start: Any, most: int, by: int) -> Any:
    """A start, moved into 0..most, in the array around."""
    dtype = get_aval(start).dtype
    inside = ew.min(ew.max(start, scalar(0, dtype)), scalar(most, dtype))
    return ew.add(inside, scalar(by, dtype))


class _Sums:
    """The sums of a program: what they are of, and what stands in the place of equations."""

    def __init__(self, jaxpr: Jaxpr) -> None:
        self.uses = Counter([v for e in jaxpr.eqns for v in e.invars] + jaxpr.outvars)
        self.made: dict[Atom, JaxprEqn] = {v: e for e in jaxpr.eqns for v in e.outvars}
        self.order: dict[Atom, int] = {v: k for k, e in enumerate(jaxpr.eqns, 1) for v in e.outvars}
        self.new: dict[JaxprEqn, list[JaxprEqn]] = {}
        self.of_sums = {v for e in jaxpr.eqns if e.primitive is add_any_p for v in e.invars}

    def is_whole(self, eqn: JaxprEqn) -> bool:
        """Whether an equation is a sum that is no part of another one."""
        if eqn.primitive is not add_any_p:
            return False
        (out,) = eqn.outvars
        return out not in self.of_sums or self.uses[out] > 1

    def equations(self, eqn: JaxprEqn) -> list[JaxprEqn]:
        """What stands in the place of an equation."""
        return self.new.get(eqn, [eqn])

    def definition(self, atom: Atom) -> JaxprEqn | None:
        """The equation behind an input."""
        return self.made.get(atom)

    def terms(self, total: Atom) -> Iterator[Atom]:
        """What a sum is of, from left to right."""
        stack = [total]
        while stack:
            atom = stack.pop()
            eqn = self.definition(atom)
            mine = atom is total or self.uses[atom] == 1
            if eqn is not None and eqn.primitive is add_any_p and mine:
                stack.extend(reversed(eqn.invars))
            else:
                yield atom

    def update(self, eqn: JaxprEqn) -> None:
        """Find what stands in the place of a sum, and of the loops whose results it adds."""
        terms = list(self.terms(eqn.outvars[0]))
        dense = [t for t in terms if not self.is_sparse(t)]
        for t in dense[:]:
            self.begin(t, dense)
        sparse = [t for t in terms if self.is_sparse(t)]
        total, *others = [*dense, *sparse]
        if not others:
            self.rename(total, eqn.outvars[0])
            self.new[eqn] = []
        elif sparse or len(others) + 1 < len(terms):
            self.new[eqn] = list(self.steps(total, others, eqn))

    def is_sparse(self, atom: Atom) -> bool:
        """Whether a term is zero but for a part that is found at one place."""
        eqn = self.definition(atom)
        if eqn is None or self.uses[atom] > 1:
            return False
        if eqn.primitive is scatter_add_p:
            return self.is_zero(eqn.invars[0])
        window = self.window(eqn)
        return window is not None and (bool(window.starts) or self.is_few(window, atom))

    def is_few(self, window: "Window", atom: Atom) -> bool:
        """Whether a window is much smaller than the array."""
        return window.update.aval.size * FEW <= atom.aval.size

    def window(self, eqn: JaxprEqn | None) -> "Window | None":
        """The only part that is not zero of what an update or a padding makes."""
        if eqn is None:
            return None
        if eqn.primitive is dynamic_update_slice_p and self.is_zero(eqn.invars[0]):
            _, update, *starts = eqn.invars
            return Window(update, tuple(starts), ())
        if eqn.primitive is not pad_p or not (is_window(eqn) and self.is_zero(eqn.invars[1])):
            return None
        x, low = eqn.invars[0], tuple([low for low, _, _ in eqn.params["padding_config"]])
        inner = self.window(self.definition(x)) if self.uses[x] == 1 else None
        if inner is None or any(s.aval.dtype.itemsize < INDEX.itemsize for s in inner.starts):
            return Window(x, (), ((x.aval.shape, low),))
        return Window(inner.update, inner.starts, (*inner.moves, (x.aval.shape, low)))

    def is_zero(self, atom: Atom) -> bool:
        """Whether all elements are zero."""
        return number(atom, self.definition) == 0

    def begin(self, atom: Atom, dense: list[Atom]) -> None:
        """Let a loop that adds to zero begin from another term instead, which is taken away, and
        let branches that find few elements add them to it."""
        eqn = self.definition(atom)
        if eqn is None or eqn.primitive not in (scan_p, cond_p) or self.uses[atom] > 1:
            return
        k = next(k for k, v in enumerate(eqn.outvars) if v is atom)
        before = [t for t in dense if self.order.get(t, 0) < self.order[atom]]
        if not before or not (self.begins(eqn, k) if eqn.primitive is scan_p else finds(eqn, k)):
            return
        dense.remove(before[0])
        (now,) = self.equations(eqn)
        self.new[eqn] = [BEGUN[eqn.primitive](now, k, before[0])]

    def begins(self, eqn: JaxprEqn, k: int) -> bool:
        """Whether the k-th part of a loop's state is a sum from zero."""
        return adds_to(eqn, k) and self.is_zero(eqn.invars[eqn.params["num_consts"] + k])

    def rename(self, old: Atom, new: Var) -> None:
        """Let an equation give its result under another name."""
        eqn = self.made[old]
        (now,) = self.equations(eqn)
        outvars = [new if v is old else v for v in now.outvars]
        self.new[eqn] = [now.replace(outvars=outvars)]

    def steps(self, total: Atom, terms: list[Atom], eqn: JaxprEqn) -> Iterator[JaxprEqn]:
        """The equations that add terms one after the other; the last gives the sum's result."""
        (out,) = eqn.outvars
        results = [*[Var(out.aval) for _ in terms[1:]], out]
        for term, result in zip(terms, results, strict=True):
            yield self.step(total, term, result, eqn)
            total = result

    def step(self, total: Atom, term: Atom, out: Var, eqn: JaxprEqn) -> JaxprEqn:
        """One addition."""
        made = self.definition(term)
        if made is None or not self.is_sparse(term):
            return eqn.replace(invars=[total, term], outvars=[out])
        if made.primitive is scatter_add_p:
            return made.replace(invars=[total, *made.invars[1:]], outvars=[out])
        window = self.window(made)
        assert window is not None
        return call(window.added, [total, window.update, *window.starts], out, made)


def is_window(eqn: JaxprEqn) -> bool:
    """Whether a padding puts its operand as it is into a larger array."""
    config = eqn.params["padding_config"]
    return all(low >= 0 and high >= 0 and not between for low, high, between in config)


def adds_to(eqn: JaxprEqn, k: int) -> bool:
    """Whether a loop does nothing with the k-th part of its state but add to it."""
    body = eqn.params["jaxpr"]
    if k >= eqn.params["num_carry"]:
        return False
    sums = _Sums(body)
    state, new = body.invars[eqn.params["num_consts"] + k], body.outvars[k]
    return sums.uses[state] == sums.uses[new] == 1 and state in sums.terms(new)


def from_start(eqn: JaxprEqn, k: int, start: Atom) -> JaxprEqn:
    """The loop with another first value of the k-th part of its state."""
    place = eqn.params["num_consts"] + k
    return eqn.replace(invars=[start if i == place else v for i, v in enumerate(eqn.invars)])


def finds(eqn: JaxprEqn, k: int) -> bool:
    """Whether the k-th result of a branch is zero but at few places."""
    return any(is_found(_Sums(b), b.outvars[k]) for b in eqn.params["branches"])


def is_found(sums: _Sums, out: Atom) -> bool:
    """Whether some term of a result is zero but at few places."""
    if sums.uses[out] > 1 or not isinstance(out, Var):
        return False
    return any(is_few(sums, term) for term in sums.terms(out))


def is_few(sums: _Sums, term: Atom) -> bool:
    """Whether a term is zero, or sparse, or that of a branch inside."""
    eqn = sums.definition(term)
    if eqn is not None and eqn.primitive is cond_p:
        return finds(eqn, next(k for k, v in enumerate(eqn.outvars) if v is term))
    return sums.is_zero(term) or sums.is_sparse(term)


def added_inside(eqn: JaxprEqn, k: int, total: Atom) -> JaxprEqn:
    """The branches with an array added to their k-th result."""
    branches = tuple([with_total(b, k, total) for b in eqn.params["branches"]])
    params = {**eqn.params, "branches": branches}
    return eqn.replace(invars=[*eqn.invars, total], params=params)


def with_total(branch: Jaxpr, k: int, total: Atom) -> Jaxpr:
    """The branch with one more argument, which is added to the k-th result."""
    argument, out = Var(total.aval), Var(total.aval)
    eqn = JaxprEqn(add_any_p, [argument, branch.outvars[k]], [out], {}, None)
    return branch.replace(
        invars=[*branch.invars, argument],
        eqns=[*branch.eqns, eqn],
        outvars=[out if i == k else v for i, v in enumerate(branch.outvars)],
    )


BEGUN: dict[Primitive, Callable[[JaxprEqn, int, Atom], JaxprEqn]] = {
    scan_p: from_start,
    cond_p: added_inside,
}


def call(fun: Callable[..., Any], invars: Sequence[Atom], out: Var, eqn: JaxprEqn) -> JaxprEqn:
    """A call of a function as a program, in the place of an equation."""
    jaxpr = stage(lambda *args: [fun(*args)], [v.aval for v in invars]).jaxpr
    params = {"name": eqn.primitive.name, "jaxpr": jaxpr}
    return JaxprEqn(jit_p, invars, [out], params, eqn.line)
