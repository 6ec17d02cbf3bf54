"""Effects: no pass drops, merges or moves them; compiled code shows values as they were."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp
from pullback.backends.cpu import parse, pipeline, show
from pullback.core.ir import Jaxpr, subjaxprs
from pullback.core.primitive import Effect
from pullback.core.rewrite import STEPS, again, effects, simplify
from pullback.core.structure import structure
from pullback.experimental import io_callback

SCALAR = np.zeros((), np.float32)
STACK = pnp.arange(12.0).reshape(3, 4)
seen: list[Any] = []


def tell(*values: Any) -> None:
    """Note the values when the program runs."""
    pb.debug.callback(note, *values)


def note(*values: Any) -> None:
    seen.append([np.asarray(v).tolist() for v in values])


@pytest.fixture(autouse=True)
def _anew():
    seen.clear()


def told(run: Callable[[], Any]) -> list[Any]:
    seen.clear()
    run()
    return list(seen)


def count(jaxpr: Jaxpr, name: str) -> int:
    """How many operations of a name a program has, at any depth."""
    inside = sum([count(j, name) for e in jaxpr.eqns for j in subjaxprs(e)])
    return inside + sum([e.primitive.name == name for e in jaxpr.eqns])


# Programs that show values whose memory is written again


def donated() -> Any:
    def f(x: Any) -> Any:
        y = x + 1
        tell(y)
        tell(x)
        return y

    return pb.jit(f, donate_argnums=0)(pnp.arange(4.0))


def updated_in_place() -> Any:
    def step(c: Any, i: Any) -> Any:
        new = c.at[i].set(100.0)
        tell(i, new, c)
        back = pnp.flip(new)
        tell(back)
        tell(new)
        return back, c[0]

    return pb.jit(lambda x: pb.lax.scan(step, x, pnp.arange(3)))(pnp.arange(3.0))


def carried() -> Any:
    def body(c: Any) -> Any:
        i, v = c
        new = v * 2
        tell(v)
        tell(new)
        return i + 1, new - v[::-1]

    return pb.jit(lambda x: pb.lax.while_loop(lambda c: c[0] < 3, body, (0, x)))(pnp.arange(3.0))


def fused() -> Any:
    def f(x: Any) -> Any:
        tell(x[0])
        y = pnp.sin(x)
        tell(y[1])
        z = y * x + pnp.sum(y)
        tell(z)
        return pnp.where(z > 0, z, y)

    return pb.jit(f)(pnp.arange(50.0))


def rows() -> Any:
    def f(x: Any) -> Any:
        e = pnp.exp(x - pnp.max(x, axis=1, keepdims=True))
        tell(e)
        s = e / pnp.sum(e, axis=1, keepdims=True)
        tell(s)
        return s @ s.T

    return pb.jit(f)(STACK)


def branches_in_loops() -> Any:
    def step(c: Any, x: Any) -> Any:
        def yes(v: Any) -> Any:
            tell(v, 1)
            return v * 2

        def no(v: Any) -> Any:
            tell(v, 0)
            return v - 1

        return pb.lax.cond(pnp.sum(x) % 2 > 0, yes, no, c), pnp.sum(c)

    return pb.jit(lambda: pb.lax.scan(step, pnp.ones(2), pnp.arange(8.0).reshape(4, 2)))()


def of_one_step() -> Any:
    def step(c: Any, x: Any) -> Any:
        tell(c, x)
        return c + x, None

    return pb.jit(lambda: pb.lax.scan(step, pnp.ones(2), pnp.ones((1, 2))))()


PROGRAMS = (donated, updated_in_place, carried, fused, rows, branches_in_loops, of_one_step)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_compiled_code_shows_what_numpy_shows(program):
    got = told(program)
    with pb.disable_jit():
        wanted = told(program)
    assert len(got) == len(wanted) > 0
    for a, b in zip(got, wanted, strict=True):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-5)


NOTHING = {
    "no results": lambda: pb.jit(lambda x: tell(x))(1.0),
    "no operands": lambda: pb.jit(lambda: tell())(),
    "loop of nothing": lambda: pb.lax.scan(lambda c, _: (tell(), (None, None))[1], None, length=1),
    "map": lambda: pb.lax.map(tell, pnp.ones(1)),
    "empty array": lambda: pb.jit(tell)(pnp.ones((0, 3))),
    "branch": lambda: pb.lax.cond(True, lambda: tell(1), lambda: None),
    "vmap of what is not batched": lambda: pb.vmap(lambda x: tell(3))(pnp.ones(5)),
}


@pytest.mark.parametrize("name", NOTHING)
def test_once_where_nothing_is_computed(name):
    assert len(told(NOTHING[name])) == 1


def test_never_where_nothing_runs():
    steps = pnp.zeros((0,))
    assert told(lambda: pb.lax.scan(lambda c, x: (tell(x), (c, x))[1], 0.0, steps)) == []
    assert told(lambda: pb.vmap(tell)(steps)) == []
    assert told(lambda: pb.lax.while_loop(lambda c: c < 0, lambda c: (tell(c), c)[1], 1.0)) == []


# Passes


def repeated(x: Any) -> Any:
    """Equal prints, in a loop whose results nothing uses too, and of a value nothing uses."""

    def step(c: Any, _: Any) -> Any:
        tell(c)
        tell(c)
        return c, c * x

    pb.lax.scan(step, x, None, length=2)
    pb.lax.cond(x > 0, lambda: tell(1), lambda: None)
    tell(pnp.sin(x))
    tell(pnp.sin(x))
    return pb.jit(lambda v: (tell(v), v + 0)[1])(x)


@pytest.mark.parametrize("step", [*[s.run for s in STEPS], simplify], ids=lambda s: s.__name__)
def test_passes_keep_every_effect(step):
    jaxpr = pb.make_jaxpr(repeated)(1.0).jaxpr
    assert count(jaxpr, "debug_callback") == 6
    assert count(step(jaxpr), "debug_callback") == 6


def test_passes_drop_and_merge_pure_calls():
    def f(x: Any) -> Any:
        pb.pure_callback(np.sin, SCALAR, x)
        return pb.pure_callback(np.cos, SCALAR, x) + pb.pure_callback(np.cos, SCALAR, x)

    jaxpr = pb.make_jaxpr(f)(1.0).jaxpr
    assert count(jaxpr, "pure_callback") == 3
    assert count(simplify(jaxpr), "pure_callback") == 1
    assert not effects(jaxpr)


def test_effects_of_programs():
    assert effects(pb.make_jaxpr(repeated)(1.0).jaxpr) == {Effect.DEBUG}
    assert effects(pb.make_jaxpr(pnp.sin)(1.0).jaxpr) == set()

    @pb.custom_jvp
    def held(x: Any) -> Any:
        tell(x)
        return io_callback(note, None, x) or x

    held.defjvp(lambda p, t: (held(*p), t[0]))
    both = pb.make_jaxpr(lambda x: pb.lax.fori_loop(0, 2, lambda i, c: held(c), x))(1.0).jaxpr
    assert effects(both) == {Effect.DEBUG, Effect.IO}


def test_another_run_of_a_program_tells_nothing():
    @pb.custom_jvp
    def held(x: Any) -> Any:
        tell(x)
        return x * 2

    held.defjvp(lambda p, t: (held(*p), t[0]))
    jaxpr = pb.make_jaxpr(lambda x: held(repeated(x)))(1.0).jaxpr
    silent = again(jaxpr)
    assert effects(jaxpr)
    assert not effects(silent)
    assert structure(again(silent)) == structure(silent)


def test_loops_as_text():
    """A call without results parses back, at its place."""
    jaxpr = pb.make_jaxpr(lambda x: (tell(x), tell(x * 2), x + 1)[2])(pnp.ones(3)).jaxpr
    _, _, program = pipeline.build(simplify(jaxpr))
    text = show.program(program)
    assert text.count("\ncallback debug_callback(") == 2
    assert show.program(parse.program(text)) == text
