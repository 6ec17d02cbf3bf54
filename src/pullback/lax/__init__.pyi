"""The operations that everything is made of, under the names of `jax.lax`."""

# Written by tools/stubs.py.

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..control.axis import all_gather_p as all_gather_p
from ..control.axis import axis_index_p as axis_index_p
from ..control.axis import pmax_p as pmax_p
from ..control.axis import pmin_p as pmin_p
from ..control.axis import psum_p as psum_p
from ..control.barrier import optimization_barrier_p as optimization_barrier_p
from ..control.cond import cond_p as cond_p
from ..control.constraint import sharding_constraint_p as sharding_constraint_p
from ..control.linear_solve import linear_solve_p as linear_solve_p
from ..control.messages import all_to_all_p as all_to_all_p
from ..control.messages import ppermute_p as ppermute_p
from ..control.reduce import reduce_p as reduce_p
from ..control.reduce import reduce_window_p as reduce_window_p
from ..control.scan import scan_p as scan_p
from ..control.while_loop import while_p as while_p
from ..primitives.arithmetic import add_p as add_p
from ..primitives.arithmetic import div_p as div_p
from ..primitives.arithmetic import mul_p as mul_p
from ..primitives.arithmetic import neg_p as neg_p
from ..primitives.arithmetic import rem_p as rem_p
from ..primitives.arithmetic import sub_p as sub_p
from ..primitives.bitwise import and_p as and_p
from ..primitives.bitwise import clz_p as clz_p
from ..primitives.bitwise import not_p as not_p
from ..primitives.bitwise import or_p as or_p
from ..primitives.bitwise import population_count_p as population_count_p
from ..primitives.bitwise import shift_left_p as shift_left_p
from ..primitives.bitwise import shift_right_arithmetic_p as shift_right_arithmetic_p
from ..primitives.bitwise import shift_right_logical_p as shift_right_logical_p
from ..primitives.bitwise import xor_p as xor_p
from ..primitives.compare import eq_p as eq_p
from ..primitives.compare import eq_to_p as eq_to_p
from ..primitives.compare import ge_p as ge_p
from ..primitives.compare import gt_p as gt_p
from ..primitives.compare import le_p as le_p
from ..primitives.compare import le_to_p as le_to_p
from ..primitives.compare import lt_p as lt_p
from ..primitives.compare import lt_to_p as lt_to_p
from ..primitives.compare import ne_p as ne_p
from ..primitives.complex import complex_p as complex_p
from ..primitives.complex import conj_p as conj_p
from ..primitives.complex import imag_p as imag_p
from ..primitives.complex import real_p as real_p
from ..primitives.contract import dot_general_p as dot_general_p
from ..primitives.conv import ConvDimensionNumbers as ConvDimensionNumbers
from ..primitives.conv import conv_general_dilated_p as conv_general_dilated_p
from ..primitives.convert import bitcast_convert_type_p as bitcast_convert_type_p
from ..primitives.convert import convert_element_type_p as convert_element_type_p
from ..primitives.convert import reduce_precision_p as reduce_precision_p
from ..primitives.cumulative import cumlogsumexp_p as cumlogsumexp_p
from ..primitives.cumulative import cummax_p as cummax_p
from ..primitives.cumulative import cummin_p as cummin_p
from ..primitives.cumulative import cumprod_p as cumprod_p
from ..primitives.cumulative import cumsum_p as cumsum_p
from ..primitives.device_put import device_put_p as device_put_p
from ..primitives.dynamic import dynamic_slice_p as dynamic_slice_p
from ..primitives.dynamic import dynamic_update_slice_p as dynamic_update_slice_p
from ..primitives.exponential import exp2_p as exp2_p
from ..primitives.exponential import exp_p as exp_p
from ..primitives.exponential import expm1_p as expm1_p
from ..primitives.exponential import log1p_p as log1p_p
from ..primitives.exponential import log_p as log_p
from ..primitives.exponential import logistic_p as logistic_p
from ..primitives.fft import fft_p as fft_p
from ..primitives.gather import gather_p as gather_p
from ..primitives.generator import RandomAlgorithm as RandomAlgorithm
from ..primitives.generator import rng_bit_generator_p as rng_bit_generator_p
from ..primitives.generator import rng_uniform_p as rng_uniform_p
from ..primitives.incomplete import igamma_grad_a_p as igamma_grad_a_p
from ..primitives.incomplete import igamma_p as igamma_p
from ..primitives.incomplete import igammac_p as igammac_p
from ..primitives.incomplete import regularized_incomplete_beta_p as regularized_incomplete_beta_p
from ..primitives.index import GatherDimensionNumbers as GatherDimensionNumbers
from ..primitives.index import GatherScatterMode as GatherScatterMode
from ..primitives.index import ScatterDimensionNumbers as ScatterDimensionNumbers
from ..primitives.magnitude import abs_p as abs_p
from ..primitives.magnitude import max_p as max_p
from ..primitives.magnitude import min_p as min_p
from ..primitives.magnitude import sign_p as sign_p
from ..primitives.mulhi import mulhi_p as mulhi_p
from ..primitives.pieces import concatenate_p as concatenate_p
from ..primitives.pieces import pad_p as pad_p
from ..primitives.pieces import rev_p as rev_p
from ..primitives.pieces import slice_p as slice_p
from ..primitives.pieces import split_p as split_p
from ..primitives.power import cbrt_p as cbrt_p
from ..primitives.power import integer_pow_p as integer_pow_p
from ..primitives.power import pow_p as pow_p
from ..primitives.power import rsqrt_p as rsqrt_p
from ..primitives.power import sqrt_p as sqrt_p
from ..primitives.power import square_p as square_p
from ..primitives.precision import Precision as Precision
from ..primitives.reduce import argmax_p as argmax_p
from ..primitives.reduce import argmin_p as argmin_p
from ..primitives.reduce import reduce_and_p as reduce_and_p
from ..primitives.reduce import reduce_max_p as reduce_max_p
from ..primitives.reduce import reduce_min_p as reduce_min_p
from ..primitives.reduce import reduce_or_p as reduce_or_p
from ..primitives.reduce import reduce_prod_p as reduce_prod_p
from ..primitives.reduce import reduce_xor_p as reduce_xor_p
from ..primitives.rounding import ceil_p as ceil_p
from ..primitives.rounding import floor_p as floor_p
from ..primitives.rounding import is_finite_p as is_finite_p
from ..primitives.rounding import nextafter_p as nextafter_p
from ..primitives.rounding import round_p as round_p
from ..primitives.scatter import scatter_add_p as scatter_add_p
from ..primitives.scatter import scatter_max_p as scatter_max_p
from ..primitives.scatter import scatter_min_p as scatter_min_p
from ..primitives.scatter import scatter_mul_p as scatter_mul_p
from ..primitives.scatter import scatter_p as scatter_p
from ..primitives.scatter import scatter_sub_p as scatter_sub_p
from ..primitives.select import clamp_p as clamp_p
from ..primitives.select import select_n_p as select_n_p
from ..primitives.shape import broadcast_in_dim_p as broadcast_in_dim_p
from ..primitives.shape import copy_p as copy_p
from ..primitives.shape import iota_p as iota_p
from ..primitives.shape import reduce_sum_p as reduce_sum_p
from ..primitives.shape import reshape_p as reshape_p
from ..primitives.shape import squeeze_p as squeeze_p
from ..primitives.shape import transpose_p as transpose_p
from ..primitives.sort import sort_p as sort_p
from ..primitives.sort import top_k_p as top_k_p
from ..primitives.special import bessel_i0e_p as bessel_i0e_p
from ..primitives.special import bessel_i1e_p as bessel_i1e_p
from ..primitives.special import digamma_p as digamma_p
from ..primitives.special import erf_inv_p as erf_inv_p
from ..primitives.special import erf_p as erf_p
from ..primitives.special import erfc_p as erfc_p
from ..primitives.special import lgamma_p as lgamma_p
from ..primitives.special import polygamma_p as polygamma_p
from ..primitives.special import zeta_p as zeta_p
from ..primitives.trigonometric import acos_p as acos_p
from ..primitives.trigonometric import acosh_p as acosh_p
from ..primitives.trigonometric import asin_p as asin_p
from ..primitives.trigonometric import asinh_p as asinh_p
from ..primitives.trigonometric import atan2_p as atan2_p
from ..primitives.trigonometric import atan_p as atan_p
from ..primitives.trigonometric import atanh_p as atanh_p
from ..primitives.trigonometric import cos_p as cos_p
from ..primitives.trigonometric import cosh_p as cosh_p
from ..primitives.trigonometric import sin_p as sin_p
from ..primitives.trigonometric import sinh_p as sinh_p
from ..primitives.trigonometric import tan_p as tan_p
from ..primitives.trigonometric import tanh_p as tanh_p
from ..primitives.window import reduce_window_max_p as reduce_window_max_p
from ..primitives.window import reduce_window_min_p as reduce_window_min_p
from ..primitives.window import reduce_window_sum_p as reduce_window_sum_p
from ..primitives.window import select_and_gather_add_p as select_and_gather_add_p
from ..primitives.window import select_and_scatter_add_p as select_and_scatter_add_p
from ..transforms.stop import stop_gradient_p as stop_gradient_p
from . import linalg as linalg
from .algorithms import AccuracyMode as AccuracyMode
from .algorithms import DotAlgorithm as DotAlgorithm
from .algorithms import DotAlgorithmPreset as DotAlgorithmPreset
from .algorithms import DotDimensionNumbers as DotDimensionNumbers
from .algorithms import PrecisionLike as PrecisionLike
from .algorithms import Tolerance as Tolerance
from .convolution import ConvGeneralDilatedDimensionNumbers as ConvGeneralDilatedDimensionNumbers
from .elementwise import RoundingMethod as RoundingMethod
from .fourier import FftType as FftType
from .ragged import RaggedDotDimensionNumbers as RaggedDotDimensionNumbers

