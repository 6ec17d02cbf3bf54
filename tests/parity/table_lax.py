"""The rows of `lax` and `lax.linalg`, and what no row draws."""

from typing import Any

import numpy as np
from draws import (
    Draw,
    array,
    axis,
    choice,
    count,
    dtype,
    dtype_of,
    like,
    number,
    values,
)
from engine import Row, Table
from rows_numpy_algebra import Drawn, by_products, hermitian, well

ANY = array("biuffc")


def _compared(d: Draw) -> Drawn:
    """Two operands of one dtype; now and then of two, or of two shapes."""
    x = array("biuffc", scalar=0.1)(d)
    if not isinstance(x, np.ndarray):
        return (x, array("iff")(d)), {}
    other = values(d, x.shape, dtype_of(d, "iffc") if d.chance(0.08) else x.dtype, d.special)
    if d.chance(0.2):
        return (x, d.pick([2, 1.5, 0])), {}
    return (x, other if d.chance(0.95) else other[None]), {}


def _three(d: Draw) -> Drawn:
    x = array("iuff", scalar=0)(d)
    low, high = (values(d, d.pick([(), d.shape]), x.dtype, False) for _ in range(2))
    return (low, x, high), {}


def _selected(d: Draw) -> Drawn:
    x = array("biuffc", scalar=0)(d)
    which = d.rng.random(d.pick([d.shape, ()])) < 0.5
    return (np.asarray(which), x, values(d, d.shape, x.dtype, d.special)), {}


def _selected_n(d: Draw) -> Drawn:
    x = array("biuffc", scalar=0)(d)
    n = d.integer(2, 4)
    which = np.asarray(d.rng.integers(0, n, d.shape), "int32")
    return (which, x, *(values(d, d.shape, x.dtype, False) for _ in range(n - 1))), {}


def _bits(d: Draw) -> Drawn:
    x = array("iuff", scalar=0, ranks=(1, 3))(d)
    return (x, dtype_of(d, "iuff")), {}


def _precision(d: Draw) -> Drawn:
    return (array("ff", scalar=0)(d), d.integer(2, 9), d.integer(1, 12)), {}


def _reshaped(d: Draw) -> Drawn:
    x = array("iff", scalar=0)(d)
    sizes = d.pick([d.shape[::-1], (x.size,), (*d.shape, 1), (1, *d.shape), (7,)])
    kwargs = {"dimensions": tuple(d.rng.permutation(d.ndim).tolist())} if d.chance(0.3) else {}
    return (x, sizes), kwargs


def _broadcast_in(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(0, 3))(d)
    shape = (2, *(3 if n == 1 else n for n in d.shape), 4)
    places = tuple(range(1, d.ndim + 1))
    return (x, shape, places if d.chance(0.9) else places[::-1]), {}


def _sliced(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(1, 4))(d)
    low = tuple(d.integer(0, n + 1) for n in d.shape)
    high = tuple(d.integer(a, n + 1) for a, n in zip(low, d.shape, strict=True))
    if d.chance(0.06):
        high = tuple(n + 1 for n in d.shape)
    steps = tuple(d.integer(1, 3) for _ in d.shape)
    return (x, low, high, steps) if d.chance(0.6) else (x, low, high), {}


def _sliced_in(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(1, 4))(d)
    return (x, d.integer(-3, 3), d.pick([None, 1, 2, 3])), {
        "stride": d.integer(1, 3),
        "axis": axis(d),
    }


def _indexed_in(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(1, 4), empty=False)(d)
    by = d.integer(0, d.ndim)
    n = d.shape[by]
    return (x, d.integer(-n, n)), {"axis": by, "keepdims": d.chance(0.5)}


def _starts(d: Draw) -> list[Any]:
    return [d.pick([0, 1, -1, 9, np.int32(1)]) for _ in d.shape]


def _dynamic(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(1, 3))(d)
    return (x, _starts(d), tuple(d.integer(0, n + 1) for n in d.shape)), {}


