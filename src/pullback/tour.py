"""A tour of the library: `python -m pullback.tour` prints pieces of code, results and times."""

import argparse
import ast
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Section:
    """A part of the tour: a title, a sentence, and pieces of code that share one namespace."""

    title: str
    text: str
    cells: tuple[str, ...]


SECTIONS = (
    Section(
        "Arrays",
        "Arrays are NumPy's, but immutable, and float32 unless 64 bits are asked for.",
        (
            """import numpy as np
import pullback as pb
from pullback import numpy as pnp

np.random.seed(0)
x = pnp.array(np.random.randn(3))
x""",
            """pnp.arange(12.0).reshape(3, 4) @ pnp.ones((4, 2)) / 3""",
            """try:
    x[0] = 1.0
except TypeError as error:
    print(error)
x.at[0].set(1.0)""",
        ),
    ),
    Section(
        "Gradients",
        "The gradient of a scalar function has the structure of its argument.",
        (
            """from pullback import nn


def f(params, x):
    A, b = params
    return nn.sigmoid(A @ x + b).sum()


A = pnp.array(np.random.randn(3, 3))
b = pnp.array(np.random.randn(3))
pb.value_and_grad(f)((A, b), x)""",
            """from dataclasses import dataclass


@pb.tree_util.register_dataclass
@dataclass
class Layer:
    weight: pb.Array
    bias: pb.Array


def g(layers, x):
    for layer in layers["hidden"]:
        x = pnp.tanh(layer.weight @ x + layer.bias)
    return (x**2).sum()


layers = {"hidden": [Layer(A, b), Layer(A.T, -b)]}
pb.tree_util.tree_map(pnp.shape, pb.grad(g)(layers, x))""",
            """def with_aux(x, scale):
    y = scale * pnp.sin(x)
    return y.sum(), y


pb.grad(with_aux, argnums=(0, 1), has_aux=True)(x, 2.0)""",
        ),
    ),
    Section(
        "Batching",
        "vmap turns a function of one element into one of a batch, without a loop.",
        (
            """xs = pnp.array(np.random.randn(100, 3))
batched = pb.vmap(f, in_axes=(None, 0))((A, b), xs)
looped = pnp.stack([f((A, b), row) for row in xs])
batched.shape, bool(pnp.allclose(batched, looped))""",
            """per_example = pb.vmap(pb.grad(f, argnums=1), in_axes=(None, 0))((A, b), xs)
per_example.shape""",
            """share = pb.vmap(lambda row: row / pb.lax.psum(row, "batch"), axis_name="batch")
share(pnp.arange(1.0, 5.0))""",
            """def distance(p, q):
    return ((p - q) ** 2).sum()


pairwise = pb.vmap(pb.vmap(distance, (None, 0)), (0, None), out_axes=1)
pairwise(xs[:2], xs[:3])""",
        ),
    ),
    Section(
        "Compilation",
        "jit compiles a function to one native program, once for each signature.",
        (
            """def dumb_computation(x):
    for _ in range(2):
        y = pnp.tanh(x @ x.T)
        z = pnp.exp(-(x**2)) @ x
        w = pnp.sin(x) + pnp.cos(x.T @ x)
        x = nn.softmax(y + z + w) + 0.1 * pnp.linalg.matrix_power(x, 3) / 100
    return pnp.sum(x * pnp.log(pnp.abs(x) + 1e-8))


square = pnp.array(np.random.randn(50, 50)) / 10
dumb_computation(square).block_until_ready()""",
            """compiled = pb.jit(dumb_computation)
compiled(square).block_until_ready()""",
            """compiled(square).block_until_ready()""",
            """from functools import partial

traces = []


@partial(pb.jit, static_argnames="n")
def power(x, n):
    traces.append(n)
    return x**n


power(x, n=3), power(x + 1, n=3), power(x, n=2), traces""",
        ),
    ),
    Section(
        "Composition",
        "Transformations nest in any order.",
        (
            """pb.jit(pb.vmap(pb.grad(f, argnums=1), in_axes=(None, 0)))((A, b), xs).shape""",
            """pb.grad(pb.jit(pnp.tanh))(0.5), pb.jit(pb.grad(pb.grad(pnp.tanh)))(0.5)""",
            """def h(x):
    return pnp.stack([x[0] * x[1], pnp.sin(x[2])])


pb.jacfwd(h)(x), pb.jacrev(h)(x)""",
            """pb.hessian(lambda x: h(x).sum())(x)""",
            """y, push = pb.linearize(h, x)
_, pull = pb.vjp(h, x)
pb.jvp(h, (x,), (x,)), push(x), pull(y)""",
            """pb.make_jaxpr(pb.grad(lambda x: pnp.sin(x).sum()))(x)""",
        ),
    ),
    Section(
        "Keys",
        "Random numbers come from explicit keys: the same key, the same numbers, anywhere.",
        (
            """key = pb.random.key(42)
key, subkey = pb.random.split(key)
pb.random.normal(subkey, (2, 3))""",
            """a, b2, c, d = pb.random.split(key, 4)
(
    pb.random.uniform(a, (3,)),
    pb.random.randint(b2, (5,), 0, 10),
    pb.random.bernoulli(c, 0.3, (4,)),
    pb.random.permutation(d, 6),
)""",
            """pb.random.bits(pb.random.fold_in(pb.random.PRNGKey(0), 7), (2,))""",
        ),
    ),
    Section(
        "64 bits",
        "Double precision is one switch, for a block of code or for the process.",
        (
            """def area(x):
    return pnp.log1p(pnp.exp(x) * pnp.sin(x)).sum()


with pb.enable_x64():
    at = pnp.array([0.1, 0.2, 0.3])
    step = 1e-6
    exact = pb.grad(area)(at)
    differences = pnp.stack(
        [(area(at + step * e) - area(at - step * e)) / (2 * step) for e in pnp.eye(3)]
    )
    print(exact.dtype, pnp.abs(exact - differences).max() < 1e-9)""",
        ),
    ),
    Section(
        "Loops",
        "Loops are operations too: compiled whole, and differentiated.",
        (
            """def lorenz(state):
    x, y, z = state
    return pnp.stack([10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z])


def rk4_step(state, _, dt=0.001):
    k1 = lorenz(state)
    k2 = lorenz(state + dt / 2 * k1)
    k3 = lorenz(state + dt / 2 * k2)
    k4 = lorenz(state + dt * k3)
    state = state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return state, state


@pb.jit
def trajectory(start):
    return pb.lax.scan(rk4_step, start, length=1000)[1]


trajectory(pnp.ones(3))[-1]""",
            """pb.jit(pb.grad(lambda start: trajectory(start)[-1, 0]))(pnp.ones(3))""",
            """newton = pb.lax.while_loop(
    lambda y: pnp.abs(y * y - 2.0) > 1e-6, lambda y: (y + 2.0 / y) / 2, 1.0
)
steps = pb.lax.fori_loop(0, 5, lambda i, total: total + i, 0)
branch = pb.lax.cond(newton > 1.4, pnp.sin, pnp.cos, newton)
newton, steps, branch""",
        ),
    ),
)


