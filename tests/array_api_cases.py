"""Draws of arguments for the functions of the array API standard: a table by kinds of arguments."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
SIGNED = ("int8", "int16", "int32", "int64")
REAL, COMPLEX = ("float32", "float64"), ("complex64", "complex128")
BITS = ("bool", *WHOLE)
NUMBERS = (*WHOLE, *REAL, *COMPLEX)
ORDERED = (*WHOLE, *REAL)
ANY = ("bool", *NUMBERS)
FLOATS = (*REAL, *COMPLEX)

Draw = Callable[..., Any]
Call = tuple[tuple[Any, ...], dict[str, Any]]


def array(draw: Draw, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Small numbers that both libraries compute alike."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    if dtype == "bool":
        return np.asarray(rng.integers(0, 2, shape), bool)
    if dtype in WHOLE:
        return np.asarray(rng.integers(0 if dtype[0] == "u" else -5, 9, shape), dtype)
    x = rng.uniform(-3, 3, shape)
    return np.asarray(x + 1j * rng.uniform(-3, 3, shape) if dtype in COMPLEX else x, dtype)


def shapes(low: int = 0, high: int = 3, least: int = 0) -> Any:
    """Shapes of so many axes, of sizes from `least` to 4."""
    return st.lists(st.integers(least, 4), min_size=low, max_size=high).map(tuple)


def one_of(dtypes: tuple[str, ...], low: int = 0, high: int = 3, least: int = 0) -> Draw:
    """An array of one of these dtypes."""
    return lambda draw: array(draw, draw(st.sampled_from(dtypes)), draw(shapes(low, high, least)))


def unary(dtypes: tuple[str, ...]) -> Draw:
    """f(x)."""
    return lambda draw: ((one_of(dtypes)(draw),), {})


def pair(draw: Draw, dtypes: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays of one dtype that broadcast."""
    dtype, shape = draw(st.sampled_from(dtypes)), draw(shapes())
    other = tuple(draw(st.sampled_from([1, n])) for n in shape)[draw(st.integers(0, len(shape))) :]
    return array(draw, dtype, shape), array(draw, dtype, other)


def binary(dtypes: tuple[str, ...], divides: bool = False) -> Draw:
    """f(x1, x2); x2 is nowhere 0 where it divides."""

    def call(draw: Draw) -> Call:
        x, y = pair(draw, dtypes)
        return (x, np.where(y == 0, np.ones_like(y), y) if divides else y), {}

    return call


def maybe(draw: Draw, **options: Any) -> dict[str, Any]:
    """Some of the keyword arguments."""
    return {name: draw(s) for name, s in options.items() if draw(st.booleans())}


def reduction(dtypes: tuple[str, ...], least: int = 0, several: bool = True, **extra: Any) -> Draw:
    """f(x, axis=, keepdims=, ...)."""

    def call(draw: Draw) -> Call:
        x = one_of(dtypes, 1, 3, least)(draw)
        axis: Any = st.integers(-x.ndim, x.ndim - 1)
        if several:
            axis = axis | st.permutations(range(x.ndim)).map(lambda p: tuple(p[: x.ndim - 1]))
        return (x,), maybe(draw, axis=axis, keepdims=st.booleans(), **extra)

    return call


def cumulative(draw: Draw) -> Call:
    """f(x, axis=, include_initial=)."""
    x = one_of(NUMBERS, 1)(draw)
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    return (x,), {"axis": axis, **maybe(draw, include_initial=st.booleans())}


def along(dtypes: tuple[str, ...], **extra: Any) -> Draw:
    """f(x, axis=, ...)."""

    def call(draw: Draw) -> Call:
        x = one_of(dtypes, 1, 3, 1)(draw)
        return (x,), maybe(draw, axis=st.integers(-x.ndim, x.ndim - 1), **extra)

    return call


def joined(new_axis: bool) -> Draw:
    """f([x, y], axis=)."""

    def call(draw: Draw) -> Call:
        x = one_of(ANY, 1)(draw)
        axis = draw(st.integers(-x.ndim - new_axis, x.ndim - 1 + new_axis))
        return ([x, x[::-1], x],), {"axis": axis}

    return call


def with_axis(f: Callable[[Draw, np.ndarray], Call], low: int = 1) -> Draw:
    """A call made from an array of any dtype with axes."""
    return lambda draw: f(draw, one_of(ANY, low, 3, 1)(draw))


