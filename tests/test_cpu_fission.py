"""Loop fission: the CPU compiler computes for all steps at once what no cycle goes through."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pullback as pb
from pullback import lax, random
from pullback import numpy as pnp
from pullback.backends.cpu import apart, fission
from pullback.backends.cpu.cycles import Cycles
from pullback.backends.cpu.expand import expanded
from pullback.core.ir import Jaxpr, JaxprEqn
from pullback.core.rewrite import simplify

RNG = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def in_parts(f: Callable[..., Any], *args: Any) -> Jaxpr:
    jaxpr = expanded(simplify(pb.make_jaxpr(f)(*args).jaxpr))
    return simplify(fission.fission(simplify(jaxpr)))


def loops(jaxpr: Jaxpr) -> list[JaxprEqn]:
    return [e for e in jaxpr.eqns if e.primitive.name == "scan"]


def bodies(f: Callable[..., Any], *args: Any) -> list[set[str]]:
    """What the loops compute in their steps after the pass."""
    found = loops(in_parts(f, *args))
    return [{e.primitive.name for e in loop.params["jaxpr"].eqns} for loop in found]


def close(f: Callable[..., Any], *args: Any, rtol: float = 2e-5) -> None:
    """Assert that compiled code and NumPy's values agree."""
    with pb.disable_jit():
        expected = f(*args)
    for x, y in zip(pb.tree.leaves(pb.jit(f)(*args)), pb.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(x, y, rtol=rtol, atol=rtol)


def accepted(x: Any, proposal: Any, u: Any) -> Any:
    """One step of Metropolis' algorithm for a standard normal distribution."""
    y = x + proposal
    return pnp.where(pnp.log(u) < (x * x - y * y) / 2, y, x)


def draws(key: Any, x: Any) -> Any:
    first, second = random.split(key)
    return accepted(x, random.normal(first), random.uniform(second))


def chain_of_keys(key: Any) -> Any:
    def step(x: Any, key: Any) -> Any:
        x = draws(key, x)
        return x, x

    return lax.scan(step, 0.0, random.split(key, 64))


def chain_with_a_key(key: Any) -> Any:
    def step(carry: Any, _: Any) -> Any:
        x, key = carry
        key, now = random.split(key)
        x = draws(now, x)
        return (x, key), x

    return lax.scan(step, (0.0, key), None, length=64)


def chain_of_numbers(key: Any) -> Any:
    return lax.fori_loop(0, 64, lambda i, x: draws(random.fold_in(key, i), x), 0.0)


@pytest.mark.parametrize("chain", [chain_of_keys, chain_with_a_key, chain_of_numbers])
def test_random_numbers_are_drawn_before_the_loop(chain: Callable[..., Any]) -> None:
    key = random.key(3)
    *first, last = bodies(chain, key)
    assert not {"threefry2x32", "erf_inv", "log"} & last
    assert not any({"erf_inv", "log"} & names for names in first)
    run = chain if chain is chain_of_numbers else lambda key: chain(key)[1]
    close(run, key)


@pytest.mark.parametrize("impl", ["rbg", "unsafe_rbg"])
def test_keys_whose_batches_have_other_numbers(impl: str) -> None:
    key = random.key(3, impl=impl)
    assert "erf_inv" not in bodies(chain_of_keys, key)[-1]
    close(lambda key: chain_of_keys(key)[1], key)
    close(lambda key: chain_with_a_key(key)[1], key)


def test_chains_in_a_batch_and_in_a_loop() -> None:
    keys = random.split(random.key(0), 3)
    close(pb.vmap(chain_of_numbers), keys)
    close(lambda keys: lax.map(chain_of_numbers, keys), keys)


@pytest.mark.parametrize("reverse", [False, True])
def test_parts_before_between_and_after(reverse: bool) -> None:
    def f(start: Any, x: Any, scale: Any) -> Any:
        def step(c: Any, v: Any) -> Any:
            level, state, count = c
            level = 0.9 * level + v
            state = pnp.sin(state + pnp.exp(pnp.cos(level) * scale))
            ys = pnp.log1p(pnp.exp(pnp.tanh(state))), level, c[0], v, pnp.tanh(v), pnp.tanh(v)
            return (level, state, count + 1), ys

        return lax.scan(step, (start, start, 0), x, reverse=reverse)

    args = np.float32(0.3), normal(50), np.float32(0.5)
    assert [{"sin"} <= names for names in bodies(f, *args)] == [False, True]
    assert not any({"exp", "cos", "log1p", "tanh"} & names for names in bodies(f, *args))
    close(f, *args)


def test_a_loop_without_cycles_is_no_loop() -> None:
    def f(x: Any) -> Any:
        return lax.map(lambda v: pnp.sum(pnp.exp(-v * v)) + pnp.log1p(v[0] ** 2), x)

    assert bodies(f, normal(40, 3)) == []
    close(f, normal(40, 3))


def test_matrices_times_slices() -> None:
    def f(w: Any, u: Any, x: Any) -> Any:
        def step(h: Any, v: Any) -> Any:
            h = pnp.tanh(w @ h + u @ v)
            return h, h

        return lax.scan(step, pnp.zeros(6), x)[1]

    w, u, x = normal(6, 6) / 3, normal(6, 40), normal(50, 40)
    (loop,) = loops(in_parts(f, w, u, x))
    assert [e.primitive.name for e in loop.params["jaxpr"].eqns].count("dot_general") == 1
    close(f, w, u, x)
    close(pb.grad(lambda *a: pnp.sum(f(*a) ** 2), argnums=(0, 1, 2)), w, u, x, rtol=2e-4)


def scanned(step: Callable[..., Any], start: Any = 0.0) -> Callable[..., Any]:
    return lambda x: lax.scan(step, start, x)


WHOLE: dict[str, Callable[..., Any]] = {
    "one cycle": scanned(lambda c, v: (pnp.sin(pnp.exp(c + v)), c)),
    "cheap": scanned(lambda c, v: (c + 2 * v, v - 1)),
    "acts": scanned(lambda c, v: (c + pb.pure_callback(np.sin, v, v), None)),
    "cycle of two": scanned(lambda c, v: ((pnp.sin(c[1] + v), pnp.exp(-c[0])), None), (0.0, 0.0)),
    "wide": scanned(lambda c, v: (c + pnp.sum(pnp.sin(v * pnp.arange(100.0))), None)),
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_stays_in_the_loop(name: str) -> None:
    f, x = WHOLE[name], normal(64)
    (loop,) = loops(in_parts(f, x))
    (whole,) = loops(expanded(simplify(pb.make_jaxpr(f)(x).jaxpr)))
    assert len(loop.params["jaxpr"].eqns) == len(simplify(whole.params["jaxpr"]).eqns)
    close(f, x)


def test_short_loops_stay() -> None:
    f = scanned(lambda c, v: (c + pnp.sin(pnp.exp(pnp.tanh(v))), None))
    assert bodies(f, normal(fission.FEWEST - 1)) == [{"add", "sin", "exp", "tanh"}]
    assert bodies(f, normal(fission.FEWEST)) == [{"add"}]


def test_long_loops_are_cut_into_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fission, "HELD", 4 * 60)

    def f(x: Any, reverse: bool = False) -> Any:
        def step(c: Any, v: Any) -> Any:
            return (d := 0.5 * c + pnp.sin(pnp.exp(pnp.tanh(v)))), (d, c)

        return lax.scan(step, 0.0, x, reverse=reverse)

    (outer,) = loops(in_parts(f, normal(350)))
    (inner,) = loops(outer.params["jaxpr"])
    assert (outer.params["length"], inner.params["length"]) == (7, 50)
    close(f, normal(350))
    close(lambda x: f(x, reverse=True), normal(350))
    # There are no equal strips of a prime number of steps.
    (whole,) = loops(in_parts(f, normal(353)))
    assert whole.params["length"] == 353
    close(f, normal(353))
    # Nor of steps that are too large.
    monkeypatch.setattr(fission, "HELD", 3)
    (whole,) = loops(in_parts(f, normal(350)))
    assert whole.params["length"] == 350


def test_wide_states_are_not_stacked() -> None:
    """They could lead too, as the key does, but what follows would have to read them."""

    def f(key: Any, wide: Any) -> Any:
        def step(carry: Any, _: Any) -> Any:
            key, wide, x = carry
            key, now = random.split(key)
            x = pnp.sin(x) + pnp.sum(random.normal(now, (6,)))
            return (key, wide * 0.9 + 1, 0.1 * x + pnp.mean(wide)), x

        return lax.scan(step, (key, wide, 0.0), None, length=40)[1]

    jaxpr = in_parts(f, random.key(0), normal(500))
    assert all(v.aval.size <= 500 for e in jaxpr.eqns for v in e.outvars)
    assert len(loops(jaxpr)) == 2
    close(f, random.key(0), normal(500))


def test_cycles() -> None:
    def body(w: Any, a: Any, b: Any, c: Any, d: Any, v: Any) -> Any:
        return a + 1, b * a, c + d, d * pnp.sin(c + w), pnp.exp(v - a)

    x = np.float32(1)
    jaxpr = simplify(pb.make_jaxpr(body)(x, x, x, x, x, x).jaxpr)
    cycles = Cycles(jaxpr, 1, 4)
    assert cycles.closed == [0b1, 0b11, 0b1100, 0b1100]
    assert cycles.of(jaxpr.outvars[1:2]) == 0b11 and cycles.of(jaxpr.outvars[4:]) == 0b10001
    assert cycles.over_steps(0b10010) == 0b11
    assert [e.primitive.name for e in cycles.off()] == ["exp", "sub"]


UNARY = (pnp.sin, pnp.tanh, lambda x: pnp.exp(-x * x), lambda x: x * 0.5, lambda x: x + 1)
BINARY = (pnp.add, pnp.multiply, pnp.subtract, pnp.minimum, pnp.arctan2)


@pytest.mark.parametrize("seed", range(40))
def test_loops_drawn_at_random(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever may leave a loop does so: all gains are enough, and nothing is cheap."""
    monkeypatch.setattr(apart, "GAIN", -np.inf)
    monkeypatch.setattr(apart, "PART", -np.inf)
    monkeypatch.setattr(apart, "MOVED", RNG.choice([0.0, 0.5]))
    monkeypatch.setattr(fission, "FEWEST", 2)
    monkeypatch.setattr(fission, "HELD", 4 * RNG.choice([40, 1000]))
    rng = np.random.default_rng(seed)
    carried, slices, length = rng.integers(1, 5), rng.integers(0, 3), int(rng.choice([6, 12]))
    plan = [(rng.integers(2), rng.integers(5), rng.integers(100, size=2)) for _ in range(12)]
    outs = rng.integers(100, size=carried + 3)

    def step(carry: Any, xs: Any, w: Any) -> Any:
        values = [*carry, *xs, w]
        for unary, op, (i, j) in plan:
            x, y = values[i % len(values)], values[j % len(values)]
            values.append(UNARY[op](x) if unary else BINARY[op](x, y))
        found = [values[k % len(values)] for k in outs]
        return tuple(pnp.tanh(v) for v in found[:carried]), found[carried:]

    def f(start: Any, xs: Any, w: Any) -> Any:
        return lax.scan(
            lambda c, v: step(c, v, w), start, xs, length=length, reverse=bool(seed % 2)
        )

    start = tuple(normal(carried, 2))
    xs = tuple(normal(slices, length, 2))
    close(f, start, xs, normal(2), rtol=1e-4)