def run_cell(code: str, namespace: dict[str, Any]) -> Any:
    """Run a piece of code; the value of its last line if that is an expression, else None."""
    body = ast.parse(code)
    last = body.body[-1]
    if not isinstance(last, ast.Expr):
        exec(compile(body, "<tour>", "exec"), namespace)
        return None
    body.body.pop()
    exec(compile(body, "<tour>", "exec"), namespace)
    return eval(compile(ast.Expression(last.value), "<tour>", "eval"), namespace)


def run(sections: Sequence[Section] = SECTIONS) -> dict[str, Any]:
    """Run the tour, printing code, results and times; the namespace it leaves."""
    namespace: dict[str, Any] = {"__name__": "tour"}
    for number, section in enumerate(sections, 1):
        print(f"\n{number}. {section.title}\n   {section.text}")
        for code in section.cells:
            print("\n" + "\n".join(f"    {line}".rstrip() for line in code.splitlines()))
            start = time.perf_counter()
            value = run_cell(code, namespace)
            elapsed = time.perf_counter() - start
            if value is not None:
                print(repr(value))
            print(f"[{elapsed * 1e3:.2f} ms]")
    return namespace


def notebook(sections: Sequence[Section] = SECTIONS) -> dict[str, Any]:
    """The tour as a Jupyter notebook, not executed."""
    cells: list[dict[str, Any]] = []
    for section in sections:
        cells.append(_cell("markdown", f"## {section.title}\n\n{section.text}", len(cells)))
        for code in section.cells:
            cells.append(_cell("code", code, len(cells)))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _cell(kind: str, source: str, number: int) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": f"cell-{number}",
        "metadata": {},
        "source": source.splitlines(keepends=True),
    }
    if kind == "code":
        cell.update(execution_count=None, outputs=[])
    return cell


def main() -> None:
    """Command line: run the tour, or write it as a notebook."""
    parser = argparse.ArgumentParser(prog="python -m pullback.tour", description=__doc__)
    parser.add_argument("--notebook", type=Path, help="write the tour as a notebook instead")
    options = parser.parse_args()
    if options.notebook is None:
        run()
        return
    options.notebook.write_text(json.dumps(notebook(), indent=1) + "\n")


if __name__ == "__main__":
    main()
