"""What users see of types and tracers, and programs that their own interpreters run, as in JAX."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.extend
import jax.numpy as jnp
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp


class Pair(NamedTuple):
    a: Any
    b: Any


TRACED: dict[str, Callable[[Any, Any], Any]] = {
    "jit": lambda j, seen: j.jit(seen)(np.ones((2, 3), np.float32)),
    "jit of a number": lambda j, seen: j.jit(seen)(1.0),
    "vmap": lambda j, seen: j.vmap(seen)(np.arange(3, dtype=np.int32)),
    "grad": lambda j, seen: j.grad(seen)(3.0),
    "grad in jit": lambda j, seen: j.jit(j.grad(seen))(np.float32(3.0)),
    "grad in vmap": lambda j, seen: j.vmap(j.grad(seen))(np.ones(2, np.float32)),
}


@pytest.mark.parametrize("form", TRACED)
def test_tracers_and_types_print(form: str) -> None:
    texts: list[list[str]] = []
    for side in (pb, jax):
        text: list[str] = []
        texts.append(text)

        def seen(x: Any, side: Any = side, text: list[str] = text) -> Any:
            text.append(f"{x} has type {side.typeof(x)}")
            return x

        TRACED[form](side, seen)
    assert texts[0] == texts[1]


def test_weak_types_print() -> None:
    for x in (1, 2.5, np.ones(2, np.int8)):
        assert str(pb.typeof(x)) == str(jax.typeof(x))
        assert repr(pb.typeof(x)) == repr(jax.typeof(x))


@pytest.mark.parametrize("exponent", [3.5, 0.25, -0.5])
def test_exponents_are_literals(exponent: float) -> None:
    ours = pb.make_jaxpr(lambda x: x**exponent)(1.0)
    theirs = jax.make_jaxpr(lambda x: x**exponent)(1.0)
    assert str(ours) == str(theirs)


def test_branches_choose_by_their_predicate() -> None:
    ours = pb.make_jaxpr(lambda x: pb.lax.cond(x > 0, pnp.sin, pnp.cos, x))(1.0)
    theirs = jax.make_jaxpr(lambda x: jax.lax.cond(x > 0, jnp.sin, jnp.cos, x))(1.0)
    assert str(ours) == str(theirs)


LOOPS: dict[str, Callable[[Any], Any]] = {
    "while_loop": lambda lax: lax.while_loop(lambda x: x < 10, lambda x: x + 1.0, 0),
    "while_loop, weak": lambda lax: lax.while_loop(lambda x: x < 10, lambda x: x + 1, 0),
    "fori_loop": lambda lax: lax.fori_loop(0, 3, lambda i, x: x + 1.0, 0),
    "scan": lambda lax: lax.scan(lambda c, _: (c + 1.0, None), 0, None, 3)[0],
    "scan of a complex": lambda lax: lax.scan(lambda c, _: (c + 1j, None), 0.0, None, 3)[0],
}


@pytest.mark.parametrize("name", LOOPS)
def test_carries_that_take_another_dtype(name: str) -> None:
    ours, theirs = LOOPS[name](pb.lax), LOOPS[name](jax.lax)
    assert (ours.dtype, ours.weak_type) == (theirs.dtype, theirs.weak_type)
    assert ours.item() == theirs.item()


def interpret(core: Any, change: Callable[[Any], Any], closed: Any, args: Any) -> list[Any]:
    """Run a program, with the programs in parameters changed."""
    env = dict(zip([*closed.constvars, *closed.invars], [*closed.consts, *args], strict=True))

    def read(atom: Any) -> Any:
        return atom.val if isinstance(atom, core.Literal) else env[atom]

    for eqn in closed.eqns:
        params = eqn.primitive.get_bind_params(eqn.params)
        params = {name: change(value) for name, value in params.items()}
        outs = eqn.primitive.bind(*map(read, eqn.invars), **params)
        outs = outs if eqn.primitive.multiple_results else [outs]
        env.update(zip(eqn.outvars, outs, strict=True))
    return list(map(read, closed.outvars))


def scaled(j: Any, core: Any, weights: Any, value: Any) -> Any:
    """A parameter whose programs give their results times an array that they capture."""
    if isinstance(value, tuple):
        return tuple(scaled(j, core, weights, v) for v in value)
    if not isinstance(value, core.Jaxpr | core.ClosedJaxpr):
        return value
    run = core.jaxpr_as_fun(value)
    return j.make_jaxpr(lambda *xs: [x * weights for x in run(*xs)])(*value.in_avals)


HOLDING: dict[str, Callable[[Any, Any, Any], Any]] = {
    "jit": lambda j, np_, x: j.jit(np_.sin)(x),
    "scan": lambda j, np_, x: j.lax.scan(lambda c, _: (c + 1, np_.sin(c)), x, None, 3),
    "cond": lambda j, np_, x: j.lax.cond(x[0] > 0, np_.sin, np_.cos, x),
}


@pytest.mark.parametrize("name", HOLDING)
@pytest.mark.parametrize("form", ["eager", "jit", "grad"])
def test_programs_in_parameters_may_hold_values(name: str, form: str) -> None:
    found = []
    for j, np_, core in ((pb, pnp, pb.extend.core), (jax, jnp, jax.extend.core)):
        x, weights = np_.array([0.5, 1.5]), np_.array([2.0, 3.0])
        closed = j.make_jaxpr(lambda x, j=j, np_=np_: HOLDING[name](j, np_, x))(x)

        def f(x: Any, j: Any = j, core: Any = core, w: Any = weights, closed: Any = closed) -> Any:
            return interpret(core, lambda v: scaled(j, core, w, v), closed, [x])

        def total(x: Any, f: Any = f) -> Any:
            return sum(y.sum() for y in f(x))

        forms = {"eager": f, "jit": j.jit(f), "grad": j.grad(total)}
        found.append(j.tree.leaves(forms[form](x)))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def steps(j: Any, tree: Any) -> list[Any]:
    """Each leaf's path, read by patterns."""
    keys = j.tree_util
    found = []
    for path, _ in keys.tree_flatten_with_path(tree)[0]:
        for step in path:
            match step:
                case keys.SequenceKey(n):
                    found.append(("item", n))
                case keys.DictKey(key):
                    found.append(("key", key))
                case keys.GetAttrKey(name):
                    found.append(("attribute", name))
    return found


def test_paths_match_patterns() -> None:
    tree = [1, {"a": (2, Pair(3, 4))}]
    assert steps(pb, tree) == steps(jax, tree)
