"""Rows of the table: reductions over windows and the choices that differentiate them."""

from typing import Any

import jax
import numpy as np
from jax import lax
from op import WIDE, Arg, Op

from pullback.primitives import compare, window

OTHERS = ("int32", "uint8", "bfloat16", "float16")

# Shape, then window, strides, padding, base dilation, window dilation.
FORMS = (
    ((4, 6), (2, 3), (1, 1), ((0, 0), (0, 0)), (1, 1), (1, 1)),
    ((5, 7), (2, 3), (2, 2), ((1, 0), (1, 2)), (1, 1), (1, 1)),
    ((4, 5), (3, 1), (1, 2), ((1, 1), (0, 0)), (2, 1), (1, 1)),
    ((6, 7), (2, 2), (1, 2), ((0, 1), (2, 0)), (1, 2), (2, 3)),
    ((2, 5, 4), (1, 2, 2), (1, 2, 2), ((0, 0), (1, 0), (0, 0)), (1, 1, 1), (1, 1, 1)),
    ((40,), (20,), (3,), ((2, 5),), (1,), (1,)),
    ((6,), (2,), (1,), ((-1, -1),), (1,), (1,)),
    ((3,), (5,), (1,), ((0, 0),), (1,), (1,)),
)
IDENTITY = {"add": 0.0, "max": -np.inf, "min": np.inf}
NAMED = {"add": "sum", "max": "max", "min": "min"}


def _reduced(kind: str, form: Any, dtypes: Any) -> Op:
    shape, *params = form
    op = getattr(window, f"reduce_window_{NAMED[kind]}")

    def f(x: Any) -> Any:
        return op(x, window.Windows(*params))

    def g(x: Any) -> Any:
        identity = np.asarray(IDENTITY[kind])
        if np.dtype(x.dtype).kind in "iu" and kind != "add":
            info = np.iinfo(np.dtype(x.dtype))
            identity = np.asarray(info.min if kind == "max" else info.max)
        return lax.reduce_window(x, identity.astype(x.dtype), getattr(lax, kind), *params)

    # JAX has no gradient of a maximum over dilated windows, or with negative padding.
    smooth = kind == "add" or (params[-1] == (1,) * len(shape) and np.min(params[2]) >= 0)
    name = f"reduce_window_{NAMED[kind]} {form} {dtypes[0]}"
    return Op(name, f, g, ((Arg(shape),),), dtypes, tol=64, derivative=smooth)


def _choices(form: Any, kind: str) -> list[Op]:
    """Both choices of an operand whose elements all differ."""
    shape, *params = form
    own = getattr(compare, f"{kind}_p")
    windows = window.Windows(*params)
    order = np.random.default_rng(0).permutation(int(np.prod(shape))).reshape(shape)
    start = -np.inf if kind == "ge" else np.inf

    def pool(x: Any) -> Any:
        reducer = lax.max if kind == "ge" else lax.min
        return lax.reduce_window(x, np.asarray(start, x.dtype), reducer, *params)

    def gather(t: Any) -> Any:
        return window.select_and_gather_add(t, order.astype(t.dtype), own, windows)

    def gather_jax(t: Any) -> Any:
        return jax.jvp(pool, (order.astype(t.dtype),), (t,))[1]

    def scatter(s: Any) -> Any:
        return window.select_and_scatter_add(s, order.astype(s.dtype), own, *params[:3])

    def scatter_jax(s: Any) -> Any:
        return jax.vjp(pool, order.astype(s.dtype))[1](s)[0]

    shown = f"{kind} {form}"
    counts = Arg(windows.counts(shape))
    return [
        Op(f"select_and_gather_add {shown}", gather, gather_jax, ((Arg(shape),),), WIDE),
        Op(f"select_and_scatter_add {shown}", scatter, scatter_jax, ((counts,),), WIDE),
    ]


WINDOW = [
    *[_reduced(kind, form, WIDE) for kind in NAMED for form in FORMS],
    *[_reduced(kind, form, OTHERS) for kind in NAMED for form in FORMS[:2]],
    *[op for form in FORMS[:2] for kind in ("ge", "le") for op in _choices(form, kind)],
]