def _updated(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(1, 3))(d)
    sizes = tuple(d.integer(0, n + 1) for n in d.shape)
    return (x, values(d, sizes, x.dtype, False), _starts(d)), {}


def _dynamic_in(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(1, 3))(d)
    by = d.integer(0, d.ndim)
    return (x, d.pick([0, 1, -1, 9]), d.integer(0, d.shape[by] + 1)), {"axis": by}


def _dynamic_index(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(1, 3), empty=False)(d)
    return (x, d.pick([0, 1, -1, 9])), {"axis": d.integer(0, d.ndim), "keepdims": d.chance(0.5)}


def _updated_in(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(1, 3), empty=False)(d)
    by = d.integer(0, d.ndim)
    shape = tuple(1 if k == by else n for k, n in enumerate(d.shape))
    return (x, values(d, shape, x.dtype, False), d.pick([0, 1, -1, 9]), by), {}


def _padded(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(0, 3))(d)
    config = [(d.integer(-1, 3), d.integer(-1, 3), d.integer(0, 2)) for _ in d.shape]
    return (x, np.asarray(2, x.dtype), config), {}


def _joined(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(1, 3))(d)
    others = [values(d, d.shape, x.dtype, False) for _ in range(d.integer(0, 3))]
    return ([x, *others], d.integer(0, d.ndim + (1 if d.chance(0.1) else 0))), {}


def _stacked(d: Draw) -> Drawn:
    (arrays, _), _ = _joined(d)
    return (arrays,), {"axis": axis(d)} if d.chance(0.5) else {}


def _split(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(1, 3), empty=False)(d)
    by = d.integer(0, d.ndim)
    first = d.integer(0, d.shape[by] + 1)
    return (x, (first, d.shape[by] - first)), {"axis": by}


def _permuted(d: Draw) -> Drawn:
    x = array("iff", scalar=0)(d)
    return (x, tuple(d.rng.permutation(d.ndim).tolist()) if d.chance(0.95) else (0, 0)), {}


def _reversed(d: Draw) -> Drawn:
    x = array("iff", scalar=0)(d)
    return (x, tuple(k for k in range(d.ndim) if d.chance(0.5))), {}


def _squeezed(d: Draw) -> Drawn:
    x = array("iff", scalar=0)(d)
    return (x, tuple(k for k, n in enumerate(d.shape) if n == 1 or d.chance(0.05))), {}


def _expanded(d: Draw) -> Drawn:
    x = array("iff", scalar=0)(d)
    return (x, d.pick([(0,), (-1,), (0, -1), (1,), (0, 0)])), {}


def _some_axes(d: Draw) -> tuple[int, ...]:
    return tuple(k for k in range(d.ndim) if d.chance(0.5))


def _reduced(kinds: str, special: bool = False) -> Any:
    def call(d: Draw) -> Drawn:
        x = array(kinds, scalar=0, special=special)(d)
        return (x, _some_axes(d)), {}

    return call


def _argument(d: Draw) -> Drawn:
    x = array("biuff", scalar=0, ranks=(1, 3))(d)
    return (
        x,
        d.integer(0, d.ndim),
        d.pick([np.int32, np.dtype("int64" if d.x64 else "int32")]),
    ), {}


def _running(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(1, 3), special=False)(d)
    return (x, d.integer(0, d.ndim)), {"reverse": d.chance(0.5)} if d.chance(0.6) else {}


def _sorted(d: Draw) -> Drawn:
    x = array("iuff", scalar=0, ranks=(1, 3))(d)
    if d.chance(0.3):
        y = values(d, d.shape, dtype_of(d, "if"), False)
        return ((x, y),), {"dimension": d.integer(0, d.ndim), "num_keys": d.integer(1, 3)}
    return (x,), {"dimension": axis(d), "is_stable": d.chance(0.5)}


def _sorted_pairs(d: Draw) -> Drawn:
    x = array("iuff", scalar=0, ranks=(1, 3))(d)
    return (x, values(d, d.shape, dtype_of(d, "if"), False)), {"dimension": axis(d)}


