"""Calls to time, from functions written as `fun(xp, *arrays)` and their inputs."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.case import Build, Call, Case, Rival, jax, numpy

Fun = Callable[..., Any]
# Arrays made when a call is built, not when the cases are listed.
Inputs = Callable[[], Sequence[Any]]
NOT_SLOWER = 1.0
NUMPY = 1.2


def compiled(fun: Fun, inputs: Inputs) -> Build:
    """The compiled function on arrays."""

    def build(xp: Any) -> Call:
        f = xp.jit(lambda *args: fun(xp, *args))
        args = xp.tree_util.tree_map(xp.np.asarray, tuple(inputs()))
        return lambda: xp.block_until_ready(f(*args))

    return build


def gradient(fun: Fun, inputs: Inputs) -> Build:
    """The compiled gradient of a scalar function by its first argument."""
    return compiled(lambda xp, *args: xp.grad(lambda *a: fun(xp, *a))(*args), inputs)


def eager(fun: Fun, inputs: Inputs) -> Build:
    """The function operation by operation."""

    def build(xp: Any) -> Call:
        args = xp.tree_util.tree_map(xp.np.asarray, tuple(inputs()))
        return lambda: xp.block_until_ready(fun(xp, *args))

    return build


def plain(fun: Fun, inputs: Inputs) -> Build:
    """The function on NumPy's arrays."""

    def build(xp: Any) -> Call:
        args = tuple(inputs())
        return lambda: fun(xp, *args)

    return build


def case(
    group: str, name: str, fun: Fun, inputs: Inputs, own: Fun | None = None, *,
    how: Callable[[Fun, Inputs], Build] = compiled, x64: bool = False,
) -> Case:  # fmt: skip
    """A program against JAX, and against NumPy where `own` says how NumPy does it."""
    rivals: tuple[Rival, ...] = (jax(NOT_SLOWER),)
    if own is not None:
        rivals += (numpy(plain(own, inputs), NUMPY),)
    return Case(name, group, how(fun, inputs), rivals, x64=x64)


def normals(*shapes: tuple[int, ...], dtype: Any = "float32", seed: int = 0) -> Inputs:
    """Arrays of normal numbers."""

    def inputs() -> list[Any]:
        rng = np.random.default_rng(seed)
        return [rng.normal(size=shape).astype(dtype) for shape in shapes]

    return inputs


def uniforms(*shapes: tuple[int, ...], dtype: Any = "float32", seed: int = 0) -> Inputs:
    """Arrays of numbers between 0.1 and 1.1."""

    def inputs() -> list[Any]:
        rng = np.random.default_rng(seed)
        return [(rng.random(shape) + 0.1).astype(dtype) for shape in shapes]

    return inputs


def integers(high: int, *shapes: tuple[int, ...], seed: int = 0) -> Inputs:
    """Arrays of int32 below `high`."""

    def inputs() -> list[Any]:
        rng = np.random.default_rng(seed)
        return [rng.integers(0, high, shape).astype("int32") for shape in shapes]

    return inputs


def both(*parts: Inputs) -> Inputs:
    """The inputs of several, one after the other."""
    return lambda: [x for part in parts for x in part()]
