"""Runs of equal equations as loops: what they compute, donated memory, and which are none."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import pullback as pb
import pullback.numpy as pnp
from pullback.backends.cpu import roll
from pullback.backends.cpu.rules import RULES
from pullback.core.ir import Jaxpr, JaxprEqn
from pullback.core.rewrite import simplify

N = 16
# The last one is a state that others read and that is a result too.
SEEDS = [*range(24), 295]


def loops(f: Callable[..., Any], *args: Any) -> list[JaxprEqn]:
    """The loops that a compiled function has of runs."""
    closed = pb.jit(f).trace(*args).jaxpr
    program: Jaxpr = simplify(getattr(closed, "jaxpr", closed))
    eqns = roll.rolled(program, RULES).eqns
    return [e for e in eqns if e.primitive is roll.repeat_p]


def lengths(f: Callable[..., Any], *args: Any) -> list[tuple[int, int]]:
    """How many units of how many states the loops have."""
    return [(e.params["length"], e.params["num_carry"]) for e in loops(f, *args)]


def same(f: Callable[..., Any], *args: Any) -> None:
    """Compiled, a function gives what its value rules give."""
    with pb.disable_jit():
        wanted = f(*args)
    found = pb.jit(f)(*args)
    leaves = pb.tree_util.tree_leaves
    for a, b in zip(leaves(found), leaves(wanted), strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        scale = np.max(np.abs(b), initial=1.0)
        tolerance = 2e-5 if a.dtype == np.float32 else 1e-8
        np.testing.assert_allclose(a / scale, b / scale, rtol=0, atol=tolerance)


def normal(seed: int, *shape: int, dtype: str = "float32") -> Any:
    return pnp.asarray(np.random.default_rng(seed).normal(size=shape).astype(dtype))


def weights(count: int) -> list[tuple[Any, Any]]:
    return [(normal(k, N, N) * 0.2, normal(k + 99, N)) for k in range(count)]


def layers(params: Any, x: Any) -> Any:
    for w, b in params:
        x = pnp.tanh(x @ w + b)
    return x


def test_leaves_of_a_tree() -> None:
    leaves = [normal(k, 3) for k in range(80)]

    def f(leaves: Any) -> Any:
        return [x + 1 for x in leaves]

    assert lengths(f, leaves) == [(80, 0)]
    same(f, leaves)


def test_leaves_of_two_shapes_in_turn() -> None:
    leaves = [(normal(k, 3, 4), normal(k, 5)) for k in range(30)]

    def f(leaves: Any, rate: Any) -> Any:
        return [(a * rate - 1, pnp.sin(b)) for a, b in leaves]

    assert lengths(f, leaves, 0.5) == [(30, 0)]
    same(f, leaves, 0.5)


def test_results_in_another_order() -> None:
    leaves = [normal(k, 3) for k in range(80)]

    def f(leaves: Any) -> Any:
        return [pnp.exp(x) for x in leaves][::-1]

    assert lengths(f, leaves) == [(80, 0)]
    same(f, leaves)


def test_leaves_in_no_order() -> None:
    leaves = [normal(k, 3) for k in range(80)]
    order = np.random.default_rng(0).permutation(80)

    def f(leaves: Any) -> Any:
        return [leaves[k] + 1 for k in order]

    assert lengths(f, leaves) == []
    same(f, leaves)


def test_layers() -> None:
    params, x = weights(30), normal(1, 32, N)
    assert lengths(layers, params, x) == [(30, 1)]
    same(layers, params, x)


def test_gradient_of_layers() -> None:
    params, x = weights(30), normal(1, 32, N)

    def loss(params: Any, x: Any) -> Any:
        return pnp.sum(layers(params, x) ** 2)

    f = pb.grad(loss, argnums=(0, 1))
    assert [n for n, _ in lengths(f, params, x)] == [30, 29]
    same(f, params, x)


def test_layers_of_which_every_value_is_a_result() -> None:
    params, x = weights(30), normal(1, 32, N)

    def f(params: Any, x: Any) -> Any:
        found = []
        for w, b in params:
            x = pnp.tanh(x @ w + b)
            found.append(x * 2)
        return x, found

    assert lengths(f, params, x) == [(30, 1)]
    same(f, params, x)


def test_two_passes_over_equal_leaves() -> None:
    leaves = [normal(k, 40, 10) for k in range(70)]

    def f(leaves: Any) -> Any:
        norm = pnp.sqrt(sum(pnp.sum(x * x) for x in leaves))
        return [x / norm for x in leaves]

    assert [n for n, _ in lengths(f, leaves)][-1] == 70
    same(f, leaves)


def test_chains_that_stay_in_registers_are_no_loops() -> None:
    def f(x: Any) -> Any:
        for _ in range(60):
            x = pnp.sin(x) * 2 + x
        return x

    assert lengths(f, normal(0, 100)) == []
    assert lengths(f, 1.0) == []


def test_sums_of_one_array_are_no_loops() -> None:
    def f(x: Any, shifts: Any) -> Any:
        return [pnp.sum(pnp.abs(x - s)) for s in shifts]

    args = normal(0, 10000), [float(k) for k in range(40)]
    assert lengths(f, *args) == []


def test_effects_are_told_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    def f(leaves: Any) -> Any:
        for x in leaves:
            pb.debug.print("{}", x[0])
        return [x + 1 for x in leaves]

    leaves = [pnp.full(3, k) for k in range(70)]
    pb.jit(f)(leaves)
    pb.effects_barrier()
    assert capsys.readouterr().out.split() == [str(k) for k in range(70)]


@pytest.mark.parametrize("order", [1, -1])
def test_donated_leaves(order: int) -> None:
    """Results take over the memory of the arguments that they are made from, and of no others."""

    def f(params: Any, grads: Any) -> Any:
        return [p - 0.1 * g for p, g in zip(params, grads, strict=True)][::order]

    params = [normal(k, 5000) for k in range(70)]
    grads = [normal(k + 70, 5000) for k in range(70)]
    assert lengths(f, params, grads) == [(70, 0)]
    wanted = f([np.asarray(p) for p in params], [np.asarray(g) for g in grads])
    given = [p.unsafe_buffer_pointer() for p in params][::order]
    found = pb.jit(f, donate_argnums=0)(params, grads)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    if order == 1:
        assert [x.unsafe_buffer_pointer() for x in found] == given


def test_donated_leaves_that_others_read() -> None:
    def f(params: Any) -> Any:
        return [p + q for p, q in zip(params, [*params[1:], params[0]], strict=True)]

    params = [normal(k, 5000) for k in range(70)]
    wanted = f([np.asarray(p) for p in params])
    for a, b in zip(pb.jit(f, donate_argnums=0)(params), wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_threads_share_units() -> None:
    leaves = [normal(k, 300, 100) for k in range(70)]

    def f(leaves: Any) -> Any:
        return [pnp.tanh(x) * 2 for x in leaves]

    assert lengths(f, leaves) == [(70, 0)]
    same(f, leaves)


Step = tuple[str, int, int]


def unit(rng: np.random.Generator) -> list[Step]:
    """Operations on values by number: 0 and 1 are states, 2 and 3 a unit's own, 4 and 5 of all.
    States are mostly read by products alone."""
    steps, count, least = [("dot", 0, 4), ("dot", 2, 1)], 8, 2 * bool(rng.integers(4))
    for _ in range(int(rng.integers(3, 9))):
        name = str(rng.choice(["dot", "dot", "add", "mul", "tanh", "sum", "turn", "half"]))
        i, j = rng.integers(least, count, 2)
        steps.append((name, int(i), int(j)))
        count += 1
    return steps


def applied(steps: Sequence[Step], values: list[Any]) -> list[Any]:
    for name, i, j in steps:
        x, y = values[i], values[j]
        new = {
            "dot": lambda x=x, y=y: x @ y * 0.2,
            "add": lambda x=x, y=y: x + y,
            "mul": lambda x=x, y=y: x * y,
            "tanh": lambda x=x: pnp.tanh(x),
            "sum": lambda x=x, y=y: x - pnp.mean(y, axis=1, keepdims=True),
            "turn": lambda x=x: x.T,
            "half": lambda x=x: x * 0.5,
        }[name]()
        values.append(new)
    return values


def drawn(seed: int) -> tuple[Callable[..., Any], list[Any]]:
    """A program of random units, and its arguments."""
    rng = np.random.default_rng(seed)
    steps, count = unit(rng), int(rng.integers(12, 20))
    last = 6 + len(steps) - 1
    given = [int(k) for k in rng.choice(np.arange(6, last + 1), 2)]
    shown, at_once = bool(rng.integers(2)), bool(rng.integers(2))

    def f(states: Any, own: Any, shared: Any) -> Any:
        found = []
        for mine in own if not at_once else own[::-1]:
            values = applied(steps, [*states, *mine, *shared])
            states = [pnp.tanh(values[last]), values[given[0]] if shown else states[0]]
            found.append(values[given[1]] * 3)
        return states, found if shown else sum(pnp.sum(x) for x in found)

    def two(first: int, second: int) -> list[Any]:
        return [normal(k, N, N, dtype="float64") for k in (first, second)]

    own = [two(seed + 7 * k, seed + 5 * k) for k in range(count)]
    return f, [two(1, 2), own, two(3, 4)]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_units(seed: int) -> None:
    with pb.enable_x64():
        f, args = drawn(seed)
        same(f, *args)


@pytest.mark.parametrize("seed", SEEDS[::4])
def test_gradients_of_random_units(seed: int) -> None:
    with pb.enable_x64():
        f, args = drawn(seed)

        def loss(*args: Any) -> Any:
            return sum(pnp.mean(pnp.sin(x)) for x in pb.tree_util.tree_leaves(f(*args)))

        same(pb.grad(loss, argnums=(0, 1, 2)), *args)


def test_random_units_are_loops() -> None:
    """The programs above are worth testing."""
    with pb.enable_x64():
        programs = [drawn(seed) for seed in SEEDS]
        assert sum(bool(loops(f, *args)) for f, args in programs) >= len(SEEDS) // 2