def _top(d: Draw) -> Drawn:
    x = array("iuff", scalar=0, ranks=(1, 3))(d)
    return (x, d.integer(0, d.shape[-1] + 1)), {}


def _product(d: Draw) -> Drawn:
    kinds = "iuffc"
    x = values(d, d.pick([(2, 3), (3,), (4, 2, 3)]), dtype_of(d, kinds), False)
    d.first = x
    y = values(d, d.pick([(3, 4), (3,)]), x.dtype, False)
    wanted = {"preferred_element_type": d.pick([None, "float32"])} if d.chance(0.3) else {}
    if x.ndim == 3:
        return (x, y, (((2,), (0,)), ((), ()))), wanted
    return (x, y, (((x.ndim - 1,), (0,)), ((), ()))), wanted


def _plain_product(d: Draw) -> Drawn:
    (x, y, _), wanted = _product(d)
    return (x.reshape(-1, 3)[:2] if x.ndim == 3 else x, y), wanted


def _batch_product(d: Draw) -> Drawn:
    x, y = (values(d, s, np.dtype("float32"), False) for s in ((2, 3, 4), (2, 4, 2)))
    return (x, y), {}


def _convolution(d: Draw) -> Drawn:
    x = values(d, (2, 3, 6, 5), dtype_of(d, "ff"), False)
    d.first = x
    kernel = values(d, (4, 3, 2, 3), x.dtype, False)
    kwargs: dict[str, Any] = {
        "window_strides": d.pick([(1, 1), (2, 1)]),
        "padding": d.pick(["SAME", "VALID", ((1, 0), (0, 2))]),
    }
    if d.chance(0.4):
        kwargs["rhs_dilation"] = (2, 1)
    if d.chance(0.3):
        kwargs["lhs_dilation"] = (1, 2)
        kwargs["padding"] = ((1, 0), (0, 2))
    return (x, kernel), kwargs


def _plain_convolution(d: Draw) -> Drawn:
    (x, kernel), kwargs = _convolution(d)
    padding = kwargs["padding"]
    return (
        x,
        kernel,
        kwargs["window_strides"],
        padding if isinstance(padding, str) else "SAME",
    ), {}


def _transposed_convolution(d: Draw) -> Drawn:
    x = values(d, (2, 5, 4, 3), dtype_of(d, "ff"), False)
    d.first = x
    kernel = values(d, (3, 2, 3, 4), x.dtype, False)
    return (x, kernel, d.pick([(1, 1), (2, 2), (2, 1)]), d.pick(["SAME", "VALID"])), {}


def _transform(d: Draw) -> Drawn:
    x = values(d, d.pick([(6,), (2, 5)]), dtype_of(d, "fc"), False)
    x = x.astype("complex64") if x.dtype.kind != "c" else x
    return (x, d.pick(["FFT", "IFFT", "fft"]), (x.shape[-1],)), {}


def _generic(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(1, 3), special=False)(d)
    return (x, np.asarray(0, x.dtype), lambda a, b: a + b, _some_axes(d)), {}


def _windowed(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(1, 2), special=False, empty=False)(d)
    window = tuple(d.integer(1, min(n, 3) + 1) for n in d.shape)
    strides = tuple(d.integer(1, 3) for _ in d.shape)
    return (
        x,
        np.asarray(0, x.dtype),
        lambda a, b: a + b,
        window,
        strides,
        d.pick(["SAME", "VALID"]),
    ), {}


def _taken(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(1, 2), empty=False)(d)
    return (x, (d.rng.integers(0, d.shape[0], 3).astype("int32"),), (0,)), {}


def _collapsed(d: Draw) -> Drawn:
    x = array("iff", scalar=0, ranks=(1, 4))(d)
    low = d.integer(0, d.ndim)
    return (x, low, d.integer(low, d.ndim) + 1), {}


def _shifted(d: Draw) -> Drawn:
    x = array("iu", scalar=0)(d)
    return (x, values(d, d.shape, x.dtype, False) if d.chance(0.8) else 2), {}


