"""The operations that everything is made of, under the names of `jax.lax`."""

# The public names as a table, packed.
# isort: off
# fmt: off
from ..control.barrier import optimization_barrier, optimization_barrier_p
from ..control.axis import (
    all_gather_p, axis_index, axis_index_p, axis_size, pmax_p, pmin_p, psum_p,
)
from ..control.collective import pmax, pmean, pmin, psum
from ..control.constraint import sharding_constraint_p
from ..control.cond import cond, cond_p, switch
from ..control.exchange import (
    all_gather, all_to_all, pbroadcast, pcast, ppermute, pshuffle, psum_scatter, pswapaxes,
)
from ..control.messages import all_to_all_p, ppermute_p
from ..control.linear_solve import linear_solve_p
from ..control.loop import fori_loop, map, scan, while_loop
from ..control.reduce import reduce_p, reduce_window_p
from ..control.scan import scan_p
from ..control.solvers import custom_linear_solve, custom_root
from ..control.while_loop import while_p
from ..primitives.arithmetic import add_p, div_p, mul_p, neg_p, rem_p, sub_p
from ..primitives.bitwise import (
    and_p, clz_p, not_p, or_p, population_count_p, shift_left_p, shift_right_arithmetic_p,
    shift_right_logical_p, xor_p,
)
from ..primitives.compare import eq_p, eq_to_p, ge_p, gt_p, le_p, le_to_p, lt_p, lt_to_p, ne_p
from ..primitives.complex import complex_p, conj_p, imag_p, real_p
from ..primitives.contract import dot_general_p
from ..primitives.conv import ConvDimensionNumbers, conv_general_dilated_p
from ..primitives.convert import bitcast_convert_type_p, convert_element_type_p, reduce_precision_p
from ..primitives.cumulative import cumlogsumexp_p, cummax_p, cummin_p, cumprod_p, cumsum_p
from ..primitives.device_put import device_put_p
from ..primitives.dynamic import dynamic_slice_p, dynamic_update_slice_p
from ..primitives.exponential import exp2_p, exp_p, expm1_p, log1p_p, log_p, logistic_p
from ..primitives.fft import fft_p
from ..primitives.gather import gather_p
from ..primitives.incomplete import (
    igamma_grad_a_p, igamma_p, igammac_p, regularized_incomplete_beta_p,
)
from ..primitives.generator import RandomAlgorithm, rng_bit_generator_p, rng_uniform_p
from ..primitives.index import GatherDimensionNumbers, GatherScatterMode, ScatterDimensionNumbers
from ..primitives.magnitude import abs_p, max_p, min_p, sign_p
from ..primitives.mulhi import mulhi_p
from ..primitives.pieces import concatenate_p, pad_p, rev_p, slice_p, split_p
from ..primitives.power import cbrt_p, integer_pow_p, pow_p, rsqrt_p, sqrt_p, square_p
from ..primitives.precision import Precision
from ..primitives.reduce import (
    argmax_p, argmin_p, reduce_and_p, reduce_max_p, reduce_min_p, reduce_or_p, reduce_prod_p,
    reduce_xor_p,
)
from ..primitives.rounding import ceil_p, floor_p, is_finite_p, nextafter_p, round_p
from ..primitives.scatter import (
    scatter_add_p, scatter_max_p, scatter_min_p, scatter_mul_p, scatter_p, scatter_sub_p,
)
from ..primitives.select import clamp_p, select_n_p
from ..primitives.shape import (
    broadcast_in_dim_p, copy_p, iota_p, reduce_sum_p, reshape_p, squeeze_p, transpose_p,
)
from ..primitives.sort import sort_p, top_k_p
from ..primitives.special import (
    bessel_i0e_p, bessel_i1e_p, digamma_p, erf_inv_p, erf_p, erfc_p, lgamma_p, polygamma_p,
    zeta_p,
)
from ..primitives.trigonometric import (
    acos_p, acosh_p, asin_p, asinh_p, atan2_p, atan_p, atanh_p, cos_p, cosh_p, sin_p, sinh_p,
    tan_p, tanh_p,
)
from ..primitives.window import (
    reduce_window_max_p, reduce_window_min_p, reduce_window_sum_p, select_and_gather_add_p,
    select_and_scatter_add_p,
)
from ..transforms.stop import stop_gradient, stop_gradient_p
from . import linalg
from .algorithms import (
    AccuracyMode, DotAlgorithm, DotAlgorithmPreset, DotDimensionNumbers, PrecisionLike,
    Tolerance,
)
from .associative import associative_scan
from .choices import approx_max_k, approx_min_k, composite, dtype, platform_dependent, stage
from ..sharding import with_sharding_constraint
from .convolution import (
    ConvGeneralDilatedDimensionNumbers, conv, conv_dimension_numbers, conv_general_dilated,
    conv_general_dilated_local, conv_general_dilated_patches, conv_general_permutations,
    conv_general_shape_tuple, conv_shape_tuple, conv_transpose, conv_transpose_shape_tuple,
    conv_with_general_padding, padtype_to_pads,
)
from .elementwise import (
    RoundingMethod, abs, acos, acosh, add, asin, asinh, atan, atan2, atanh,
    bitcast_convert_type, bitwise_and, bitwise_not, bitwise_or, bitwise_xor, cbrt, ceil, clamp,
    clz, complex, conj, convert_element_type, cos, cosh, digamma, div, eq, erf, erf_inv, erfc,
    exp, exp2, expm1, floor, ge, gt, imag, integer_pow, is_finite, le, lgamma, log, log1p,
    logistic, lt, max, min, mul, ne, neg, nextafter, population_count, pow, real, reciprocal,
    reduce_precision, rem, round, rsqrt, select, select_n, shift_left, shift_right_arithmetic,
    shift_right_logical, sign, sin, sinh, sqrt, square, sub, tan, tanh,
)
from .fourier import FftType, fft
from .generators import rng_bit_generator, rng_uniform
from .indexing import (
    dynamic_index_in_dim, dynamic_slice, dynamic_slice_in_dim, dynamic_update_index_in_dim,
    dynamic_update_slice, dynamic_update_slice_in_dim, gather, scatter, scatter_add,
    scatter_max, scatter_min, scatter_mul, scatter_sub,
)
from .ordering import sort, sort_key_val, top_k
from .ragged import RaggedDotDimensionNumbers, ragged_dot, ragged_dot_general
from .reductions import (
    argmax, argmin, batch_matmul, cumlogsumexp, cummax, cummin, cumprod, cumsum, dot,
    dot_general, reduce_and, reduce_max, reduce_min, reduce_or, reduce_prod, reduce_sum,
    reduce_xor,
)
from .scattering import index_take, scatter_apply
from .special import (
    bessel_i0e, bessel_i1e, betainc, igamma, igamma_grad_a, igammac, mulhi, polygamma,
    random_gamma_grad, zeta,
)
from .structure import (
    broadcast, broadcast_in_dim, broadcast_like, broadcast_shapes, broadcast_to_rank,
    broadcasted_iota, collapse, concatenate, empty, expand_dims, full, full_like, index_in_dim,
    iota, pad, reshape, rev, shape_as_value, slice, slice_in_dim, split, squeeze, stack, tile,
    transpose, unstack,
)
from .windowed import reduce, reduce_window, reduce_window_shape_tuple

