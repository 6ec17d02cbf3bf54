"""Code that is made quickly and code that is made with care: equal to the last bit."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cpu import compare, executable, program, runner, same

from pullback import lax
from pullback import numpy as pnp
from pullback.backends.cpu import pipeline, target
from pullback.backends.cpu.schedule import choose, narrow
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
