"""A row of the table of operations: the operation, JAX's, and sample arguments by dtype."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import ml_dtypes
import numpy as np

from pullback import config
from pullback.core.trace import as_array

FLOATS = ("float32", "float64", "float16", "bfloat16")
WIDE = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
SIGNED = ("int32", "int8", "int64")
UNSIGNED = ("uint32", "uint8")
INTS = (*SIGNED, *UNSIGNED)
BOOL = ("bool",)
NUMBERS = (*FLOATS, *COMPLEX, *INTS)
DERIVED = ("float64", "complex128")


@dataclass(frozen=True)
class Arg:
    """A random array: its shape, the interval of its values, and its dtype if it is a fixed one.

    `values` are put at its first elements in row-major order.
    """

    shape: tuple[int, ...] = (2, 3)
    low: float = -2.0
    high: float = 2.0
    dtype: str | None = None
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class Op:
    """One operation with its arguments.

    f, jax: the operation here and in JAX, on arrays.
    args: sample arguments, each a tuple of Arg or of NumPy arrays.
    dtypes: those in which every Arg that names none is made.
    tol: how many units in the last place of the largest result the value may differ by.
    derivative: whether the results have derivatives in floating-point arguments.
    smooth: whether finite differences of double precision show them.
    """

    name: str
    f: Callable[..., Any]
    jax: Callable[..., Any]
    args: tuple[tuple[Any, ...], ...]
    dtypes: tuple[str, ...] = WIDE
    tol: float = 8.0
    derivative: bool = True
    smooth: bool = True

    @property
    def derived(self) -> tuple[str, ...]:
        """The dtypes in which derivatives are checked."""
        return tuple(d for d in self.dtypes if d in DERIVED) if self.derivative else ()

    def samples(self, dtype: str) -> list[list[np.ndarray]]:
        """The sample arguments in a dtype, the same at every call."""
        rng = np.random.default_rng(zlib.crc32(f"{self.name} {dtype}".encode()))
        return [[make(a, dtype, rng) for a in args] for args in self.args]


def make(arg: Any, dtype: str, rng: np.random.Generator) -> np.ndarray:
    """The array that an Arg describes; arrays stay as they are."""
    if isinstance(arg, np.ndarray):
        return arg
    name = arg.dtype or dtype
    kind = np.dtype(getattr(ml_dtypes, name, name))
    x = rng.uniform(arg.low, arg.high, arg.shape)
    if name in COMPLEX:
        x = x + 1j * rng.uniform(arg.low, arg.high, arg.shape)
    if name == "bool":
        return x > (arg.low + arg.high) / 2
    if kind.kind == "u":
        x = np.abs(x)
    flat = x.reshape(-1)
    flat[: len(arg.values)] = arg.values
    with np.errstate(all="ignore"):
        return x.astype(kind)


def run(op: Op, args: list[np.ndarray]) -> list[np.ndarray]:
    """The results here, as NumPy arrays."""
    with config.override(enable_x64=True):
        return arrays(op.f(*[as_array(a) for a in args]))


def run_jax(op: Op, samples: list[list[np.ndarray]]) -> list[list[np.ndarray]]:
    """The results in JAX for all samples, in one program: that compiles once."""

    def program(samples: list[Any]) -> list[Any]:
        return [jax.tree.leaves(op.jax(*args)) for args in samples]

    with jax.enable_x64(True):
        return [[np.asarray(o) for o in outs] for outs in jax.jit(program)(samples)]


def arrays(outs: Any) -> list[np.ndarray]:
    """One result or several as a list of NumPy arrays."""
    outs = outs if isinstance(outs, (list, tuple)) else [outs]
    return [as_array(o)._npy for o in outs]
