"""Which variables of a block are kept in memory, and which are recomputed where they are used.

A variable is kept when it is used at several places (nests, or index maps inside one) and costs
more to compute again than to load. Decided from the last operation to the first, as if nothing else
were kept; then from the first to the last, where it is known what is.
"""

from collections.abc import Callable, Hashable
from math import prod

from ...core.ir import Atom, Jaxpr, JaxprEqn, Literal, Var

# Work of one element in additions, for the operations that are not about 1.
COSTS = {
    **dict.fromkeys(
        "exp exp2 expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh pow "
        "logistic erf erfc erf_inv atan2 cbrt rem nextafter threefry2x32 random_bits".split(),
        16,
    ),
    **dict.fromkeys("div sqrt rsqrt integer_pow".split(), 4),
    **dict.fromkeys(
        "broadcast_in_dim reshape squeeze expand_dims transpose slice rev copy copy_p iota "
        "concatenate pad full empty stop_gradient optimization_barrier reduce_precision".split(),
        0,
    ),
}
INDEXED = frozenset(
    "broadcast_in_dim reshape squeeze transpose slice rev concatenate pad dynamic_slice gather "
    "random_wrap random_unwrap".split()
)
# Of an array in memory these make another one: a copy would gain nothing.
VIEWS = frozenset("slice squeeze expand_dims".split())
# Memory that these are given may become their results' where nobody reads it later.
UPDATES = frozenset(
    "scatter scatter-add scatter-sub scatter-mul scatter-min scatter-max dynamic_update_slice "
    "scan while cond batched_cond equal_units".split()
)
# Marks of a variable's uses: an operation reads elements several times, each step of a loop reads
# all of them, or it must be in memory anyway.
ELSEWHERE: Hashable = "elsewhere"
EACH_STEP: Hashable = "each step"
IN_MEMORY: Hashable = "in memory"
# The operands that a loop reads at each step, by its parameters.
LOOPS = {"scan": ("num_consts",), "while": ("cond_nconsts", "body_nconsts")}
FREE = 3.0
# A chain of more operations is cut: recursion over it must end.
LONGEST = 48
SMALL = 256


def work(eqn: JaxprEqn) -> float:
    """The work of one element of a result."""
    return COSTS.get(eqn.primitive.name, 1)


def kept(jaxpr: Jaxpr, is_lazy: Callable[[JaxprEqn], bool]) -> set[Var]:
    """The variables to keep in memory among those that `is_lazy` operations compute."""
    lazy = [is_lazy(eqn) for eqn in jaxpr.eqns]
    chain = _chain_costs(jaxpr, lazy)
    places: dict[Var, set[Hashable]] = {}
    made = {v: eqn for eqn in jaxpr.eqns for v in eqn.outvars}
    fixed = {v for v in jaxpr.outvars if isinstance(v, Var)} | _cuts(jaxpr, lazy)
    keep = set(fixed)
    formulas = _formulas(jaxpr, lazy)
    for eqn, inline in zip(reversed(jaxpr.eqns), reversed(lazy), strict=True):
        used = _places(eqn, inline, places, keep, chain)
        for v in eqn.invars:
            if not isinstance(v, Literal):
                places.setdefault(v, set()).update(used)
        for v, mark in _marks(eqn, made):
            if mark is not EACH_STEP or v not in formulas:
                places.setdefault(v, set()).add(mark)
    return fixed | _relaxed(jaxpr, lazy, keep - fixed, places, fixed)


def _formulas(jaxpr: Jaxpr, lazy: list[bool]) -> set[Var]:
    """The variables that are made of indices and numbers: masks, ramps."""
    found: set[Var] = set()
    for eqn, inline in zip(jaxpr.eqns, lazy, strict=True):
        if inline and all(isinstance(v, Literal) or v in found for v in eqn.invars):
            found.update(eqn.outvars)
    return found


def _relaxed(
    jaxpr: Jaxpr,
    lazy: list[bool],
    keep: set[Var],
    places: dict[Var, set[Hashable]],
    fixed: set[Var],
) -> set[Var]:
    """Of what is to be kept, what is still costly when its operands are in memory."""
    needed: set[Var] = set()
    chain: dict[Var, float] = {}
    updated = _updated(jaxpr)
    views: set[Atom] = set()
    for eqn, inline in zip(jaxpr.eqns, lazy, strict=True):
        if not inline:
            continue
        (out,) = eqn.outvars
        cost = _chain_cost(eqn, chain)
        x = eqn.invars[0] if eqn.invars else None
        stands = x in views or (x in needed | fixed and x not in updated)
        moves = eqn.primitive.name in INDEXED
        if stands and eqn.primitive.name in VIEWS:
            views.add(out)
            moves = False
        if out in keep and (moves or IN_MEMORY in places[out] or cost > _free(out, places[out])):
            needed.add(out)
        elif out not in fixed:
            chain[out] = cost
    return needed