def axis_of(draw: Draw, x: np.ndarray) -> int:
    """One of an array's axes."""
    return draw(st.integers(-x.ndim, x.ndim - 1))


def _reshape(draw: Draw, x: np.ndarray) -> Call:
    return (x, draw(st.sampled_from([(-1,), (x.size,), x.shape[::-1], (1, -1)]))), maybe(
        draw, copy=st.booleans()
    )


def _roll(draw: Draw, x: np.ndarray) -> Call:
    axis = draw(st.integers(-x.ndim, x.ndim - 1) | st.none())
    return (x, draw(st.integers(-5, 5))), {"axis": axis}


def _repeat(draw: Draw, x: np.ndarray) -> Call:
    return (x, draw(st.integers(0, 3))), {"axis": axis_of(draw, x)}


def _take(draw: Draw, x: np.ndarray) -> Call:
    axis = axis_of(draw, x)
    indices = draw(st.lists(st.integers(0, x.shape[axis] - 1), max_size=4))
    return (x, np.array(indices, "int64")), {"axis": axis}


def _take_along_axis(draw: Draw, x: np.ndarray) -> Call:
    axis = axis_of(draw, x)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return (x, rng.integers(0, x.shape[axis], x.shape)), {"axis": axis}


def _permute(draw: Draw, x: np.ndarray) -> Call:
    return (x, tuple(draw(st.permutations(range(x.ndim))))), {}


def _moveaxis(draw: Draw, x: np.ndarray) -> Call:
    return (x, axis_of(draw, x), axis_of(draw, x)), {}


def _squeeze(draw: Draw, x: np.ndarray) -> Call:
    x = x[:1]
    return (x, draw(st.sampled_from([0, -x.ndim, (0,)]))), {}


def _broadcast_to(draw: Draw, x: np.ndarray) -> Call:
    return (x, (draw(st.integers(0, 3)), *x.shape)), {}


def _expand_dims(draw: Draw, x: np.ndarray) -> Call:
    return (x,), {"axis": draw(st.integers(-x.ndim - 1, x.ndim))}


def _tile(draw: Draw, x: np.ndarray) -> Call:
    return (x, draw(st.lists(st.integers(0, 2), max_size=4).map(tuple))), {}


def _diff(draw: Draw, x: np.ndarray) -> Call:
    x = x.astype("float64") if x.dtype.kind == "b" else x
    return (x,), maybe(draw, axis=st.integers(-x.ndim, x.ndim - 1), n=st.integers(0, 2))


def clip(draw: Draw) -> Call:
    """clip(x, min, max)."""
    x, low = pair(draw, ORDERED)
    return (x, low, np.asarray(low + np.ones_like(low))), {}


def where(draw: Draw) -> Call:
    """where(mask, x1, x2)."""
    x, y = pair(draw, ANY)
    return (array(draw, "bool", y.shape), x, y), {}


def searchsorted(draw: Draw) -> Call:
    """searchsorted(sorted x, values)."""
    dtype = draw(st.sampled_from(ORDERED))
    x = np.sort(array(draw, dtype, (draw(st.integers(1, 5)),)))
    side = st.sampled_from(["left", "right"])
    return (x, array(draw, dtype, draw(shapes()))), maybe(draw, side=side)


def _triangle(draw: Draw, x: np.ndarray) -> Call:
    return (x,), maybe(draw, k=st.integers(-3, 3))


def numbers(draw: Draw) -> Call:
    """arange(start, stop, step)."""
    return (
        draw(st.integers(-5, 5)),
        draw(st.integers(-5, 9)),
        draw(st.sampled_from([1, 2, -1])),
    ), {"dtype": draw(st.sampled_from(("int64", "float64", "float32")))}


def spaced(draw: Draw) -> Call:
    """linspace(start, stop, num)."""
    args = draw(st.integers(-5, 5)), draw(st.integers(-5, 9)), draw(st.integers(0, 6))
    return args, {
        "dtype": draw(st.sampled_from(("float64", "float32"))),
        **maybe(draw, endpoint=st.booleans()),
    }


def filled(draw: Draw) -> Call:
    """zeros(shape, dtype=)."""
    return (draw(shapes()),), {"dtype": draw(st.sampled_from(ANY))}


def like(draw: Draw) -> Call:
    """zeros_like(x, dtype=)."""
    return (one_of(ANY)(draw),), maybe(draw, dtype=st.sampled_from(ANY))