__all__ = [
    "AccuracyMode", "ConvDimensionNumbers", "ConvGeneralDilatedDimensionNumbers",
    "DotAlgorithm", "DotAlgorithmPreset", "DotDimensionNumbers", "FftType",
    "GatherDimensionNumbers", "GatherScatterMode", "Precision", "PrecisionLike",
    "RaggedDotDimensionNumbers", "RandomAlgorithm", "RoundingMethod",
    "ScatterDimensionNumbers", "Tolerance", "abs", "abs_p", "acos", "acos_p", "acosh",
    "acosh_p", "add", "add_p", "all_gather",
    "all_gather_p", "all_to_all", "all_to_all_p", "and_p", "approx_max_k", "approx_min_k",
    "argmax", "argmax_p",
    "argmin", "argmin_p", "asin", "asin_p", "asinh", "asinh_p", "associative_scan", "atan",
    "atan2", "atan2_p", "atan_p", "atanh", "atanh_p", "axis_index", "axis_index_p", "axis_size",
    "batch_matmul", "bessel_i0e", "bessel_i0e_p", "bessel_i1e", "bessel_i1e_p", "betainc",
    "bitcast_convert_type", "bitcast_convert_type_p", "bitwise_and", "bitwise_not",
    "bitwise_or", "bitwise_xor", "broadcast", "broadcast_in_dim", "broadcast_in_dim_p",
    "broadcast_like", "broadcast_shapes", "broadcast_to_rank", "broadcasted_iota", "cbrt",
    "cbrt_p", "ceil", "ceil_p", "clamp", "clamp_p", "clz", "clz_p", "collapse", "complex",
    "complex_p", "composite", "concatenate", "concatenate_p", "cond", "cond_p", "conj",
    "conj_p", "conv", "conv_dimension_numbers", "conv_general_dilated",
    "conv_general_dilated_local", "conv_general_dilated_p", "conv_general_dilated_patches",
    "conv_general_permutations", "conv_general_shape_tuple", "conv_shape_tuple",
    "conv_transpose", "conv_transpose_shape_tuple", "conv_with_general_padding",
    "convert_element_type", "convert_element_type_p", "copy_p", "cos", "cos_p", "cosh",
    "cosh_p", "cumlogsumexp", "cumlogsumexp_p", "cummax", "cummax_p", "cummin", "cummin_p",
    "cumprod", "cumprod_p", "cumsum", "cumsum_p", "custom_linear_solve", "custom_root",
    "device_put_p", "digamma", "digamma_p", "div", "div_p", "dot", "dot_general", "dot_general_p",
    "dtype", "dynamic_index_in_dim", "dynamic_slice", "dynamic_slice_in_dim", "dynamic_slice_p",
    "dynamic_update_index_in_dim", "dynamic_update_slice", "dynamic_update_slice_in_dim",
    "dynamic_update_slice_p", "empty", "eq", "eq_p", "eq_to_p", "erf", "erf_inv", "erf_inv_p",
    "erf_p", "erfc", "erfc_p", "exp", "exp2", "exp2_p", "exp_p", "expand_dims", "expm1",
    "expm1_p", "fft", "fft_p", "floor", "floor_p", "fori_loop", "full", "full_like", "gather",
    "gather_p", "ge", "ge_p", "gt", "gt_p", "igamma", "igamma_grad_a", "igamma_grad_a_p",
    "igamma_p", "igammac", "igammac_p", "imag", "imag_p", "index_in_dim", "index_take",
    "integer_pow", "integer_pow_p", "iota", "iota_p", "is_finite", "is_finite_p", "le", "le_p",
    "le_to_p", "lgamma", "lgamma_p", "linalg", "linear_solve_p", "log", "log1p", "log1p_p",
    "log_p", "logistic", "logistic_p", "lt", "lt_p", "lt_to_p", "map", "max", "max_p", "min",
    "min_p", "mul", "mul_p", "mulhi", "mulhi_p", "ne", "ne_p", "neg", "neg_p", "nextafter",
    "nextafter_p", "not_p", "optimization_barrier", "optimization_barrier_p", "or_p", "pad",
    "pad_p", "padtype_to_pads", "pbroadcast", "pcast", "platform_dependent", "pmax", "pmax_p",
    "pmean", "pmin",
    "pmin_p", "polygamma", "polygamma_p", "population_count", "population_count_p", "pow",
    "pow_p", "ppermute", "ppermute_p", "pshuffle", "psum", "psum_p", "psum_scatter",
    "pswapaxes", "ragged_dot",
    "ragged_dot_general", "random_gamma_grad", "real", "real_p", "reciprocal", "reduce",
    "reduce_and", "reduce_and_p", "reduce_max", "reduce_max_p", "reduce_min", "reduce_min_p",
    "reduce_or", "reduce_or_p", "reduce_p", "reduce_precision", "reduce_precision_p",
    "reduce_prod", "reduce_prod_p", "reduce_sum", "reduce_sum_p", "reduce_window",
    "reduce_window_max_p", "reduce_window_min_p", "reduce_window_p",
    "reduce_window_shape_tuple", "reduce_window_sum_p", "reduce_xor", "reduce_xor_p",
    "regularized_incomplete_beta_p", "rem", "rem_p", "reshape", "reshape_p", "rev", "rev_p",
    "rng_bit_generator", "rng_bit_generator_p", "rng_uniform", "rng_uniform_p", "round",
    "round_p", "rsqrt", "rsqrt_p", "scan", "scan_p", "scatter", "scatter_add",
    "scatter_add_p", "scatter_apply", "scatter_max", "scatter_max_p", "scatter_min",
    "scatter_min_p", "scatter_mul", "scatter_mul_p", "scatter_p", "scatter_sub",
    "scatter_sub_p", "select", "select_and_gather_add_p", "select_and_scatter_add_p",
    "select_n", "select_n_p", "shape_as_value", "sharding_constraint_p", "shift_left",
    "shift_left_p",
    "shift_right_arithmetic", "shift_right_arithmetic_p", "shift_right_logical",
    "shift_right_logical_p", "sign", "sign_p", "sin", "sin_p", "sinh", "sinh_p", "slice",
    "slice_in_dim", "slice_p", "sort", "sort_key_val", "sort_p", "split", "split_p", "sqrt",
    "sqrt_p", "square", "square_p", "squeeze", "squeeze_p", "stack", "stage", "stop_gradient",
    "stop_gradient_p", "sub", "sub_p", "switch", "tan", "tan_p", "tanh", "tanh_p", "tile",
    "top_k", "top_k_p", "transpose", "transpose_p", "unstack", "while_loop", "while_p",
    "with_sharding_constraint", "xor_p", "zeta", "zeta_p",
]