def _updated(jaxpr: Jaxpr) -> set[Atom]:
    """What operations take that may write where it stands."""
    return {v for eqn in jaxpr.eqns if eqn.primitive.name in UPDATES for v in eqn.invars}


def _cuts(jaxpr: Jaxpr, lazy: list[bool]) -> set[Var]:
    """Variables at which chains of operations that are too long are cut."""
    depth: dict[Var, int] = {}
    cuts: set[Var] = set()
    for eqn, inline in zip(jaxpr.eqns, lazy, strict=True):
        if inline:
            (out,) = eqn.outvars
            deepest = max([depth.get(v, 0) for v in eqn.invars if type(v) is Var], default=0)
            depth[out] = (deepest + 1) % LONGEST
            if depth[out] == 0:
                cuts.add(out)
    return cuts


def _places(
    eqn: JaxprEqn,
    inline: bool,
    places: dict[Var, set[Hashable]],
    keep: set[Var],
    chain: dict[Var, float],
) -> set[Hashable]:
    """The places at which an operation uses its operands."""
    if not inline:
        return {id(eqn)}
    (out,) = eqn.outvars
    used = places.get(out, set())
    if out in keep or (len(used) > 1 and chain[out] > _free(out, used)):
        keep.add(out)
        return {id(eqn)}
    if eqn.primitive.name in INDEXED:
        return {(id(eqn), place) for place in list(used)[:2]}
    return set(list(used - {EACH_STEP, IN_MEMORY})[:3])


def _free(v: Var, used: set[Hashable]) -> float:
    """The work of an element that may be done again at each use."""
    return FREE if v.aval.size > SMALL and EACH_STEP not in used else 0.0


def _marks(eqn: JaxprEqn, made: dict[Var, JaxprEqn]) -> list[tuple[Var, Hashable]]:
    """The operands that an operation reads more than once, or in memory."""
    name = eqn.primitive.name
    operands = [v for v in eqn.invars if isinstance(v, Var)]
    if name in ("broadcast_in_dim", "gather"):
        size = eqn.outvars[0].aval.size
        return [(v, ELSEWHERE) for v in operands if v.aval.size < size]
    if name == "dot_general":
        mark = IN_MEMORY if _is_of_matrices(eqn) else ELSEWHERE
        return [(_turned_back(v, made), m) for v in operands for m in (ELSEWHERE, mark)]
    if name in LOOPS:
        each = sum([eqn.params[count] for count in LOOPS[name]])
        read = [(v, EACH_STEP) for v in eqn.invars[:each] if isinstance(v, Var)]
        return [*read, *[(v, m) for v in operands for m in (ELSEWHERE, IN_MEMORY)]]
    if name == "equal_units":
        return [(v, ELSEWHERE) for v in operands]
    if name in ("cond", "batched_cond"):
        return [(v, m) for v in operands for m in (ELSEWHERE, IN_MEMORY)]
    return []


def _is_of_matrices(eqn: JaxprEqn) -> bool:
    """Whether both operands of a product have rows and columns, and so are read in memory."""
    (cx, cy), (bx, by) = eqn.params["dimension_numbers"]
    shapes = [v.aval.shape for v in eqn.invars]
    used = (*cx, *bx), (*cy, *by)
    free = [[n for d, n in enumerate(s) if d not in u] for s, u in zip(shapes, used, strict=True)]
    return min(map(prod, free)) > 1


def _turned_back(v: Var, made: dict[Var, JaxprEqn]) -> Var:
    """What a variable is a transpose of: products read either."""
    while v in made and made[v].primitive.name == "transpose":
        (operand,) = made[v].invars
        if not isinstance(operand, Var):
            break
        v = operand
    return v


def _chain_cost(eqn: JaxprEqn, chain: dict[Var, float]) -> float:
    """The work of one element and of all that is computed for it."""
    return work(eqn) + sum([chain.get(v, 0.0) for v in eqn.invars if type(v) is Var])


def _chain_costs(jaxpr: Jaxpr, lazy: list[bool]) -> dict[Var, float]:
    chain: dict[Var, float] = {}
    for eqn, inline in zip(jaxpr.eqns, lazy, strict=True):
        total = _chain_cost(eqn, chain) if inline else 0.0
        for v in eqn.outvars:
            chain[v] = min(total, 1e6)
    return chain