def _eye(draw: Draw) -> Call:
    sizes = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    return sizes, {"dtype": draw(st.sampled_from(NUMBERS)), **maybe(draw, k=st.integers(-3, 3))}


def _full(draw: Draw) -> Call:
    return (draw(shapes()), draw(st.integers(0, 5))), {"dtype": draw(st.sampled_from(NUMBERS))}


def _full_like(draw: Draw) -> Call:
    return (one_of(NUMBERS)(draw), draw(st.integers(0, 5))), {}


def _meshgrid(draw: Draw) -> Call:
    dtype = draw(st.sampled_from(NUMBERS))
    vectors = [array(draw, dtype, (n,)) for n in draw(st.lists(st.integers(1, 3), max_size=3))]
    return tuple(vectors), maybe(draw, indexing=st.sampled_from(["xy", "ij"]))


def _astype(draw: Draw) -> Call:
    x = one_of(ANY)(draw)
    real = x.dtype.kind != "c"
    wanted = draw(st.sampled_from(ANY if real else COMPLEX))
    x = np.asarray(np.abs(x)) if wanted[0] == "u" and real and x.dtype != bool else x
    return (x, wanted), maybe(draw, copy=st.booleans())


def _astype_options(draw: Draw) -> Call:
    (x, wanted), _ = _astype(draw)
    return (x,), {"dtype": wanted, **maybe(draw, copy=st.just(True))}


def products(draw: Draw) -> Call:
    """matmul(x1, x2)."""
    dtype, n = draw(st.sampled_from(NUMBERS)), draw(st.integers(1, 3))
    left, right = draw(
        st.sampled_from(
            [
                ((n,), (n,)),
                ((2, n), (n,)),
                ((n,), (n, 2)),
                ((2, n), (n, 3)),
                ((4, 2, n), (n, 3)),
                ((4, 1, 2, n), (3, n, 1)),
            ]
        )
    )
    return (array(draw, dtype, left), array(draw, dtype, right)), {}


def _tensordot(draw: Draw) -> Call:
    dtype = draw(st.sampled_from(NUMBERS))
    x, y = array(draw, dtype, (2, 3, 4)), array(draw, dtype, (3, 4, 2))
    return (x, y), {
        "axes": draw(st.sampled_from([0, ((1, 2), (0, 1)), ((0,), (2,)), ((-1,), (1,))]))
    }


def _vecdot(draw: Draw) -> Call:
    dtype, axis = draw(st.sampled_from(NUMBERS)), draw(st.sampled_from([-1, -2]))
    return (array(draw, dtype, (2, 3, 3)), array(draw, dtype, (3, 3))), {"axis": axis}


def squares(draw: Draw, dtypes: tuple[str, ...] = FLOATS) -> np.ndarray:
    """Well-conditioned square matrices."""
    dtype, n = draw(st.sampled_from(dtypes)), draw(st.integers(1, 4))
    lead = draw(shapes(0, 1, 1))
    return array(draw, dtype, (*lead, n, n)) + 9 * np.eye(n, dtype=dtype)


def symmetric(draw: Draw) -> np.ndarray:
    """Positive definite matrices whose eigenvalues lie apart."""
    x = squares(draw)
    n = x.shape[-1]
    x = x + np.conj(np.swapaxes(x, -1, -2)) + 10 * np.diag(np.arange(n)).astype(x.dtype)
    return x


def tall(draw: Draw, least: int = 1) -> np.ndarray:
    """Matrices of any shape."""
    lead = draw(shapes(0, 1, 1))
    sizes = draw(st.integers(least, 4)), draw(st.integers(least, 4))
    return array(draw, draw(st.sampled_from(FLOATS)), (*lead, *sizes))


def given_matrix(make: Draw, **extra: Any) -> Draw:
    """f(matrix, ...)."""
    return lambda draw: ((make(draw),), maybe(draw, **extra))


def _solve(draw: Draw) -> Call:
    x = squares(draw)
    n = x.shape[-1]
    shape = draw(st.sampled_from([(n,), (*x.shape[:-1], 2)]))
    return (x, array(draw, x.dtype.name, shape)), {}


def _power(draw: Draw) -> Call:
    return (squares(draw), draw(st.integers(-2, 3))), {}


def _outer(draw: Draw) -> Call:
    dtype = draw(st.sampled_from(NUMBERS))
    return (array(draw, dtype, (3,)), array(draw, dtype, (2,))), {}


