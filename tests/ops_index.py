"""Rows of the table: windows at computed places."""

from typing import Any

import numpy as np
from jax import lax
from op import Arg, Op

from pullback.primitives import dynamic, gather, scatter
from pullback.primitives.index import GatherDimensionNumbers, GatherScatterMode

DTYPES = ("float32", "bfloat16", "complex64", "int32", "uint8", "bool")
NUMBERS = ("float32", "bfloat16", "int32", "uint8")
WIDE = ("float64",)
COMBINING = tuple(f"scatter_{name}" for name in ("add", "sub", "mul", "min", "max"))
CLIP = GatherScatterMode.CLIP
DROP = GatherScatterMode.FILL_OR_DROP
PROMISE = GatherScatterMode.PROMISE_IN_BOUNDS

# Shapes of operand and indices, dimension numbers, window sizes.
N = GatherDimensionNumbers
FORMS = (
    ((5,), (3, 1), N((), (0,), (0,)), (1,)),
    ((5, 4), (3, 1), N((1,), (0,), (0,)), (1, 4)),
    ((5, 4), (2, 3, 1), N((0,), (1,), (1,)), (5, 1)),
    ((5, 4), (3, 2), N((), (0, 1), (1, 0)), (1, 1)),
    ((5, 4, 3), (3, 2), N((0,), (0, 2), (2, 0)), (1, 3, 1)),
    ((5, 4, 3), (3, 2), N((1, 2), (1,), (2, 1)), (5, 1, 2)),
    ((5, 4, 3), (3, 3), N((0, 1, 3), (), (0, 1, 2)), (2, 3, 2)),
    ((5, 4), (1,), N((0, 1), (), (0,)), (2, 3)),
    ((5, 4, 3), (5, 2, 1), N((2,), (1,), (1,), (0,), (0,)), (1, 1, 3)),
    ((5, 4, 3), (2, 3, 1), N((1,), (1,), (1,), (2,), (1,)), (3, 1, 1)),
    ((5, 4), (3, 0), N((1, 2), (), ()), (5, 4)),
    ((5, 4), (0, 1), N((1,), (0,), (0,)), (1, 4)),
)


def _jax_gather(n: Any) -> Any:
    return lax.GatherDimensionNumbers(
        n.offset_dims,
        n.collapsed_slice_dims,
        n.start_index_map,
        n.operand_batching_dims,
        n.start_indices_batching_dims,
    )


def _jax_scatter(n: Any) -> Any:
    return lax.ScatterDimensionNumbers(
        n.update_window_dims,
        n.inserted_window_dims,
        n.scatter_dims_to_operand_dims,
        n.operand_batching_dims,
        n.scatter_indices_batching_dims,
    )


def _indices(form: Any, mode: Any, unique: bool = False) -> np.ndarray:
    """Places of windows, out of bounds here and there unless the mode forbids it."""
    x, shape, n, sizes = form
    rng = np.random.default_rng(len(x))
    out = 0 if unique or mode is PROMISE else 2
    columns = [rng.integers(-out, x[d] - sizes[d] + 1 + out, shape[:-1]) for d in n.start_index_map]
    if unique:
        columns = [np.arange(c.size).reshape(c.shape) for c in columns]
    return np.stack(columns, -1).astype(np.int32) if columns else np.zeros(shape, np.int32)


def _gather(form: Any, mode: Any, dtypes: Any, fill: Any = 1, **flags: Any) -> Op:
    x, _, n, sizes = form
    jax_mode = lax.GatherScatterMode[mode.name]

    def f(x: Any, i: Any) -> Any:
        return gather.gather(x, i, n, sizes, mode=mode, fill_value=fill)

    def g(x: Any, i: Any) -> Any:
        return lax.gather(x, i, _jax_gather(n), sizes, mode=jax_mode, fill_value=fill)

    name = f"gather form {FORMS.index(form)} {mode.name} {fill} {dtypes[0]}"
    return Op(name, f, g, ((Arg(x), _indices(form, mode)),), dtypes, **flags)


