"""linear_solve_p: x with A x = b, found by a program; derivatives follow from the equation.

The operands are the constants of four programs (matvec, vecmat, solve, transpose_solve), then b.
`solve` computes x, and perhaps auxiliary results, from its constants and b; `vecmat` and
`transpose_solve` are those of the transposed equation, or None.
"""

from collections.abc import Sequence
from typing import Any

from ..core.aval import ShapedArray
from ..core.ir import Jaxpr, JaxprEqn, Var
from ..core.primitive import Linear, Primitive, Zero
from ..core.trace import get_aval
from ..primitives.arithmetic import add_any, neg
from ..transforms.batch import to_dim
from ..transforms.program import batched_jaxpr, jvp_jaxpr, pick
from ..transforms.transpose import materialize
from .call import body_of, check_operands, interpret, jit_p
from .scan_body import split_at

linear_solve_p = Primitive("custom_linear_solve", multiple_results=True, higher=True)

NAME = "custom_linear_solve"
Programs = tuple[Jaxpr, Jaxpr | None, Jaxpr, Jaxpr | None]


@linear_solve_p.def_type
def _(*avals: ShapedArray, const_lengths: Sequence[int], jaxprs: Programs) -> list[ShapedArray]:
    *consts, b = split_at(avals, *const_lengths)
    for jaxpr, own in zip(jaxprs, consts, strict=True):
        if jaxpr is not None:
            check_operands(NAME, jaxpr.in_avals, [*own, *b])
    return jaxprs[2].out_avals


@linear_solve_p.def_value
def _(*args: Any, const_lengths: Sequence[int], jaxprs: Programs) -> list[Any]:
    return interpret(jaxprs[2], *_of_solve(args, const_lengths))


def _eager(args: Sequence[Any], params: dict[str, Any]) -> list[Any]:
    operands = _of_solve(args, params["const_lengths"])
    return jit_p.bind(*operands, name=NAME, jaxpr=params["jaxprs"][2])


linear_solve_p.eager = _eager


def _of_solve(args: Sequence[Any], const_lengths: Sequence[int]) -> list[Any]:
    """The operands of `solve` alone."""
    _, _, consts, _, b = split_at(args, *const_lengths)
    return [*consts, *b]


@linear_solve_p.def_inline
def _(eqn: JaxprEqn) -> Jaxpr:
    solve, lengths = eqn.params["jaxprs"][2], eqn.params["const_lengths"]
    inputs = [Var(v.aval) for v in eqn.invars]
    start = lengths[0] + lengths[1]
    inputs[start : start + lengths[2]] = solve.invars[: lengths[2]]
    inputs[sum(lengths) :] = solve.invars[lengths[2] :]
    return body_of(eqn, solve.replace(invars=inputs))


@linear_solve_p.def_jvp
def _(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
    """From A x = b follows A dx = db - dA x."""
    lengths, matvec = params["const_lengths"], params["jaxprs"][0]
    outs = linear_solve_p.bind(*primals, **params)
    count, total = lengths[0], sum(lengths)
    b_t = list(tangents[total:])
    n = len(b_t)
    moving = [type(t) is not Zero for t in tangents[:count]]
    if any(moving):
        program, _ = jvp_jaxpr(matvec, (*moving, *[False] * n), (True,) * n)
        operands = [*primals[:count], *outs[:n], *pick(tangents[:count], moving)]
        changes = jit_p.bind(*operands, name=NAME, jaxpr=program)[n:]
        pairs = zip(b_t, changes, strict=True)
        b_t = [neg(c) if type(t) is Zero else add_any(t, neg(c)) for t, c in pairs]
    if all(type(t) is Zero for t in b_t):
        return outs, [Zero(get_aval(o).tangent()) for o in outs]
    right = [materialize(t, t.aval) if type(t) is Zero else t for t in b_t]
    found = linear_solve_p.bind(*primals[:total], *right, **params)[:n]
    return outs, [*found, *[Zero(get_aval(o).tangent()) for o in outs[n:]]]


@linear_solve_p.def_transpose
def _(cts: Sequence[Any], *args: Any, const_lengths: Sequence[int], jaxprs: Programs) -> Any:
    """The transposed equation, its four programs exchanged in pairs."""
    if jaxprs[1] is None or jaxprs[3] is None:
        raise TypeError(
            f"{NAME}: reverse mode needs the solution of the transposed equation: give"
            " transpose_solve, or symmetric=True if the map is its own transpose"
        )
    *consts, b = split_at(args, *const_lengths)
    assert all(type(x) is Linear for x in b)
    swap = (1, 0, 3, 2)
    right = [materialize(c, x.aval) for c, x in zip(cts, b, strict=False)]
    found = linear_solve_p.bind(
        *[c for i in swap for c in consts[i]],
        *right,
        const_lengths=tuple([const_lengths[i] for i in swap]),
        jaxprs=tuple([jaxprs[i] for i in swap]),
    )
    return [*[None] * sum(const_lengths), *found[: len(b)]]


@linear_solve_p.def_batch
def _(
    args: Sequence[Any],
    dims: Sequence[Any],
    *,
    axis: Any,
    const_lengths: Sequence[int],
    jaxprs: Programs,
) -> Any:
    """Every part of x and b is batched: each may depend on every other."""
    total, size = sum(const_lengths), axis[1]
    moved = [
        a if d is None and i < total else to_dim(a, d, 0, size)
        for i, (a, d) in enumerate(zip(args, dims, strict=True))
    ]
    *batched, b = split_at([d is not None for d in dims], *const_lengths)

    def program(jaxpr: Jaxpr | None, own: Sequence[bool]) -> Jaxpr | None:
        if jaxpr is None:
            return None
        mask = (*own, *[True] * len(b))
        return batched_jaxpr(jaxpr, mask, (True,) * len(jaxpr.outvars), axis)[0]

    programs = tuple([program(j, m) for j, m in zip(jaxprs, batched, strict=True)])
    outs = linear_solve_p.bind(*moved, const_lengths=tuple(const_lengths), jaxprs=programs)
    return outs, [0] * len(outs)
