"""What a library costs before any arithmetic: importing it, calling it, dispatching small work."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as onp

from benchmarks.build import case, eager
from benchmarks.case import Build, Call, Case, jax
from benchmarks.programs import (
    dumb_computation,
    dumb_input,
    normal,
    sigmoid_params,
    sigmoid_sum,
)


def import_process(xp: Any) -> Call:
    command = [sys.executable, "-c", f"import {xp.name}"]
    return lambda: subprocess.run(command, check=True)


def jit_scalar(xp: Any) -> Call:
    f = xp.jit(lambda x: x + 1)
    x = xp.np.array(1.0)
    return lambda: f(x).block_until_ready()


def jit_pytree(xp: Any) -> Call:
    f = xp.jit(lambda tree: xp.tree_util.tree_map(lambda x: x + 1, tree))
    tree = {name: [xp.np.array(float(i)) for i in range(10)] for name in "abcde"}
    return lambda: f(tree)["e"][9].block_until_ready()


def eager_add(xp: Any) -> Call:
    x, y = xp.np.array(1.0), xp.np.array(2.0)
    return lambda: (x + y).block_until_ready()


def eager_dumb(xp: Any) -> Call:
    dumb, x = dumb_computation(xp), dumb_input(xp)
    return lambda: xp.block_until_ready(dumb(x))


def eager_value_and_grad(xp: Any) -> Call:
    f = xp.value_and_grad(sigmoid_sum(xp))
    params, x = sigmoid_params(xp), normal(xp, 3, seed=2)
    return lambda: xp.block_until_ready(f(params, x))


def eager_vmap_grad(xp: Any) -> Call:
    f = xp.vmap(xp.grad(sigmoid_sum(xp), argnums=1), in_axes=(None, 0))
    params, xs = sigmoid_params(xp), normal(xp, 100, 3, seed=2)
    return lambda: f(params, xs).block_until_ready()


def eager_scan(xp: Any) -> Call:
    def step(carry: Any, x: Any) -> tuple[Any, Any]:
        for _ in range(20):
            carry = xp.np.tanh(carry * x + 0.1)
        return carry, carry

    x = xp.np.linspace(0.0, 1.0, 100)
    return lambda: xp.block_until_ready(xp.lax.scan(step, 0.5, x))


def jit_leaves(count: int) -> Build:
    def build(xp: Any) -> Call:
        f = xp.jit(lambda leaves: [x + 1 for x in leaves])
        leaves = [xp.np.array(float(i)) for i in range(count)]
        return lambda: f(leaves)[-1].block_until_ready()

    return build


def from_numpy(xp: Any) -> Call:
    (x,) = hundred()
    return lambda: xp.np.asarray(x).block_until_ready()


def to_numpy(xp: Any) -> Call:
    x = xp.np.arange(100.0)
    return lambda: onp.asarray(x)


def operation(name: str, fun: Callable[[Any, Any], Any]) -> Case:
    """An operation on a hundred numbers, eagerly."""
    return case("overhead", f"eager {name}", fun, hundred, how=eager)


def hundred() -> list[Any]:
    return [onp.arange(100.0, dtype="float32")]


CASES = (
    Case("import, whole process", "overhead", import_process, (jax(0.25),)),
    Case("jit call, one scalar", "overhead", jit_scalar, (jax(0.15),)),
    Case("jit call, pytree of 50 scalars", "overhead", jit_pytree, (jax(0.2),)),
    Case("eager scalar add", "overhead", eager_add, (jax(0.15),)),
    Case("eager dumb_computation 50x50", "overhead", eager_dumb, (jax(0.3),)),
    Case("eager value_and_grad of sigmoid", "overhead", eager_value_and_grad, (jax(0.12),)),
    Case("eager vmap(grad) of sigmoid, 100", "overhead", eager_vmap_grad, (jax(0.12),)),
    Case("eager scan of 60 operations", "overhead", eager_scan, (jax(1.0),)),
    *[
        Case(f"jit call, {count} leaves", "overhead", jit_leaves(count), (jax(1.0),))
        for count in (10, 100, 1000)
    ],
    operation("x[3]", lambda xp, x: x[3]),
    operation("x[10:20]", lambda xp, x: x[10:20]),
    operation("x.at[3].set", lambda xp, x: x.at[3].set(1.0)),
    operation("concatenate", lambda xp, x: xp.np.concatenate([x, x])),
    operation("sum", lambda xp, x: xp.np.sum(x)),
    operation("where", lambda xp, x: xp.np.where(x > 3, x, 0.0)),
    operation("stack of two", lambda xp, x: xp.np.stack([x, x])),
    operation("matmul", lambda xp, x: x @ x),
    Case("array from NumPy", "overhead", from_numpy, (jax(1.0),)),
    Case("array to NumPy", "overhead", to_numpy, (jax(1.0),)),
)
