"""Nestings of transformations over a program, in either library, and the two executors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from both import PULLBACK, QUICK, Side
from programs import Program

from pullback import config, dtypes
from pullback.core.ir import Jaxpr, subjaxprs
from pullback.core.stage import eval_jaxpr

Flat = Callable[..., list[Any]]
# What each layer is drawn from, and how many of those that differentiate are nested.
LAYERS = ("jit", "vmap", "vmap", "jvp", "vjp", "vjp", "linearize", "checkpoint")
DERIVATIVES = ("jvp", "vjp", "linearize")
BATCH = 3


@dataclass(frozen=True)
class Case:
    """A program and the transformations around it, the innermost first."""

    program: Program
    nest: tuple[str, ...]


def draw_nest(rng: np.random.Generator) -> tuple[str, ...]:
    """One to three transformations."""
    found: list[str] = []
    for _ in range(1 + int(rng.integers(3))):
        layer = str(rng.choice(LAYERS))
        if layer in DERIVATIVES and sum(x in DERIVATIVES for x in found) == 2:
            continue
        if layer == "vmap" and found.count("vmap") == 2:
            continue
        found.append(layer)
    return tuple(found)


def holds(jaxpr: Jaxpr, names: Sequence[str]) -> bool:
    """Whether one of these operations is in the program or in one that it holds."""
    return any(
        e.primitive.name in names or any(holds(p, names) for p in subjaxprs(e)) for e in jaxpr.eqns
    )


def is_inexact(x: Any) -> bool:
    """Whether derivatives are taken in this value."""
    return dtypes.kind(np.dtype(x.dtype)) in ("float", "complex")


def nested(side: Side, f: Flat, args: Sequence[Any], nest: Sequence[str]) -> tuple[Flat, list[Any]]:
    """The transformed function and its arguments, which are arrays of NumPy."""
    found = list(args)
    for k, layer in enumerate(nest):
        f, found = TRANSFORMS[layer](side, f, found, np.random.default_rng(k))
    return f, found


def _jit(side: Side, f: Flat, args: list[Any], rng: Any) -> tuple[Flat, list[Any]]:
    return side.jit(f), args


def _checkpoint(side: Side, f: Flat, args: list[Any], rng: Any) -> tuple[Flat, list[Any]]:
    return side.checkpoint(f), args


def _vmap(side: Side, f: Flat, args: list[Any], rng: Any) -> tuple[Flat, list[Any]]:
    """Some arguments are batched, along the first or the last axis."""
    axes = [(0, 0, x.ndim, None)[rng.integers(4)] for x in args]
    if all(a is None for a in axes):
        axes[0] = 0
    batched = [
        x if a is None else np.stack([x, np.roll(x, 1), varied(x)], a)
        for x, a in zip(args, axes, strict=True)
    ]
    out_axes = 0 if rng.random() < 0.8 else -1
    return side.vmap(f, in_axes=tuple(axes), out_axes=out_axes), batched


def varied(x: np.ndarray) -> np.ndarray:
    """Other values of the same size."""
    return x[..., ::-1] if x.ndim else x


def like(rng: Any, x: Any) -> np.ndarray:
    """A random tangent or cotangent."""
    dtype = np.dtype(x.dtype)
    t = rng.uniform(-1, 1, x.shape)
    if dtypes.kind(dtype) == "complex":
        t = t + 1j * rng.uniform(-1, 1, x.shape)
    return np.asarray(t, dtype)


def split(args: Sequence[Any]) -> tuple[list[int], list[int]]:
    """Which arguments derivatives are taken in, and the others."""
    inside = [i for i, x in enumerate(args) if is_inexact(x)]
    return inside, [i for i in range(len(args)) if i not in inside]


def of_inexact(f: Flat, args: Sequence[Any], inside: list[int]) -> Flat:
    """The function of the arguments that have derivatives, and its results that have."""

    def g(*moving: Any) -> list[Any]:
        whole = list(args)
        for i, x in zip(inside, moving, strict=True):
            whole[i] = x
        return [o for o in f(*whole) if is_inexact(o)]

    return g


def _jvp(side: Side, f: Flat, args: list[Any], rng: Any) -> tuple[Flat, list[Any]]:
    inside, _ = split(args)
    tangents = [like(rng, args[i]) for i in inside]
    n = len(args)

    def g(*xs: Any) -> list[Any]:
        outs, moved = side.jvp(of_inexact(f, xs[:n], inside), tuple(xs[i] for i in inside), xs[n:])
        return [*outs, *moved]

    return (g, [*args, *tangents]) if inside else (f, args)


def _linearize(side: Side, f: Flat, args: list[Any], rng: Any) -> tuple[Flat, list[Any]]:
    inside, _ = split(args)
    tangents = [like(rng, args[i]) for i in inside]
    n = len(args)

    def g(*xs: Any) -> list[Any]:
        outs, linear = side.linearize(of_inexact(f, xs[:n], inside), *[xs[i] for i in inside])
        return [*outs, *linear(*xs[n:])]

    return (g, [*args, *tangents]) if inside else (f, args)


def _vjp(side: Side, f: Flat, args: list[Any], rng: Any) -> tuple[Flat, list[Any]]:
    inside, _ = split(args)
    if not inside:
        return f, args
    outs = side.lib.eval_shape(f, *args)
    cts = [like(rng, o) for o in outs if is_inexact(o)]
    n = len(args)

    def g(*xs: Any) -> list[Any]:
        outs, pull = side.vjp(of_inexact(f, xs[:n], inside), *[xs[i] for i in inside])
        return [*outs, *pull(list(xs[n:]))]

    return g, [*args, *cts]


TRANSFORMS: dict[str, Any] = {
    "jit": _jit,
    "checkpoint": _checkpoint,
    "vmap": _vmap,
    "jvp": _jvp,
    "linearize": _linearize,
    "vjp": _vjp,
}


def function(jaxpr: Jaxpr) -> Flat:
    """A program as a function."""
    return lambda *xs: eval_jaxpr(jaxpr, (), *xs)


def built(side: Side, case: Case, of: Callable[[Jaxpr], Flat]) -> tuple[Flat, list[Any]]:
    """The case's function in a library, and its arguments."""
    with config.override(enable_x64=True):
        return nested(side, of(case.program.jaxpr), case.program.args, case.nest)


