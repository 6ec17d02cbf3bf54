"""NumPy's functions on arrays that can be differentiated, batched and compiled."""

# The public names as a table, packed.
# isort: off
# fmt: off
from ..array import Array as ndarray
from ..lazy import later
from . import methods
from .binary import (
    arctan2, atan2, bitwise_left_shift, bitwise_right_shift, copysign, divide, divmod, equal,
    floor_divide, fmax, fmin, fmod, greater, greater_equal, heaviside, hypot, left_shift, less,
    less_equal, mod, nextafter, not_equal, remainder, right_shift, true_divide,
)
from .contractions import (
    cross, dot, inner, kron, matmul, matvec, outer, tensordot, trace, vdot, vecdot, vecmat,
)
from .creation import (
    arange, array, asarray, copy, empty, empty_like, full, full_like, ones, ones_like, zeros,
    zeros_like,
)
from .cumulative import cumprod, cumsum, cumulative_prod, cumulative_sum, nancumprod, nancumsum
from .diagonals import diag, diagflat, diagonal, eye, identity, tri, tril, triu
from .elementwise import (
    abs, absolute, acos, acosh, angle, arccos, arccosh, arcsin, arcsinh, arctan, arctanh, around,
    asin, asinh, atan, atanh, bitwise_count, bitwise_invert, bitwise_not, cbrt, ceil, conj,
    conjugate, cos, cosh, deg2rad, degrees, exp, exp2, expm1, fabs, fix, floor, imag, invert,
    iscomplex, isfinite, isinf, isnan, isneginf, isposinf, isreal, log, log10, log1p, log2,
    logical_not, modf, nan_to_num, positive, rad2deg, radians, real, reciprocal, rint, round, sign,
    signbit, sin, sinc, sinh, spacing, sqrt, square, tan, tanh, trunc,
)
from .einsums import einsum, einsum_path
from .grids import fromfunction, indices, meshgrid
from .indexing import take, take_along_axis
from .joining import (
    append, array_split, block, column_stack, concat, concatenate, delete, dsplit, dstack, hsplit,
    hstack, insert, split, stack, unstack, vsplit, vstack,
)
from .logic import (
    allclose, array_equal, array_equiv, array_repr, array_str, isclose, iscomplexobj, isrealobj,
    isscalar, iterable, result_type,
)
from .means import average, mean, std, var
from .powers import float_power, frexp, gcd, lcm, ldexp, pow, power
from .reductions import (
    all, amax, amin, any, argmax, argmin, count_nonzero, max, min, prod, ptp, sum,
)
from .repeating import repeat, resize, tile
from .scalars import (
    bfloat16, bool, bool_, byte, can_cast, cdouble, character, complex128, complex64, complex_,
    complexfloating, csingle, double, dtype, e, euler_gamma, finfo, flexible, float16, float32,
    float4_e2m1fn, float64, float8_e3m4, float8_e4m3, float8_e4m3b11fnuz, float8_e4m3fn,
    float8_e4m3fnuz, float8_e5m2, float8_e5m2fnuz, float8_e8m0fnu, float_, floating, generic,
    half, iinfo, inexact, inf, int16, int2, int32, int4, int64, int8, int_, intc, integer, intp,
    isdtype, issubdtype, longlong, nan, newaxis, number, object_, pi, promote_types, short,
    signedinteger, single, ubyte, uint, uint16, uint2, uint32, uint4, uint64, uint8, uintc, uintp,
    ulonglong, unsignedinteger, ushort,
)
from .searching import (
    argwhere, choose, clip, compress, digitize, extract, flatnonzero, nonzero, piecewise,
    searchsorted, select, where,
)
from .shapes import (
    astype, atleast_1d, atleast_2d, atleast_3d, broadcast_arrays, broadcast_shapes, broadcast_to,
    expand_dims, flip, fliplr, flipud, matrix_transpose, moveaxis, permute_dims,
    ravel, reshape, roll, rollaxis, rot90, squeeze, swapaxes, transpose,
)
from .sizes import ndim, shape, size
from .sorting import argpartition, argsort, lexsort, partition, sort, sort_complex
from .ufuncs import (
    add, bitwise_and, bitwise_or, bitwise_xor, frompyfunc, logaddexp, logaddexp2, logical_and,
    logical_or, logical_xor, maximum, minimum, multiply, negative, subtract, ufunc,
)

