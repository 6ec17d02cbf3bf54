"""Arrays of short vectors: coordinates of many bodies, colours of many pixels."""

from collections.abc import Callable
from typing import Any

import numpy as onp
import pytest

import pullback as pb
from pullback import lax
from pullback import numpy as np


def unit(x: Any) -> Any:
    return x / np.sqrt(np.sum(x * x, -1, keepdims=True))


def rotated(x: Any) -> Any:
    return np.stack([x[..., 1], -x[..., 0], *[x[..., k] for k in range(2, x.shape[-1])]], -1)


def orbit(x: Any) -> Any:
    """Steps that mix what stands first, last and summed."""

    def step(x: Any, _: Any) -> Any:
        y = unit(x) + 0.1 * rotated(x)
        return y, np.max(y, -1)

    return lax.scan(step, x, None, length=5)


def pull(x: Any) -> Any:
    """The accelerations of bodies that attract each other."""
    d = x[:, None] - x[None]
    r2 = np.sum(d * d, -1) + 0.01
    return np.sum(d / (r2 * np.sqrt(r2))[..., None], 1)


def grey(x: Any) -> Any:
    y = x @ np.array([0.3, 0.6, 0.1, 0.0][: x.shape[-1]], x.dtype)
    return (x - y[..., None]).astype("int8"), y


PROGRAMS = {f.__name__: f for f in (unit, rotated, orbit, pull, grey)}


@pytest.mark.parametrize("width", [2, 3, 4])
@pytest.mark.parametrize("size", [32, 37, 1001])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_compiled_is_as_eager(name: str, dtype: str, size: int, width: int) -> None:
    fun: Callable[[Any], Any] = PROGRAMS[name]
    n = min(size, 50) if fun is pull else size
    with pb.enable_x64(dtype == "float64"):
        x = np.asarray(onp.random.default_rng(0).normal(size=(n, width)) * 3, dtype)
        with pb.disable_jit():
            wanted = fun(x)
        close = 3e-5 if dtype == "float32" else 1e-12

        def check(a: Any, b: Any) -> None:
            assert a.dtype == b.dtype
            onp.testing.assert_allclose(a, b, rtol=close, atol=close)

        pb.tree_util.tree_map(check, pb.jit(fun)(x), wanted)
        pb.tree_util.tree_map(check, pb.jit(pb.vmap(fun))(x[None]), pb.vmap(fun)(x[None]))


@pytest.mark.parametrize("name", ["unit", "rotated", "orbit", "pull"])
def test_gradients(name: str) -> None:
    def loss(x: Any) -> Any:
        leaves = pb.tree_util.tree_leaves(PROGRAMS[name](x))
        return sum(np.sum(np.sin(y)) for y in leaves)

    x = np.asarray(onp.random.default_rng(1).normal(size=(45, 3)).astype("float32"))
    with pb.disable_jit():
        wanted = pb.grad(loss)(x)
    onp.testing.assert_allclose(pb.jit(pb.grad(loss))(x), wanted, rtol=2e-4, atol=2e-4)