def eagerly(f: Flat, args: Sequence[Any]) -> list[np.ndarray]:
    """The results by NumPy's values, operation by operation."""
    with config.override(enable_x64=True, disable_jit=True):
        return [np.asarray(o) for o in f(*args)]


def compiled_together(fs: Sequence[Flat], args: Sequence[Sequence[Any]]) -> list[list[np.ndarray]]:
    """The results of several functions by compiled code, which is made as one piece."""

    def together(args: Any) -> Any:
        return [f(*xs) for f, xs in zip(fs, args, strict=True)]

    with config.override(enable_x64=True):
        outs = PULLBACK.jit(together)(list(map(list, args)))
        return [[np.asarray(o) for o in each] for each in outs]


def by_jax(fs: Sequence[Flat], args: Sequence[Sequence[Any]]) -> list[list[np.ndarray]]:
    """The results of several functions in JAX, in one program, which compiles once."""

    def together(args: Any) -> Any:
        return [f(*xs) for f, xs in zip(fs, args, strict=True)]

    with jax.enable_x64(True):
        outs = jax.jit(together, compiler_options=QUICK)(list(map(list, args)))
        return [[np.asarray(o) for o in each] for each in outs]


def precision(jaxpr: Jaxpr) -> float:
    """How far results may be apart, in units of their size: by the narrowest dtype inside."""
    worst = 1e-9
    variables = [*jaxpr.invars, *(v for e in jaxpr.eqns for v in e.outvars)]
    for v in variables:
        if dtypes.kind(v.aval.dtype) in ("float", "complex"):
            eps = float(dtypes.info(v.aval.dtype).eps)
            worst = max(worst, 0.2 if eps > 1e-3 else 2e-3 if eps > 1e-8 else 0.0)
    return max([worst, *(precision(p) for e in jaxpr.eqns for p in subjaxprs(e))])


def differ(got: Sequence[Any], wanted: Sequence[Any], tol: float) -> str:
    """What is wrong with the results, or nothing."""
    if len(got) != len(wanted):
        return f"{len(got)} results instead of {len(wanted)}"
    sizes = [size(w) for w in wanted if is_inexact(w)]
    overall = 0.01 * max([0.0, *sizes])
    for i, (g, w) in enumerate(zip(got, wanted, strict=True)):
        if (g.dtype, g.shape) != (w.dtype, w.shape):
            return f"result {i}: {g.dtype}{list(g.shape)} instead of {w.dtype}{list(w.shape)}"
        if not is_inexact(w):
            if not np.array_equal(g, w):
                return f"result {i}: {g} instead of {w}"
            continue
        kind = np.complex128 if dtypes.kind(w.dtype) == "complex" else np.float64
        atol = tol * (max(1.0, size(w)) + overall)
        if not np.allclose(g.astype(kind), w.astype(kind), rtol=0, atol=atol, equal_nan=True):
            return f"result {i}: {g} instead of {w}"
    return ""


def size(x: np.ndarray) -> float:
    """The size of the largest finite element."""
    kind = np.complex128 if dtypes.kind(x.dtype) == "complex" else np.float64
    x = np.abs(x.astype(kind))
    return float(x[np.isfinite(x)].max(initial=0))