__array_api_version__ = "2024.12"

# What few programs use is loaded when it is first asked for: modules, and names by their module.
__getattr__, __dir__ = later(__name__, ("fft", "lib", "linalg", "polynomial"), {
    "bits": "packbits unpackbits",
    "calculus": "diff ediff1d gradient interp trapezoid unwrap",
    "conversions": "asanyarray asarray_chkfinite ascontiguousarray real_if_close",
    "exchange": "from_dlpack",
    "files": (
        "ComplexWarning frombuffer fromfile fromiter fromstring genfromtxt get_printoptions load"
        " loadtxt printoptions save savetxt savez savez_compressed set_printoptions"
    ),
    "fitting": "polyfit roots",
    "functional": "apply_along_axis apply_over_axes vectorize",
    "histograms": "bincount histogram histogram2d histogram_bin_edges histogramdd",
    "indexers": (
        "c_ diag_indices diag_indices_from index_exp ix_ mask_indices mgrid ogrid r_ "
        "ravel_multi_index s_ tril_indices tril_indices_from triu_indices triu_indices_from "
        "unravel_index"
    ),
    "iteration": "ndenumerate ndindex",
    "kinds": "common_type min_scalar_type",
    "namespace": "__array_namespace_info__",
    "numerals": (
        "array2string base_repr binary_repr format_float_positional format_float_scientific"
    ),
    "overwriting": "copyto fill_diagonal place put put_along_axis putmask",
    "padding": "pad",
    "polynomials": (
        "convolve correlate poly polyadd polyder polydiv polyint polymul polysub polyval vander"
    ),
    "ranges": "geomspace linspace logspace",
    "sets": (
        "intersect1d isin setdiff1d setxor1d trim_zeros union1d unique unique_all unique_counts "
        "unique_inverse unique_values"
    ),
    "quantiles": "median nanmedian nanpercentile nanquantile percentile quantile",
    "statistics": (
        "corrcoef cov nanargmax nanargmin nanmax nanmean nanmin nanprod nanstd nansum nanvar"
    ),
    "windows": "bartlett blackman hamming hanning i0 kaiser",
})

