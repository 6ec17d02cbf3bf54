"""Which variables of a block are kept in memory, and which are recomputed where they are used.

A variable is kept when it is used at several places (nests, or index maps inside one) and costs
more to compute again than to load. Decided from the last operation to the first.
"""

from collections.abc import Callable, Hashable

from ...core.ir import Jaxpr, JaxprEqn, Literal, Var

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
ELSEWHERE: Hashable = "elsewhere"
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
    keep = {v for v in jaxpr.outvars if isinstance(v, Var)} | _cuts(jaxpr, lazy)
    for eqn, inline in zip(reversed(jaxpr.eqns), reversed(lazy), strict=True):
        used = _places(eqn, inline, places, keep, chain)
        for v in eqn.invars:
            if not isinstance(v, Literal):
                found = places.setdefault(v, set())
                found.update(used)
                if _reused(eqn, v):
                    found.add(ELSEWHERE)
    return keep


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
    free = FREE if out.aval.size > SMALL else 0.0
    if out in keep or (len(used) > 1 and chain[out] > free):
        keep.add(out)
        return {id(eqn)}
    if eqn.primitive.name in INDEXED:
        return {(id(eqn), place) for place in list(used)[:2]}
    return set(list(used)[:3])


def _reused(eqn: JaxprEqn, v: Var) -> bool:
    """Whether an operation takes elements of an operand several times."""
    name = eqn.primitive.name
    if name in ("broadcast_in_dim", "gather"):
        return v.aval.size < eqn.outvars[0].aval.size
    return name in ("dot_general", "scan", "while", "cond", "batched_cond")


def _chain_costs(jaxpr: Jaxpr, lazy: list[bool]) -> dict[Var, float]:
    chain: dict[Var, float] = {}
    for eqn, inline in zip(jaxpr.eqns, lazy, strict=True):
        total = 0.0
        if inline:
            total = work(eqn) + sum([chain.get(v, 0.0) for v in eqn.invars if type(v) is Var])
        for v in eqn.outvars:
            chain[v] = min(total, 1e6)
    return chain