LAX = (
    Row(
        "abs acos acosh asin asinh atan atanh bitwise_not cbrt ceil clz conj cos cosh digamma erf"
        " erf_inv erfc exp exp2 expm1 floor imag is_finite lgamma log log1p logistic neg"
        " population_count real reciprocal rsqrt sign sin sinh sqrt square tan tanh"
        " stop_gradient",
        (ANY,),
        tol=20,
    ),
    Row("bessel_i0e bessel_i1e", (array("ff"),), tol=20),
    Row("round", (array("ff"), choice(0, 1))),
    Row(
        "add sub mul div rem max min eq ne lt le gt ge atan2 nextafter pow bitwise_and bitwise_or"
        " bitwise_xor complex",
        call=_compared,
        tol=10,
    ),
    Row("shift_left shift_right_arithmetic shift_right_logical", call=_shifted),
    Row("mulhi", (array("iu", scalar=0), like())),
    Row("integer_pow", (array("iuffc", special=False), count(-3, 5)), tol=10),
    Row("clamp", call=_three),
    Row("select", call=_selected),
    Row("select_n", call=_selected_n),
    Row("convert_element_type", (ANY, dtype())),
    Row("bitcast_convert_type", call=_bits),
    Row("reduce_precision", call=_precision),
    Row("reshape", call=_reshaped),
    Row("broadcast", (ANY, choice((), (2,), (0, 3)))),
    Row("broadcast_in_dim", call=_broadcast_in),
    Row("broadcast_to_rank", (array("iff", scalar=0), count(0, 5))),
    Row("broadcast_shapes", (choice((2, 3), (1, 3)), choice((2, 3), (2, 1), (3, 3))), checks=""),
    Row("collapse", call=_collapsed),
    Row("slice", call=_sliced),
    Row("slice_in_dim", call=_sliced_in),
    Row("index_in_dim", call=_indexed_in),
    Row("dynamic_slice", call=_dynamic),
    Row("dynamic_slice_in_dim", call=_dynamic_in),
    Row("dynamic_index_in_dim", call=_dynamic_index),
    Row("dynamic_update_slice", call=_updated),
    Row("dynamic_update_slice_in_dim dynamic_update_index_in_dim", call=_updated_in),
    Row("pad", call=_padded),
    Row("concatenate", call=_joined),
    Row("stack", call=_stacked),
    Row("unstack", (array("iff", scalar=0),), {"axis": axis}),
    Row("split", call=_split),
    Row("tile", (array("iff", scalar=0, ranks=(1, 2)), choice((2,), (1, 2), (2, 2)))),
    Row("transpose", call=_permuted),
    Row("rev", call=_reversed),
    Row("squeeze", call=_squeezed),
    Row("expand_dims", call=_expanded),
    Row("full", (choice((), (2, 3), (0,)), number()), {"dtype": dtype()}),
    Row("full_like", (ANY, number()), {"dtype": dtype("iff")}),
    Row("empty", (choice((), (2, 3), (0,)), dtype())),
    Row("iota", (dtype("iuf"), count(0, 5)), checks="jit"),
    Row("broadcasted_iota", (dtype("iuf"), choice((2, 3), (4,)), choice(0, 1)), checks="jit"),
    Row("reduce_sum reduce_prod", call=_reduced("iuffc"), tol=10),
    Row("reduce_max reduce_min", call=_reduced("biuff", True)),
    Row("reduce_and reduce_or reduce_xor", call=_reduced("biu")),
    Row("argmax argmin", call=_argument),
    Row("cumsum cumprod cummax cummin", call=_running, tol=10),
    Row("cumlogsumexp", call=_running, tol=20),
    Row("sort", call=_sorted),
    Row("sort_key_val", call=_sorted_pairs),
    Row("top_k", call=_top),
    Row(
        "approx_max_k approx_min_k",
        (array("f", scalar=0, ranks=(1, 2), special=False, empty=False), choice(1, 2)),
    ),
    Row("dot_general", call=_product, tol=10),
    Row("dot", call=_plain_product, tol=10),
    Row("batch_matmul", call=_batch_product, tol=10),
    Row("conv_general_dilated", call=_convolution, tol=20),
    Row("conv", call=_plain_convolution, tol=20),
    Row("conv_transpose", call=_transposed_convolution, tol=20),
    Row("fft", call=_transform, tol=20),
    Row("reduce", call=_generic, tol=10),
    Row("reduce_window", call=_windowed, tol=10),
    Row("index_take", call=_taken),
    Row("dtype", (ANY,), checks=""),
)
OWN = "has tests of its own"
ALONE = (
    "all_gather all_to_all axis_index axis_size pbroadcast pcast pmax pmean pmin ppermute pshuffle"
    " psum psum_scatter pswapaxes cond switch scan while_loop fori_loop map associative_scan"
    " custom_linear_solve custom_root composite stage platform_dependent optimization_barrier"
    " reduce_window_shape_tuple conv_dimension_numbers conv_general_permutations"
    " conv_general_shape_tuple conv_shape_tuple conv_transpose_shape_tuple padtype_to_pads"
    " conv_general_dilated_local conv_general_dilated_patches conv_with_general_padding"
    " gather scatter scatter_add scatter_apply scatter_max scatter_min scatter_mul scatter_sub"
    " ragged_dot ragged_dot_general rng_bit_generator rng_uniform shape_as_value broadcast_like"
    " betainc igamma igamma_grad_a igammac polygamma random_gamma_grad zeta"
)