def _cross(draw: Draw) -> Call:
    dtype, axis = draw(st.sampled_from(NUMBERS)), draw(st.sampled_from([-1, -2]))
    shape = (3, 3)
    return (array(draw, dtype, shape), array(draw, dtype, shape)), {"axis": axis}


def _offset(draw: Draw) -> Call:
    x = one_of(NUMBERS, 2, 3, 1)(draw)
    return (x,), maybe(draw, offset=st.integers(-x.shape[-2] + 1, x.shape[-1] - 1))


def _matrix_norm(draw: Draw) -> Call:
    order = st.sampled_from(["fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf])
    return (tall(draw),), maybe(draw, ord=order, keepdims=st.booleans())


def _vector_norm(draw: Draw) -> Call:
    x = one_of(FLOATS, 1, 3, 1)(draw)
    axis = st.integers(-x.ndim, x.ndim - 1) | st.just(tuple(range(x.ndim)))
    order = st.sampled_from([0, 1, 2, 3, 2.5, math.inf, -math.inf])
    return (x,), maybe(draw, axis=axis, ord=order, keepdims=st.booleans())


NORM = st.sampled_from(["backward", "ortho", "forward"])


def transform(dtypes: tuple[str, ...]) -> Draw:
    """fft(x, n=, axis=, norm=)."""

    def call(draw: Draw) -> Call:
        x = one_of(dtypes, 1, 2, 2)(draw)
        axis = st.integers(-x.ndim, x.ndim - 1)
        return (x,), maybe(draw, n=st.integers(2, 6), axis=axis, norm=NORM)

    return call


def transforms(dtypes: tuple[str, ...]) -> Draw:
    """fftn(x, axes=, norm=)."""

    def call(draw: Draw) -> Call:
        x = one_of(dtypes, 2, 3, 2)(draw)
        axes = draw(st.permutations(range(x.ndim)).map(lambda p: tuple(p[:2])))
        return (x,), {"axes": axes, **maybe(draw, norm=NORM, s=st.just((3, 4)))}

    return call


def _frequencies(draw: Draw) -> Call:
    return (draw(st.integers(1, 8)),), maybe(draw, d=st.sampled_from([0.5, 2.0]))


def _shift(draw: Draw) -> Call:
    x = one_of(FLOATS, 1, 3, 1)(draw)
    return (x,), maybe(draw, axes=st.integers(-x.ndim, x.ndim - 1))


def _dtypes(draw: Draw) -> Call:
    family = draw(st.sampled_from([SIGNED, WHOLE[4:], REAL, COMPLEX, ("bool",)]))
    return tuple(draw(st.lists(st.sampled_from(family), min_size=1, max_size=3))), {}


CASES: dict[str, Draw] = {
    **dict.fromkeys("abs negative square".split(), unary((*SIGNED, *FLOATS))),
    **dict.fromkeys("positive sign".split(), unary(NUMBERS)),
    **dict.fromkeys(
        "acos acosh asin asinh atan atanh cos cosh exp expm1 log log10 log1p log2 reciprocal sin"
        " sinh sqrt tan tanh".split(),
        unary(FLOATS),
    ),
    **dict.fromkeys("ceil floor trunc".split(), unary(ORDERED)),
    "round": unary(NUMBERS),
    "signbit": unary(REAL),
    **dict.fromkeys("conj real imag".split(), unary(COMPLEX)),
    **dict.fromkeys("isfinite isinf isnan".split(), unary(NUMBERS)),
    "logical_not": unary(("bool",)),
    "bitwise_invert": unary(BITS),
    **dict.fromkeys("add multiply subtract".split(), binary(NUMBERS)),
    **dict.fromkeys("equal not_equal".split(), binary(ANY)),
    **dict.fromkeys(
        "greater greater_equal less less_equal maximum minimum".split(), binary(ORDERED)
    ),
    **dict.fromkeys("atan2 copysign hypot logaddexp nextafter".split(), binary(REAL)),
    "divide": binary(FLOATS, True),
    **dict.fromkeys("floor_divide remainder".split(), binary(ORDERED, True)),
    **dict.fromkeys("bitwise_and bitwise_or bitwise_xor".split(), binary(BITS)),
    **dict.fromkeys("logical_and logical_or logical_xor".split(), binary(("bool",))),
    **dict.fromkeys(
        "bitwise_left_shift bitwise_right_shift".split(),
        lambda draw: (tuple(np.asarray(np.abs(v) % 5) for v in pair(draw, WHOLE)), {}),
    ),
    "pow": lambda draw: (tuple(np.asarray(np.abs(v) % 4) for v in pair(draw, (*WHOLE, *REAL))), {}),
    "clip": clip,
    **dict.fromkeys("sum prod".split(), reduction(NUMBERS)),
    **dict.fromkeys("max min".split(), reduction(ORDERED, 1)),
    "mean": reduction(REAL, 1),
    **dict.fromkeys("std var".split(), reduction(REAL, 2, correction=st.sampled_from([0.0, 1.0]))),
    **dict.fromkeys("all any count_nonzero".split(), reduction(ANY)),
    **dict.fromkeys("argmax argmin".split(), reduction(ORDERED, 1, several=False)),
    **dict.fromkeys("cumulative_sum cumulative_prod".split(), cumulative),
    **dict.fromkeys(
        "sort argsort".split(), along(ORDERED, descending=st.booleans(), stable=st.just(True))
    ),
    "flip": along(ANY),
    "concat": joined(False),
    "stack": joined(True),
    "unstack": along(ANY),
    "reshape": with_axis(_reshape),
    "roll": with_axis(_roll),
    "repeat": with_axis(_repeat),
    "take": with_axis(_take),
    "take_along_axis": with_axis(_take_along_axis),
    "permute_dims": with_axis(_permute),
    "moveaxis": with_axis(_moveaxis),
    "squeeze": with_axis(_squeeze),
    "broadcast_to": with_axis(_broadcast_to),
    "expand_dims": with_axis(_expand_dims),
    "tile": with_axis(_tile),
    "diff": with_axis(_diff),
    "broadcast_arrays": lambda draw: (pair(draw, ANY), {}),
    **dict.fromkeys("tril triu".split(), with_axis(_triangle, 2)),
    "matrix_transpose": lambda draw: ((one_of(ANY, 2)(draw),), {}),
    "where": where,
    "searchsorted": searchsorted,
    "nonzero": lambda draw: ((one_of(ANY, 1)(draw),), {}),
    **dict.fromkeys(
        "unique_all unique_counts unique_inverse unique_values".split(), unary(("bool", *ORDERED))
    ),
    "arange": numbers,
    "linspace": spaced,
    **dict.fromkeys("zeros ones".split(), filled),
    **dict.fromkeys("zeros_like ones_like".split(), like),
    "eye": _eye,
    "full": _full,
    "full_like": _full_like,
    "meshgrid": _meshgrid,
    "astype": _astype,
    "asarray": _astype_options,
    "matmul": products,
    "tensordot": _tensordot,
    "vecdot": _vecdot,
    "result_type": _dtypes,
    "linalg.cholesky": given_matrix(symmetric, upper=st.booleans()),
    "linalg.det": given_matrix(squares),
    "linalg.slogdet": given_matrix(squares),
    "linalg.inv": given_matrix(squares),
    "linalg.pinv": given_matrix(tall, rtol=st.just(1e-5)),
    "linalg.matrix_rank": given_matrix(tall, rtol=st.just(1e-5)),
    "linalg.eigvalsh": given_matrix(symmetric),
    "linalg.svdvals": given_matrix(tall),
    "linalg.solve": _solve,
    "linalg.matrix_power": _power,
    "linalg.matrix_norm": _matrix_norm,
    "linalg.vector_norm": _vector_norm,
    "linalg.matrix_transpose": lambda draw: ((one_of(ANY, 2)(draw),), {}),
    "linalg.matmul": products,
    "linalg.tensordot": _tensordot,
    "linalg.vecdot": _vecdot,
    "linalg.outer": _outer,
    "linalg.cross": _cross,
    "linalg.diagonal": _offset,
    "linalg.trace": _offset,
    **dict.fromkeys("fft.fft fft.ifft fft.irfft fft.hfft".split(), transform(COMPLEX)),
    **dict.fromkeys("fft.rfft fft.ihfft".split(), transform(REAL)),
    **dict.fromkeys("fft.fftn fft.ifftn fft.irfftn".split(), transforms(COMPLEX)),
    "fft.rfftn": transforms(REAL),
    **dict.fromkeys("fft.fftfreq fft.rfftfreq".split(), _frequencies),
    **dict.fromkeys("fft.fftshift fft.ifftshift".split(), _shift),
}

# Factors that are unique only up to phases: what they multiply to is compared.
FACTORS: dict[str, Draw] = {
    "linalg.eigh": symmetric,
    "linalg.qr": tall,
    "linalg.svd": tall,
}