def _update_shape(form: Any) -> tuple[int, ...]:
    _, shape, n, sizes = form
    gone = {*n.collapsed_slice_dims, *n.operand_batching_dims}
    inside = iter([s for d, s in enumerate(sizes) if d not in gone])
    batch = iter(shape[:-1])
    ndim = len(shape) - 1 + len(n.offset_dims)
    return tuple(next(inside) if d in n.offset_dims else next(batch) for d in range(ndim))


def _scatter(
    name: str, form: Any, mode: Any, dtypes: Any, unique: bool = False, **flags: Any
) -> Op:
    x, _, numbers, _ = form
    n = numbers.of_scatter()
    jax_mode = lax.GatherScatterMode[mode.name]

    def f(x: Any, i: Any, u: Any) -> Any:
        return getattr(scatter, name)(x, i, u, n, unique_indices=unique, mode=mode)

    def g(x: Any, i: Any, u: Any) -> Any:
        write = getattr(lax, name)
        return write(x, i, u, _jax_scatter(n), unique_indices=unique, mode=jax_mode)

    shown = f"{name} form {FORMS.index(form)} {mode.name} {dtypes[0]}"
    args = (Arg(x), _indices(form, mode, unique), Arg(_update_shape(form)))
    return Op(shown, f, g, (args,), dtypes, **flags)


def _dynamic_slice(shape: Any, sizes: Any, starts: Any) -> Op:
    def f(x: Any, *starts: Any) -> Any:
        return dynamic.dynamic_slice(x, starts, sizes)

    def g(x: Any, *starts: Any) -> Any:
        return lax.dynamic_slice(x, starts, sizes, allow_negative_indices=False)

    args = (Arg(shape), *(np.asarray(s, np.int32) for s in starts))
    return Op(f"dynamic_slice {shape} {sizes} {starts}", f, g, (args,), WIDE)


def _dynamic_update_slice(shape: Any, sizes: Any, starts: Any) -> Op:
    def f(x: Any, u: Any, *starts: Any) -> Any:
        return dynamic.dynamic_update_slice(x, u, starts)

    def g(x: Any, u: Any, *starts: Any) -> Any:
        return lax.dynamic_update_slice(x, u, starts, allow_negative_indices=False)

    args = (Arg(shape), Arg(sizes), *(np.asarray(s, np.int32) for s in starts))
    return Op(f"dynamic_update_slice {shape} {sizes} {starts}", f, g, (args,), WIDE)


SLICES = (
    ((), (), ()),
    ((5,), (2,), (1,)),
    ((5, 4), (2, 3), (9, -3)),
    ((5, 4), (5, 1), (1, 3)),
    ((3, 4, 2), (1, 0, 2), (2, 1, 0)),
)
ROWS = FORMS[1]


def _all_forms(name: str, mode: Any, **flags: Any) -> list[Op]:
    return [_scatter(name, form, mode, WIDE, **flags) for form in FORMS]


# The derivatives of scatter_min and scatter_max in mode CLIP are not JAX's, which gives windows
# that were moved inside none of the derivative.
INDEX = (
    *(_gather(form, mode, WIDE) for form in FORMS for mode in (CLIP, DROP)),
    *(_gather(form, PROMISE, WIDE) for form in FORMS[:3]),
    _gather(ROWS, DROP, DTYPES, None, derivative=False),
    *_all_forms("scatter", DROP),
    *_all_forms("scatter_add", DROP, tol=64),
    *_all_forms("scatter_max", DROP),
    *(_scatter("scatter_sub", form, CLIP, WIDE) for form in FORMS[4:7]),
    *(_scatter("scatter_mul", form, DROP, WIDE, derivative=False) for form in FORMS[4:7]),
    *(_scatter("scatter_min", form, DROP, WIDE) for form in FORMS[4:7]),
    *(_scatter(name, ROWS, CLIP, DTYPES, derivative=False) for name in ("scatter",)),
    *(_scatter(name, ROWS, CLIP, NUMBERS, tol=64, derivative=False) for name in COMBINING),
    *(_scatter(name, ROWS, PROMISE, WIDE, unique=True) for name in ("scatter", "scatter_mul")),
    *(_dynamic_slice(*s) for s in SLICES),
    *(_dynamic_update_slice(*s) for s in SLICES),
)
