"""Rows of the table: incomplete gamma and beta functions, zeta, polygamma, Bessel functions."""

from typing import Any

import numpy as np
from jax import lax
from op import FLOATS, INTS, Arg, Op

from pullback.primitives import incomplete, mulhi, special

INF, NAN = np.inf, np.nan


def _find(name: str) -> Any:
    return next(getattr(m, name) for m in (incomplete, special, mulhi) if hasattr(m, name))


def row(name: str, *args: tuple[Any, ...], dtypes: Any = FLOATS, **more: Any) -> Op:
    """A row of whole functions; their derivatives are compared with JAX's if `derivative`."""
    of = more.pop("of", "")
    return Op(f"{name}{of}", _find(name), getattr(lax, name), args, dtypes, **more)


def partial(name: str, constants: tuple[float, ...], *args: tuple[Any, ...], **more: Any) -> Op:
    """A row of a function of its last argument, the others constant."""

    def fixed(f: Any) -> Any:
        def g(x: Any) -> Any:
            return f(*[np.full(x.shape, c, x.dtype) for c in constants], x)

        return g

    return Op(
        f"{name} {constants}", fixed(_find(name)), fixed(getattr(lax, name)), args, FLOATS, **more
    )


def at(name: str, *columns: tuple[float, ...], **more: Any) -> Op:
    """A row at special values: one column an argument."""
    args = tuple(Arg((len(c),), values=c) for c in columns)
    return row(name, args, of=" at special values", derivative=False, **more)


def grid(*columns: tuple[float, ...]) -> list[tuple[float, ...]]:
    """All combinations, as columns."""
    return [tuple(c.reshape(-1).tolist()) for c in np.meshgrid(*columns)]


SHAPE = Arg((4, 5), 0.2, 6)
WIDE_SHAPE = Arg((30,), 0.1, 60)
# At a = 0 and at infinity JAX gives NaN or the limit, SciPy the limit.
FIRST = (-1.0, 0.5, 1.0, 3.0, NAN)
EDGES = (-1.0, 0.0, 0.5, 1.0, 3.0, INF, NAN)
UNIT = Arg((4, 5), 0.05, 0.95)

SPECIAL = [
    row("igamma", (SHAPE, SHAPE), (WIDE_SHAPE, WIDE_SHAPE), tol=256, smooth=False),
    row("igammac", (SHAPE, SHAPE), (WIDE_SHAPE, WIDE_SHAPE), tol=256, smooth=False),
    row("igamma_grad_a", (SHAPE, SHAPE), (WIDE_SHAPE, WIDE_SHAPE), tol=2048, derivative=False),
    row("random_gamma_grad", (SHAPE, SHAPE), (WIDE_SHAPE, WIDE_SHAPE), tol=512, derivative=False),
    partial("igamma", (2.5,), (SHAPE,), tol=256),
    partial("igammac", (2.5,), (SHAPE,), tol=256),
    row("betainc", (SHAPE, SHAPE, UNIT), tol=512, derivative=False),
    partial("betainc", (2.5, 1.5), (UNIT,), tol=512),
    row("zeta", (Arg((4, 5), 1.2, 6), SHAPE), tol=256, derivative=False),
    row(
        "polygamma",
        (Arg((4,), values=(0, 1, 2, 5)), Arg((4,), 0.3, 6)),
        tol=512,
        derivative=False,
    ),
    row("bessel_i0e", (Arg((4, 5), -20, 20),), (Arg(),), tol=32),
    row("bessel_i1e", (Arg((4, 5), -20, 20),), (Arg(),), tol=64),
    row("mulhi", (Arg((20,), -1e9, 1e9), Arg((20,), -2e9, 2e9)), dtypes=("int32", "int64")),
    row(
        "mulhi",
        (Arg((20,), -1e2, 1e2), Arg((20,), -1e2, 1e2)),
        dtypes=INTS,
        derivative=False,
        of=" small",
    ),
    row(
        "mulhi",
        (Arg((20,), -9e18, 9e18), Arg((20,), -9e18, 9e18)),
        dtypes=("int64", "uint64"),
        derivative=False,
        of=" large",
    ),
    at("igamma", *grid(FIRST, EDGES), tol=256),
    at("igammac", *grid(FIRST, EDGES), tol=256),
    at("betainc", *grid(EDGES[:-1], (0.0, 0.5, 2.0, INF), (-0.5, 0.0, 0.5, 1.0, 2.0)), tol=512),
    at("bessel_i0e", (0.0, -0.0, INF, -INF, NAN, 1e-30, 300.0), tol=64),
    at("bessel_i1e", (0.0, -0.0, INF, -INF, NAN, 1e-30, 300.0), tol=64),
    at("zeta", *grid((0.5, 1.0, 2.0, 3.0, INF), (-1.0, 0.0, 0.5, 2.0)), tol=256),
    at("polygamma", *grid((0.0, 1.0, 2.0, 0.5, -1.0), (0.0, 0.5, 2.0, 30.0)), tol=512),
]
