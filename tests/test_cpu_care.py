"""Code that is made quickly and code that is made with care: equal to the last bit."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cpu import compare, executable, program, runner, same

from pullback import jit, lax
from pullback import numpy as pnp
from pullback.backends.cpu import pipeline, target
from pullback.backends.cpu.schedule import choose, halved, narrow
from pullback.nn import logsumexp, softmax

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 1030)).astype(np.float32)


def long_chain(x: Any) -> Any:
    for k in range(40):
        x = x * 0.999 + pnp.sin(x) * 0.01 * k
    return x


def recurrence(x: Any) -> Any:
    return lax.scan(lambda c, r: (c * 0.5 + r, pnp.tanh(c)), pnp.zeros(1030, "float32"), x)[1]


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sum": pnp.sum,
    "columns": lambda x: pnp.sum(x, 0),
    "rows": lambda x: pnp.sum(x, 1),
    "greatest of columns": lambda x: (pnp.max(x, 0), pnp.argmax(x, 0), pnp.min(x, 0)),
    "greatest of rows": lambda x: (pnp.max(x, 1), pnp.argmax(x, 1)),
    "logsumexp of columns": lambda x: logsumexp(x, 0),
    "softmax": softmax,
    "moments": lambda x: (pnp.mean(x, 0), pnp.var(x, 1)),
    "transposed": lambda x: x.T * 2 + pnp.exp(x).T,
    "scans": lambda x: (pnp.cumsum(x, 0), pnp.cumsum(x, 1)),
    "long chain": long_chain,
    "small integers": lambda x: pnp.sum((x * 9).astype("int8"), 0),
    "product with a vector": lambda x: (x @ x[0], x.T @ x[:, 0]),
    "neighbours": lambda x: x[2:] + x[:-2] - 2 * x[1:-1],
    "gather": lambda x: x[pnp.argsort(x[:, 0])][:, ::-3],
    "segments": lambda x: pnp.zeros((7, 1030), "float32").at[pnp.arange(300) % 7].add(x),
    "recurrence": recurrence,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_results_are_equal(name: str) -> None:
    jaxpr, arrays = program(FUNCTIONS[name], [X])
    run, quick = executable(jaxpr)
    assert bool(quick.patience) == bool(target.host().kernels)
    better = replace(quick, code=pipeline.improved(quick.program))
    same(run(arrays), runner(better, len(arrays))(arrays))


def test_narrow_plans_keep_the_axis() -> None:
    """Along a reduced axis the lanes say in which order elements are added."""
    for f, narrower in ((FUNCTIONS["columns"], True), (FUNCTIONS["rows"], False)):
        (nest,) = pipeline.lowered(program(f, [X])[0], ()).body
        (kernel,) = nest.kernels
        plan = choose(kernel, 64)
        found = narrow(plan, kernel, 64)
        assert found.axis is plan.axis and found.unroll == plan.unroll
        assert (found.lanes < plan.lanes) == narrower and found.lanes == 16


def test_equal_products_share_a_function() -> None:
    """Small ones, large ones that threads share, and those that the runtime packs."""
    shapes = ((8, 32, 32), (200, 300, 250), (3, 70, 5))
    matrices = [
        RNG.normal(size=s).astype("float32") for m, k, n in shapes for s in ((m, k), (n, k))
    ]

    def twice(*pairs: Any) -> list[Any]:
        found = []
        for x, y in zip(pairs[::2], pairs[1::2], strict=True):
            found += [x @ y.T, pnp.cos(x) @ y.T, x.T @ pnp.sin(x), x.T @ pnp.exp(x)]
        return found

    compiled = compare(twice, *matrices, ulps=400)
    text = pipeline.llvm_text(compiled.program)
    made = re.findall(r"define [^@]*@(product\d)", text)
    assert len(made) >= 2 * (len(shapes) - 1)
    assert sorted(re.findall(r"call [^@]*@(product\d)", text)) == sorted(made * 2)


def sevenfold(x: Any) -> Any:
    """A cell and its neighbours in space; rows are no whole number of vectors."""
    inner = x[1:-1, 1:-1, 1:-1]
    sides = [x[2:, 1:-1, 1:-1], x[:-2, 1:-1, 1:-1], x[1:-1, 2:, 1:-1], x[1:-1, :-2, 1:-1]]
    sides += [x[1:-1, 1:-1, 2:], x[1:-1, 1:-1, :-2]]
    return sum([s * 0.5 - inner * 0.25 for s in sides], inner)


def test_vectors_of_half_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where runs begin inside lines, on processors that do whole lines in halves; nowhere else."""
    host = target.host()
    x = RNG.normal(size=(9, 10, 40)).astype("float32")
    found = {}
    for halves in (False, True):
        monkeypatch.setattr(host, "halves", halves)
        jaxpr, arrays = program(sevenfold, [x])
        run, _ = executable(jaxpr)
        found[halves] = run(arrays)
    same(found[False], found[True])
    nest: Any = pipeline.lowered(program(sevenfold, [x])[0], ()).body[0]
    (kernel,) = nest.kernels
    assert (choose(kernel, 64).lanes, halved(choose(kernel, 64), kernel).lanes) == (16, 8)
    nest = pipeline.lowered(program(lambda x: x * 2 + x[::-1], [x])[0], ()).body[0]
    (kernel,) = nest.kernels
    assert halved(choose(kernel, 64), kernel) == choose(kernel, 64)


@pytest.mark.parametrize("n", [17, 38, 130])
def test_elements_computed_twice_where_memory_is_given_up(n: int) -> None:
    """The last vector of a long body begins earlier, unless it writes what it reads."""

    def step(x: Any, v: Any) -> Any:
        for _ in range(3):
            x = x - 0.1 * pnp.sin(x) + pnp.tanh(v * x)
        return x

    x, v = (RNG.normal(size=(3, n)).astype("float32") for _ in range(2))
    wanted = np.asarray(jit(step)(x, v))
    given = pnp.array(x)
    np.testing.assert_array_equal(np.asarray(jit(step, donate_argnums=0)(given, v)), wanted)
    given = pnp.array(x[0])
    alone = np.asarray(jit(step)(x[0], v[0]))
    np.testing.assert_array_equal(np.asarray(jit(step, donate_argnums=0)(given, v[0])), alone)
    np.testing.assert_array_equal(alone, wanted[0])