__all__ = [
    "ComplexWarning", "abs", "absolute", "acos", "acosh", "add", "all", "allclose", "amax", "amin",
    "angle", "any", "append", "apply_along_axis", "apply_over_axes", "arange", "arccos", "arccosh",
    "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax", "argmin", "argpartition",
    "argsort", "argwhere", "around", "array", "array2string", "array_equal", "array_equiv",
    "array_repr", "array_split", "array_str", "asanyarray", "asarray", "asarray_chkfinite",
    "ascontiguousarray", "asin", "asinh", "astype", "atan", "atan2", "atanh", "atleast_1d",
    "atleast_2d", "atleast_3d", "average", "bartlett", "base_repr", "bfloat16", "binary_repr",
    "bincount", "bitwise_and", "bitwise_count", "bitwise_invert", "bitwise_left_shift",
    "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "blackman", "block", "bool",
    "bool_", "broadcast_arrays", "broadcast_shapes", "broadcast_to", "byte", "c_", "can_cast",
    "cbrt", "cdouble", "ceil", "character", "choose", "clip", "column_stack", "common_type",
    "complex64", "complex128", "complex_", "complexfloating", "compress", "concat", "concatenate",
    "conj", "conjugate", "convolve", "copy", "copysign", "copyto", "corrcoef", "correlate", "cos",
    "cosh", "count_nonzero", "cov", "cross", "csingle", "cumprod", "cumsum", "cumulative_prod",
    "cumulative_sum", "deg2rad", "degrees", "delete", "diag", "diag_indices", "diag_indices_from",
    "diagflat", "diagonal", "diff", "digitize", "divide", "divmod", "dot", "double", "dsplit",
    "dstack", "dtype", "e", "ediff1d", "einsum", "einsum_path", "empty", "empty_like", "equal",
    "euler_gamma", "exp", "exp2", "expand_dims", "expm1", "extract", "eye", "fabs", "fft",
    "fill_diagonal", "finfo", "fix", "flatnonzero", "flexible", "flip", "fliplr", "flipud",
    "float4_e2m1fn", "float8_e3m4", "float8_e4m3", "float8_e4m3b11fnuz", "float8_e4m3fn",
    "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "float16", "float32",
    "float64", "float_", "float_power", "floating", "floor", "floor_divide", "fmax", "fmin", "fmod",
    "format_float_positional", "format_float_scientific", "frexp", "from_dlpack", "frombuffer",
    "fromfile", "fromfunction", "fromiter", "frompyfunc", "fromstring", "full", "full_like", "gcd",
    "generic", "genfromtxt", "geomspace", "get_printoptions", "gradient", "greater",
    "greater_equal", "half", "hamming", "hanning", "heaviside", "histogram", "histogram2d",
    "histogram_bin_edges", "histogramdd", "hsplit", "hstack", "hypot", "i0", "identity", "iinfo",
    "imag", "index_exp", "indices", "inexact", "inf", "inner", "insert", "int2", "int4", "int8",
    "int16", "int32", "int64", "int_", "intc", "integer", "interp", "intersect1d", "intp", "invert",
    "isclose", "iscomplex", "iscomplexobj", "isdtype", "isfinite", "isin", "isinf", "isnan",
    "isneginf", "isposinf", "isreal", "isrealobj", "isscalar", "issubdtype", "iterable", "ix_",
    "kaiser", "kron", "lcm", "ldexp", "left_shift", "less", "less_equal", "lexsort", "lib",
    "linalg", "linspace", "load", "loadtxt", "log", "log1p", "log2", "log10", "logaddexp",
    "logaddexp2", "logical_and", "logical_not", "logical_or", "logical_xor", "logspace", "longlong",
    "mask_indices", "matmul", "matrix_transpose", "matvec", "max", "maximum", "mean", "median",
    "meshgrid", "mgrid", "min", "min_scalar_type", "minimum", "mod", "modf", "moveaxis", "multiply",
    "nan", "nan_to_num", "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean",
    "nanmedian", "nanmin", "nanpercentile", "nanprod", "nanquantile", "nanstd", "nansum", "nanvar",
    "ndarray", "ndenumerate", "ndim", "ndindex", "negative", "newaxis", "nextafter", "nonzero",
    "not_equal", "number", "object_", "ogrid", "ones", "ones_like", "outer", "packbits", "pad",
    "partition", "percentile", "permute_dims", "pi", "piecewise", "place", "poly", "polyadd",
    "polyder", "polydiv", "polyfit", "polyint", "polymul", "polynomial", "polysub", "polyval",
    "positive", "pow", "power", "printoptions", "prod", "promote_types", "ptp", "put",
    "put_along_axis", "putmask", "quantile", "r_", "rad2deg", "radians", "ravel",
    "ravel_multi_index", "real", "real_if_close", "reciprocal", "remainder", "repeat", "reshape",
    "resize", "result_type", "right_shift", "rint", "roll", "rollaxis", "roots", "rot90", "round",
    "s_", "save", "savetxt", "savez", "savez_compressed", "searchsorted", "select",
    "set_printoptions", "setdiff1d", "setxor1d", "shape", "short", "sign", "signbit",
    "signedinteger", "sin", "sinc", "single", "sinh", "size", "sort", "sort_complex", "spacing",
    "split", "sqrt", "square", "squeeze", "stack", "std", "subtract", "sum", "swapaxes", "take",
    "take_along_axis", "tan", "tanh", "tensordot", "tile", "trace", "transpose", "trapezoid", "tri",
    "tril", "tril_indices", "tril_indices_from", "trim_zeros", "triu", "triu_indices",
    "triu_indices_from", "true_divide", "trunc", "ubyte", "ufunc", "uint", "uint2", "uint4",
    "uint8", "uint16", "uint32", "uint64", "uintc", "uintp", "ulonglong", "union1d", "unique",
    "unique_all", "unique_counts", "unique_inverse", "unique_values", "unpackbits", "unravel_index",
    "unsignedinteger", "unstack", "unwrap", "ushort", "vander", "var", "vdot", "vecdot", "vecmat",
    "vectorize", "vsplit", "vstack", "where", "zeros", "zeros_like",
]
methods.install()
