"""Solutions of equations whose derivatives follow from the equation, not from the way to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .. import tree
from ..core.aval import ShapedArray, type_name
from ..core.primitive import Zero
from ..core.stage import JaxprFunction
from ..core.trace import get_aval
from ..primitives.arithmetic import neg
from ..transforms.flat import arguments
from ..transforms.grad import linearize
from ..transforms.jvp import instantiate_zeros, jvp_flat
from ..transforms.linear import linear_transpose
from .call import jit_p
from .custom_call import SymbolicZero, from_symbolic
from .custom_jvp import custom_jvp
from .linear_solve import linear_solve_p
from .region import Region, hoist_region, stage_region

Function = Callable[..., Any]


def custom_linear_solve(
    matvec: Function,
    b: Any,
    solve: Callable[[Function, Any], Any],
    transpose_solve: Callable[[Function, Any], Any] | None = None,
    symmetric: bool = False,
    has_aux: bool = False,
) -> Any:
    """The solution x of matvec(x) = b that `solve` finds, with the derivatives of the equation.

    From A x = b follows A dx = db - dA x, so derivatives are solutions too: `solve` is never
    differentiated itself, and may be a loop.

    Args:
      matvec: linear function from a pytree like `b` to another. Arrays it captures may be
        differentiated.
      b: the right side, a pytree of arrays.
      solve: function of (matvec, b) that returns x with matvec(x) = b.
      transpose_solve: function of (vecmat, b) that solves the transposed equation; reverse mode
        needs it. `vecmat` is the transpose of `matvec`.
      symmetric: whether matvec is its own transpose; then `solve` serves for both.
      has_aux: whether the solvers return a pair (x, aux) with results that have no derivative.

    Returns:
      What `solve` returns.

    Raises:
      TypeError, ValueError: a function returns another structure or other shapes than those of b.

    >>> import pullback as pb
    >>> from pullback import numpy as pnp
    >>> def halve(a, b):
    ...     x = pb.lax.custom_linear_solve(lambda x: a * x, b, lambda f, b: b / a, symmetric=True)
    ...     return x.sum()
    >>> pb.grad(halve, (0, 1))(pnp.float32(2.0), pnp.array([2.0, 4.0]))
    (Array(-1.5, dtype=float32), Array([0.5, 0.5], dtype=float32))
    """
    what = "custom_linear_solve"
    flat, b_tree = arguments(b, what)
    avals = [get_aval(x) for x in flat]
    in_tree = tree.structure((b_tree.unflatten([0] * len(flat)),))

    def region(f: Function, name: str, aux: bool) -> Region:
        return _checked(
            stage_region(f, in_tree, avals, what), b_tree, avals, f"{what}: {name}", aux
        )

    if transpose_solve is None and symmetric:
        transpose_solve = solve
    forward = region(matvec, "matvec", False)
    solver = region(partial(solve, matvec), "solve", has_aux)
    regions: list[Region | None] = [forward, None, solver, None]
    if transpose_solve is not None:
        vecmat = matvec if symmetric else _transposed(matvec, b_tree.unflatten(flat))
        regions[1] = forward if symmetric else region(vecmat, "the transpose of matvec", False)
        regions[3] = region(partial(transpose_solve, vecmat), "transpose_solve", has_aux)
    consts = [[] if r is None else list(r.consts) for r in regions]
    outs = linear_solve_p.bind(
        *[c for part in consts for c in part],
        *flat,
        const_lengths=tuple(map(len, consts)),
        jaxprs=tuple([None if r is None else hoist_region(r) for r in regions]),
    )
    return solver.out_tree.unflatten(outs)


def _transposed(f: Function, example: Any) -> Function:
    transposed = linear_transpose(f, example)
    return lambda x: transposed(x)[0]


def _checked(
    region: Region, wanted: Any, avals: Sequence[ShapedArray], what: str, has_aux: bool
) -> Region:
    """The region, whose result (the first of two with `has_aux`) must be like the unknown."""
    got = region.out_tree
    if has_aux:
        parts = got.children()
        if got.type is not tuple or len(parts) != 2:
            raise TypeError(f"{what} must return a pair (solution, aux) with has_aux=True")
        got = parts[0]
    if got != wanted:
        raise TypeError(f"{what} must return a value of structure {wanted}, got {got}")
    found = region.out_avals[: len(avals)]
    if [a.shape for a in found] != [a.shape for a in avals]:
        raise ValueError(
            f"{what} must return shapes like {', '.join(map(type_name, avals))},"
            f" got {', '.join(map(type_name, found))}"
        )
    return region


@dataclass(frozen=True)
class _Root:
    """The programs of a root, on flat lists: f, its solver and that of its linearization."""

    f: JaxprFunction
    solve: JaxprFunction
    tangent_solve: JaxprFunction


def custom_root(
    f: Function,
    initial_guess: Any,
    solve: Callable[[Function, Any], Any],
    tangent_solve: Callable[[Function, Any], Any],
    has_aux: bool = False,
) -> Any:
    """The root x of f(x) = 0 that `solve` finds, with derivatives by the implicit function theorem.

    For f(m, x(m)) = 0 the derivative is dx = -(df/dx)^-1 (df/dm) dm, so `solve` is never
    differentiated itself.

    Args:
      f: function from a pytree of arrays to another of the same structure. Arrays it captures
        may be differentiated.
      initial_guess: where `solve` starts; the root does not depend on it.
      solve: function of (f, initial_guess) that returns x with f(x) = 0.
      tangent_solve: function of (g, y) that returns x with g(x) = y, where g is `f` linearized at
        its root: `lambda g, y: y / g(1.0)` for scalars, or a linear solver with the Jacobian of g.
      has_aux: whether `solve` returns a pair (x, aux) with results that have no derivative.

    Returns:
      What `solve` returns.

    Raises:
      TypeError, ValueError: a function returns another structure or other shapes than those of
        the guess.

    >>> import pullback as pb
    >>> def newton(f, x):
    ...     return pb.lax.fori_loop(0, 10, lambda _, x: x - f(x) / pb.grad(f)(x), x)
    >>> def root(a):
    ...     return pb.lax.custom_root(lambda x: x * x - a, 1.0, newton, lambda g, y: y / g(1.0))
    >>> float(pb.grad(root)(4.0))
    0.25
    """
    guess, guess_tree = arguments(initial_guess, "custom_root")
    avals = [get_aval(x) for x in guess]
    example = guess_tree.unflatten([0] * len(guess))

    def region(f: Function, name: str, inputs: int, aux: bool) -> Region:
        in_tree = tree.structure((example,) * inputs)
        found = stage_region(f, in_tree, avals * inputs, "custom_root")
        return _checked(found, guess_tree, avals, f"custom_root: {name}", aux)

    def at_root(x: Any, b: Any) -> Any:
        return tangent_solve(linearize(f, x)[1], b)

    regions = [
        region(f, "f", 1, False),
        region(partial(solve, f), "solve", 1, has_aux),
        region(at_root, "tangent_solve", 2, False),
    ]
    programs = _Root(*[JaxprFunction(hoist_region(r)) for r in regions])
    outs = _root(programs, *[list(r.consts) for r in regions], guess)
    return regions[1].out_tree.unflatten(outs)


@partial(custom_jvp, nondiff_argnums=(0,))
def _root(programs: _Root, _f: list[Any], solve: list[Any], _t: list[Any], guess: list[Any]) -> Any:
    """The root, found from what each program captured and a guess."""
    return jit_p.bind(*solve, *guess, name="custom_root", jaxpr=programs.solve.jaxpr)


def _root_jvp(programs: _Root, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
    captured, _, of_tangent, guess = primals
    outs = _root(programs, *primals)
    root = outs[: len(guess)]
    moved = [from_symbolic(t) for t in tangents[0]]
    _, changes = jvp_flat(lambda *c: programs.f(*c, *root), captured, moved)
    zeros = [SymbolicZero(get_aval(o).tangent()) for o in outs]
    if all(type(c) is Zero for c in changes):
        return outs, zeros
    found = programs.tangent_solve(*of_tangent, *root, *instantiate_zeros(changes))
    return outs, [*map(neg, found), *zeros[len(guess) :]]


_root.defjvp(_root_jvp, symbolic_zeros=True)
