"""One user program on Pullback and on JAX: the same trees, shapes, dtypes, weak types, values."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import pullback as pb
from pullback import config
from pullback import numpy as pnp

# How Pullback runs: by the NumPy values, compiled.
EXECUTORS = (True, False)
# JAX is to compile fast, not to run fast.
QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


@dataclass(frozen=True)
class Side:
    """A library: its name, itself, its `numpy` and its `lax`."""

    name: str
    lib: Any
    np: Any
    lax: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lib, name)


PULLBACK = Side("pullback", pb, pnp, pb.lax)
JAX = Side("jax", jax, jnp, jax.lax)
Program = Callable[..., Any]


class Pair(NamedTuple):
    """A named tuple as users write them."""

    a: Any
    b: Any


class Node:
    """A class that both libraries are told is a node."""

    def __init__(self, x: Any, y: Any, tag: str) -> None:
        self.x, self.y, self.tag = x, y, tag


@dataclass
class Record:
    """A dataclass with a static field."""

    w: Any
    b: Any
    kind: str = "plain"


def _register() -> None:
    def flat(n: Node) -> tuple[tuple[Any, Any], str]:
        return (n.x, n.y), n.tag

    def build(tag: str, children: Iterable[Any]) -> Node:
        return Node(*children, tag)

    pb.tree_util.register_pytree_node(Node, flat, build)
    jax.tree_util.register_pytree_node(Node, flat, build)
    for lib in (pb, jax):
        lib.tree_util.register_dataclass(Record, ["w", "b"], ["kind"])


_register()


def on(side: Side, x: Any) -> Any:
    """An argument as the side's array; Python numbers stay as they are."""
    return side.np.asarray(x) if isinstance(x, np.ndarray) else x


def run(side: Side, program: Program, args: tuple[Any, ...]) -> Any:
    """The program's result on one side."""
    return program(side, *jax.tree.map(lambda x: on(side, x), args))


def oracle(program: Program, args: tuple[Any, ...], x64: bool, eager: bool) -> Any:
    """JAX's result, compiled as one piece, which is faster than operation by operation."""
    with jax.enable_x64(x64):
        if eager:
            return run(JAX, program, args)
        return jax.jit(partial(program, JAX), compiler_options=QUICK)(*args)


def compare(
    program: Program, *args: Any, x64: bool = True, tol: float | None = None, eager: bool = False
) -> None:
    """Raise unless `program(side, *args)` is the same on both sides.

    `eager`: the program looks at values, so JAX must run it operation by operation.
    """
    want = oracle(program, args, x64, eager)
    for disabled in EXECUTORS:
        with pb.config.override(enable_x64=x64, disable_jit=disabled):
            same(run(PULLBACK, program, args), want, tol)


def same(got: Any, want: Any, tol: float | None = None) -> None:
    """Raise unless two results are equal trees of nearly equal arrays."""
    (mine, structure), (theirs, expected) = jax.tree.flatten(got), jax.tree.flatten(want)
    assert structure == expected, f"{structure} instead of {expected}"
    for x, y in zip(mine, theirs, strict=True):
        same_leaf(x, y, tol)


def same_leaf(x: Any, y: Any, tol: float | None) -> None:
    """Raise unless two leaves agree in all that a user sees."""
    a, b = array(x), np.asarray(y)
    assert a.dtype == b.dtype, f"{a.dtype} instead of {b.dtype}"
    assert a.shape == b.shape, f"shape {a.shape} instead of {b.shape}"
    if isinstance(y, jax.Array) and not isinstance(x, np.ndarray):
        weak = getattr(x, "weak_type", True), y.weak_type
        assert weak[0] == weak[1], f"weak_type {weak[0]} instead of {weak[1]}"
    if b.dtype.itemsize == 0 or not b.size:
        return
    if tol is None:
        tol = 1e-10 if b.dtype in (np.float64, np.complex128) else 2e-5
    if b.dtype.kind in "biu":
        np.testing.assert_array_equal(a, b)
    else:
        np.testing.assert_allclose(a, b, rtol=tol, atol=tol)


def array(x: Any) -> np.ndarray:
    """The values of a leaf."""
    return np.asarray(x)


def sample(*shape: int, seed: int = 0, dtype: Any = np.float64) -> np.ndarray:
    """Random numbers, the same at every call."""
    return np.random.default_rng((seed, *shape)).standard_normal(shape).astype(dtype)


def values(program: Program, *args: Any) -> Any:
    """Pullback's result by the NumPy values in float64."""
    with config.override(enable_x64=True, disable_jit=True):
        return run(PULLBACK, program, args)