def _one(d: Draw) -> Drawn:
    return (well(d),), {}


def _positive(d: Draw) -> Drawn:
    return (hermitian(d),), {"symmetrize_input": d.chance(0.5)} if d.chance(0.4) else {}


def _triangular(d: Draw) -> Drawn:
    a = well(d)
    n = a.shape[-1]
    left = d.chance(0.5)
    b = values(d, (*a.shape[:-2], *((n, 2) if left else (2, n))), a.dtype, False)
    kwargs = {k: d.chance(0.5) for k in ("lower", "transpose_a", "conjugate_a", "unit_diagonal")}
    return (a, b), {"left_side": left} | kwargs


def _tridiagonal(d: Draw) -> Drawn:
    low, middle, high = (values(d, (4,), np.dtype("float32"), False) for _ in range(3))
    low[0] = high[-1] = 0
    b = values(d, (4, 2), np.dtype("float32"), False)
    return (low, middle + np.float32(9), high, b), {}


def _product_with_itself(d: Draw) -> Drawn:
    a, c = (values(d, s, np.dtype("float32"), False) for s in ((3, 2), (3, 3)))
    return (a, c + c.T), {"alpha": 0.5} if d.chance(0.5) else {}


LINALG = (
    Row("cholesky", call=_positive, tol=30),
    Row("eigh", call=_positive, tol=60, view=by_products, checks="jit vmap"),
    Row("lu", call=_one, tol=30, checks="jit vmap"),
    Row("qr svd", call=_one, tol=60, view=by_products, checks="jit vmap"),
    Row("qdwh hessenberg", call=_one, tol=300, view=by_products, checks="jit", values=False),
    Row("triangular_solve", call=_triangular, tol=200),
    Row("tridiagonal_solve", call=_tridiagonal, tol=30),
    Row("symmetric_product", call=_product_with_itself, tol=30),
)
TAKES = "takes what another function gave"
TABLES = (
    Table(
        "lax",
        LAX,
        {
            **dict.fromkeys(ALONE.split(), OWN),
            **dict.fromkeys(
                "ConvGeneralDilatedDimensionNumbers DotDimensionNumbers PrecisionLike".split(),
                "is a type",
            ),
            **dict.fromkeys(
                "after_all create_token dce_sink precv psend ragged_all_to_all scaled_dot"
                " with_sharding_constraint".split(),
                "is not there",
            ),
        },
    ),
    Table(
        "lax.linalg",
        LINALG,
        {
            **dict.fromkeys("householder_product ormqr lu_pivots_to_permutation".split(), TAKES),
            **dict.fromkeys("cholesky_update tridiagonal eig schur".split(), OWN),
        },
    ),
)