def abs(x: Any) -> Any: ...
def acos(x: Any) -> Any: ...
def acosh(x: Any) -> Any: ...
def add(x: Any, y: Any) -> Any: ...
def all_gather(
    x: Any,
    axis_name: Any,
    *,
    axis_index_groups: Any = None,
    axis: int = 0,
    tiled: bool = False,
    to: str = "varying",
) -> Any: ...
def all_to_all(
    x: Any,
    axis_name: Any,
    split_axis: int,
    concat_axis: int,
    *,
    axis_index_groups: Any = None,
    tiled: bool = False,
) -> Any: ...
def approx_max_k(
    operand: Any,
    k: int,
    reduction_dimension: int = -1,
    recall_target: float = ...,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
) -> tuple[Any, Any]: ...
def approx_min_k(
    operand: Any,
    k: int,
    reduction_dimension: int = -1,
    recall_target: float = ...,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
) -> tuple[Any, Any]: ...
def argmax(operand: Any, axis: int, index_dtype: Any) -> Any: ...
def argmin(operand: Any, axis: int, index_dtype: Any) -> Any: ...
def asin(x: Any) -> Any: ...
def asinh(x: Any) -> Any: ...
def associative_scan(
    fn: Callable[..., Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any: ...
def atan(x: Any) -> Any: ...
def atan2(x: Any, y: Any) -> Any: ...
def atanh(x: Any) -> Any: ...
def axis_index(axis_name: Any) -> Any: ...
def axis_size(axis_name: Any) -> int: ...
def batch_matmul(lhs: Any, rhs: Any, precision: Any = None) -> Any: ...
def bessel_i0e(x: Any) -> Any: ...
def bessel_i1e(x: Any) -> Any: ...
def betainc(a: Any, b: Any, x: Any) -> Any: ...
def bitcast_convert_type(operand: Any, new_dtype: Any) -> Any: ...
def bitwise_and(x: Any, y: Any) -> Any: ...
def bitwise_not(x: Any) -> Any: ...
def bitwise_or(x: Any, y: Any) -> Any: ...
def bitwise_xor(x: Any, y: Any) -> Any: ...
def broadcast(operand: Any, sizes: Sequence[int], *, out_sharding: Any = None) -> Any: ...
def broadcast_in_dim(
    operand: Any,
    shape: Sequence[int],
    broadcast_dimensions: Sequence[int],
    *,
    out_sharding: Any = None,
) -> Any: ...
def broadcast_like(arr: Any, like_arr: Any) -> Any: ...
def broadcast_shapes(*shapes: Sequence[int]) -> tuple[int, ...]: ...
def broadcast_to_rank(x: Any, rank: int) -> Any: ...
def broadcasted_iota(
    dtype: Any, shape: Sequence[int], dimension: int, *, out_sharding: Any = None
) -> Any: ...
def cbrt(x: Any, *, accuracy: Any = None) -> Any: ...
def ceil(x: Any) -> Any: ...
def clamp(min: Any, x: Any, max: Any) -> Any: ...
def clz(x: Any) -> Any: ...
def collapse(operand: Any, start_dimension: int, stop_dimension: int | None = None) -> Any: ...
def complex(x: Any, y: Any) -> Any: ...
def composite(
    decomposition: Callable[..., Any], name: str, version: int = 0
) -> Callable[..., Any]: ...
def concatenate(operands: Sequence[Any], dimension: int) -> Any: ...
def cond(
    pred: Any,
    true_fun: Callable[..., Any],
    false_fun: Callable[..., Any],
    *operands: Any,
    operand: Any = ...,
) -> Any: ...
def conj(x: Any) -> Any: ...
def conv(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: str,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Any: ...
def conv_dimension_numbers(
    lhs_shape: Sequence[int], rhs_shape: Sequence[int], dimension_numbers: Any
) -> Any: ...
def conv_general_dilated(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
    precision: Any = None,
    preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Any: ...
def conv_general_dilated_local(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    filter_shape: Sequence[int],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    precision: Any = None,
) -> Any: ...
def conv_general_dilated_patches(
    lhs: Any,
    filter_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Any: ...
def conv_general_permutations(dimension_numbers: Sequence[str]) -> list[tuple[int, ...]]: ...
def conv_general_shape_tuple(
    lhs_shape: Sequence[int],
    rhs_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    dimension_numbers: Sequence[str],
) -> tuple[int, ...]: ...
def conv_shape_tuple(
    lhs_shape: Sequence[int],
    rhs_shape: Sequence[int],
    strides: Sequence[int],
    pads: str | Sequence[tuple[int, int]],
    batch_group_count: int = 1,
) -> tuple[int, ...]: ...
def conv_transpose(
    lhs: Any,
    rhs: Any,
    strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    transpose_kernel: bool = False,
    precision: Any = None,
    preferred_element_type: Any = None,
    use_consistent_padding: bool = False,
) -> Any: ...
def conv_transpose_shape_tuple(
    lhs_shape: Sequence[int],
    rhs_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    dimension_numbers: Sequence[str],
) -> tuple[int, ...]: ...
def conv_with_general_padding(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None,
    rhs_dilation: Sequence[int] | None,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Any: ...
def convert_element_type(operand: Any, new_dtype: Any) -> Any: ...
def cos(x: Any, *, accuracy: Any = None) -> Any: ...
def cosh(x: Any) -> Any: ...
def cumlogsumexp(operand: Any, axis: int = 0, reverse: bool = False) -> Any: ...
def cummax(operand: Any, axis: int = 0, reverse: bool = False) -> Any: ...
def cummin(operand: Any, axis: int = 0, reverse: bool = False) -> Any: ...
def cumprod(operand: Any, axis: int = 0, reverse: bool = False) -> Any: ...
def cumsum(operand: Any, axis: int = 0, reverse: bool = False) -> Any: ...
def custom_linear_solve(
    matvec: Callable[..., Any],
    b: Any,
    solve: Callable[[Callable[..., Any], Any], Any],
    transpose_solve: Callable[[Callable[..., Any], Any], Any] | None = None,
    symmetric: bool = False,
    has_aux: bool = False,
) -> Any: ...
def custom_root(
    f: Callable[..., Any],
    initial_guess: Any,
    solve: Callable[[Callable[..., Any], Any], Any],
    tangent_solve: Callable[[Callable[..., Any], Any], Any],
    has_aux: bool = False,
) -> Any: ...
def digamma(x: Any) -> Any: ...
def div(x: Any, y: Any) -> Any: ...
def dot(
    lhs: Any,
    rhs: Any,
    *,
    dimension_numbers: tuple[
        tuple[Sequence[int], Sequence[int]], tuple[Sequence[int], Sequence[int]]
    ]
    | None = None,
    precision: Any = None,
    preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Any: ...
def dot_general(
    lhs: Any,
    rhs: Any,
    dimension_numbers: tuple[
        tuple[Sequence[int], Sequence[int]], tuple[Sequence[int], Sequence[int]]
    ],
    precision: Any = None,
    preferred_element_type: Any = None,
    *,
    out_sharding: Any = None,
) -> Any: ...
def dtype(x: Any) -> np.dtype[Any]: ...
def dynamic_index_in_dim(
    operand: Any,
    index: Any,
    axis: int = 0,
    keepdims: bool = True,
    *,
    allow_negative_indices: bool = True,
) -> Any: ...
def dynamic_slice(
    operand: Any,
    start_indices: Any,
    slice_sizes: Sequence[int],
    *,
    allow_negative_indices: bool | Sequence[bool] = True,
) -> Any: ...
def dynamic_slice_in_dim(
    operand: Any,
    start_index: Any,
    slice_size: int,
    axis: int = 0,
    *,
    allow_negative_indices: bool = True,
) -> Any: ...
def dynamic_update_index_in_dim(
    operand: Any, update: Any, index: Any, axis: int, *, allow_negative_indices: bool = True
) -> Any: ...
def dynamic_update_slice(
    operand: Any,
    update: Any,
    start_indices: Any,
    *,
    allow_negative_indices: bool | Sequence[bool] = True,
) -> Any: ...
def dynamic_update_slice_in_dim(
    operand: Any, update: Any, start_index: Any, axis: int, *, allow_negative_indices: bool = True
) -> Any: ...
def empty(shape: Sequence[int], dtype: Any, *, out_sharding: Any = None) -> Any: ...
def eq(x: Any, y: Any) -> Any: ...
def erf(x: Any) -> Any: ...
def erf_inv(x: Any) -> Any: ...
def erfc(x: Any) -> Any: ...
def exp(x: Any, *, accuracy: Any = None) -> Any: ...
def exp2(x: Any, *, accuracy: Any = None) -> Any: ...
def expand_dims(array: Any, dimensions: Sequence[int]) -> Any: ...
def expm1(x: Any, *, accuracy: Any = None) -> Any: ...
def fft(x: Any, fft_type: Any, fft_lengths: Sequence[int]) -> Any: ...
def floor(x: Any) -> Any: ...
def fori_loop(
    lower: Any,
    upper: Any,
    body_fun: Callable[[Any, Any], Any],
    init_val: Any,
    *,
    unroll: int | bool | None = None,
) -> Any: ...
def full(
    shape: Sequence[int], fill_value: Any, dtype: Any = None, *, sharding: Any = None
) -> Any: ...
def full_like(
    x: Any, fill_value: Any, dtype: Any = None, shape: Any = None, sharding: Any = None
) -> Any: ...
def gather(
    operand: Any,
    start_indices: Any,
    dimension_numbers: Any,
    slice_sizes: Sequence[int],
    *,
    unique_indices: bool = False,
    indices_are_sorted: bool = False,
    mode: Any = None,
    fill_value: Any = None,
) -> Any: ...
def ge(x: Any, y: Any) -> Any: ...
def gt(x: Any, y: Any) -> Any: ...
def igamma(a: Any, x: Any) -> Any: ...
def igamma_grad_a(a: Any, x: Any) -> Any: ...
def igammac(a: Any, x: Any) -> Any: ...
def imag(x: Any) -> Any: ...
def index_in_dim(operand: Any, index: int, axis: int = 0, keepdims: bool = True) -> Any: ...
def index_take(src: Any, idxs: Sequence[Any], axes: Sequence[int]) -> Any: ...
def integer_pow(x: Any, y: int) -> Any: ...
def iota(dtype: Any, size: int) -> Any: ...
def is_finite(x: Any) -> Any: ...
def le(x: Any, y: Any) -> Any: ...
def lgamma(x: Any) -> Any: ...
def log(x: Any, *, accuracy: Any = None) -> Any: ...
def log1p(x: Any, *, accuracy: Any = None) -> Any: ...
def logistic(x: Any, *, accuracy: Any = None) -> Any: ...
def lt(x: Any, y: Any) -> Any: ...
def map(f: Callable[..., Any], xs: Any, *, batch_size: int | None = None) -> Any: ...
def max(x: Any, y: Any) -> Any: ...
def min(x: Any, y: Any) -> Any: ...
def mul(x: Any, y: Any, *, out_dtype: Any = None) -> Any: ...
def mulhi(x: Any, y: Any, /) -> Any: ...
def ne(x: Any, y: Any) -> Any: ...
def neg(x: Any) -> Any: ...
def nextafter(x1: Any, x2: Any) -> Any: ...
def optimization_barrier(operand: Any, /) -> Any: ...
def pad(operand: Any, padding_value: Any, padding_config: Sequence[Sequence[int]]) -> Any: ...
def padtype_to_pads(
    in_shape: Sequence[int],
    window_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: Any,
) -> list[tuple[int, int]]: ...
def pbroadcast(x: Any, axis_name: Any, source: int) -> Any: ...
def pcast(x: Any, axis_name: Any, *, to: str) -> Any: ...
def platform_dependent(
    *args: Any, default: Callable[..., Any] | None = None, **per_platform: Callable[..., Any]
) -> Any: ...
def pmax(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any: ...
def pmean(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any: ...
def pmin(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any: ...
def polygamma(m: Any, x: Any) -> Any: ...
def population_count(x: Any) -> Any: ...
def pow(x: Any, y: Any) -> Any: ...
def ppermute(x: Any, axis_name: Any, perm: Any) -> Any: ...
def pshuffle(x: Any, axis_name: Any, perm: Sequence[int]) -> Any: ...
def psum(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any: ...
def psum_scatter(
    x: Any,
    axis_name: Any,
    *,
    scatter_dimension: int = 0,
    axis_index_groups: Any = None,
    tiled: bool = False,
) -> Any: ...
def pswapaxes(x: Any, axis_name: Any, axis: int, *, axis_index_groups: Any = None) -> Any: ...
def ragged_dot(
    lhs: Any,
    rhs: Any,
    group_sizes: Any,
    precision: Any = None,
    preferred_element_type: Any = None,
    group_offset: Any = None,
    out_sharding: Any = None,
) -> Any: ...
def ragged_dot_general(
    lhs: Any,
    rhs: Any,
    group_sizes: Any,
    ragged_dot_dimension_numbers: Any,
    precision: Any = None,
    preferred_element_type: Any = None,
    group_offset: Any = None,
    out_sharding: Any = None,
) -> Any: ...
def random_gamma_grad(a: Any, x: Any) -> Any: ...
def real(x: Any) -> Any: ...
def reciprocal(x: Any) -> Any: ...
def reduce(
    operands: Any,
    init_values: Any,
    computation: Callable[..., Any],
    dimensions: Sequence[int],
    out_sharding: Any = None,
) -> Any: ...
def reduce_and(operand: Any, axes: Sequence[int]) -> Any: ...
def reduce_max(operand: Any, axes: Sequence[int]) -> Any: ...
def reduce_min(operand: Any, axes: Sequence[int]) -> Any: ...
def reduce_or(operand: Any, axes: Sequence[int]) -> Any: ...
def reduce_precision(operand: Any, exponent_bits: int, mantissa_bits: int) -> Any: ...
def reduce_prod(operand: Any, axes: Sequence[int]) -> Any: ...
def reduce_sum(operand: Any, axes: Sequence[int], *, out_sharding: Any = None) -> Any: ...
def reduce_window(
    operand: Any,
    init_value: Any,
    computation: Callable[..., Any],
    window_dimensions: Sequence[int],
    window_strides: Sequence[int] | None = None,
    padding: str | Sequence[tuple[int, int]] = "VALID",
    base_dilation: Sequence[int] | None = None,
    window_dilation: Sequence[int] | None = None,
) -> Any: ...
def reduce_window_shape_tuple(
    operand_shape: Sequence[int],
    window_dimensions: Sequence[int],
    window_strides: Sequence[int],
    padding: Sequence[tuple[int, int]],
    base_dilation: Sequence[int] | None = None,
    window_dilation: Sequence[int] | None = None,
) -> tuple[int, ...]: ...
def reduce_xor(operand: Any, axes: Sequence[int]) -> Any: ...
def rem(x: Any, y: Any) -> Any: ...
def reshape(
    operand: Any,
    new_sizes: Sequence[int],
    dimensions: Sequence[int] | None = None,
    *,
    out_sharding: Any = None,
) -> Any: ...
def rev(operand: Any, dimensions: Sequence[int]) -> Any: ...
def rng_bit_generator(
    key: Any,
    shape: Sequence[int],
    dtype: Any = ...,
    algorithm: Any = ...,
    *,
    out_sharding: Any = None,
) -> tuple[Any, Any]: ...
def rng_uniform(a: Any, b: Any, shape: Sequence[int]) -> Any: ...
def round(x: Any, rounding_method: Any = ...) -> Any: ...
def rsqrt(x: Any, *, accuracy: Any = None) -> Any: ...
def scan(
    f: Callable[..., Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    _split_transpose: bool = False,
) -> tuple[Any, Any]: ...
def scatter(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: Any,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: Any = None,
) -> Any: ...
def scatter_add(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: Any,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: Any = None,
) -> Any: ...
def scatter_apply(
    operand: Any,
    scatter_indices: Any,
    func: Callable[[Any], Any],
    dimension_numbers: Any,
    *,
    update_shape: Sequence[int] = (),
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: Any = None,
) -> Any: ...
def scatter_max(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: Any,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: Any = None,
) -> Any: ...
def scatter_min(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: Any,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: Any = None,
) -> Any: ...
def scatter_mul(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: Any,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: Any = None,
) -> Any: ...
def scatter_sub(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: Any,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: Any = None,
) -> Any: ...
def select(pred: Any, on_true: Any, on_false: Any) -> Any: ...
def select_n(which: Any, *cases: Any) -> Any: ...
def shape_as_value(shape: Sequence[int]) -> Any: ...
def shift_left(x: Any, y: Any) -> Any: ...
def shift_right_arithmetic(x: Any, y: Any) -> Any: ...
def shift_right_logical(x: Any, y: Any) -> Any: ...
def sign(x: Any) -> Any: ...
def sin(x: Any, *, accuracy: Any = None) -> Any: ...
def sinh(x: Any) -> Any: ...
def slice(
    operand: Any,
    start_indices: Sequence[int],
    limit_indices: Sequence[int],
    strides: Sequence[int] | None = None,
) -> Any: ...
def slice_in_dim(
    operand: Any, start_index: int | None, limit_index: int | None, stride: int = 1, axis: int = 0
) -> Any: ...
def sort(operand: Any, dimension: int = -1, is_stable: bool = True, num_keys: int = 1) -> Any: ...
def sort_key_val(
    keys: Any, values: Any, dimension: int = -1, is_stable: bool = True
) -> tuple[Any, Any]: ...
def split(operand: Any, sizes: Sequence[int], axis: int = 0) -> list[Any]: ...
def sqrt(x: Any, *, accuracy: Any = None) -> Any: ...
def square(x: Any) -> Any: ...
def squeeze(array: Any, dimensions: Sequence[int]) -> Any: ...
def stack(operands: Sequence[Any], axis: int = 0) -> Any: ...
def stage(x: Any, /) -> Any: ...
def stop_gradient(x: Any) -> Any: ...
def sub(x: Any, y: Any) -> Any: ...
def switch(
    index: Any, branches: Sequence[Callable[..., Any]], *operands: Any, operand: Any = ...
) -> Any: ...
def tan(x: Any, *, accuracy: Any = None) -> Any: ...
def tanh(x: Any, *, accuracy: Any = None) -> Any: ...
def tile(operand: Any, reps: Sequence[int]) -> Any: ...
def top_k(operand: Any, k: int, *, axis: int = -1) -> list[Any]: ...
def transpose(operand: Any, permutation: Sequence[int]) -> Any: ...
def unstack(x: Any, axis: int = 0) -> tuple[Any, ...]: ...
def while_loop(
    cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init_val: Any
) -> Any: ...
def with_sharding_constraint(x: Any, shardings: Any) -> Any: ...
def zeta(x: Any, q: Any) -> Any: ...
