"""Products, sets, statistics, polynomials and bits of `numpy`; `linalg` and `fft`."""

from typing import Any

import jax
import numpy as np
from draws import (
    Draw,
    Kind,
    array,
    axes,
    axis,
    axis_or_none,
    choice,
    count,
    dtype,
    dtype_of,
    flag,
    number,
    python_number,
    values,
)
from engine import Call, Row

Drawn = tuple[tuple[Any, ...], dict[str, Any]]
PLAIN = "iffc"
BATCHES = ((), (), (2,), (2, 1))


def _pair(*shapes: tuple[tuple[int, ...], tuple[int, ...]], kinds: str = "biuffc") -> Any:
    """Two arrays of one of these pairs of shapes."""

    def call(d: Draw) -> Drawn:
        x, y = (values(d, s, dtype_of(d, kinds), False) for s in d.pick(shapes))
        if d.chance(0.3):
            y = values(d, y.shape, x.dtype, False)
        d.first = x
        return (x, y), {}

    return call


MATRICES = (
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((2, 3, 4), (4, 2)),
    ((2, 1, 2, 3), (3, 3, 2)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
    ((2, 3), (2, 3)),
    ((), (3,)),
    ((), ()),
)
VECTORS = (
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((2, 3), (2, 3)),
    ((0,), (0,)),
    ((2, 1, 3), (4, 3)),
    ((3,), (2,)),
)


def _cross(d: Draw) -> Drawn:
    args, _ = _pair(((3,), (3,)), ((2, 3), (3,)), ((2,), (3,)), ((4, 2), (4, 2)), ((3,), (4,)))(d)
    return args, {}


def _tensordot(d: Draw) -> Drawn:
    args, _ = _pair(((2, 3), (3, 2)), ((2, 3, 4), (4, 3)), ((3,), (3,)))(d)
    return args, {"axes": d.pick([0, 1, ((-1,), (0,)), ((1,), (0,)), ((0, 1), (1, 0)), 2])}


def _einsum(d: Draw) -> Drawn:
    text, shapes = d.pick(
        [
            ("ij,jk->ik", ((2, 3), (3, 4))),
            ("ij,jk", ((2, 3), (3, 4))),
            ("ii->i", ((3, 3),)),
            ("ii", ((3, 3),)),
            ("...ij,...jk->...ik", ((2, 2, 3), (3, 4))),
            ("ij->ji", ((2, 3),)),
            ("i,i,i->", ((3,), (3,), (3,))),
            ("ij,ij->i", ((2, 3), (2, 3))),
            ("ij,kl->ijkl", ((2, 1), (1, 3))),
            ("ij,j->i", ((2, 3), (4,))),
        ]
    )
    arrays = [values(d, s, dtype_of(d, PLAIN), False) for s in shapes]
    d.first = arrays[0]
    return (text, *arrays), {}


def _unique(d: Draw) -> Drawn:
    x = array("biuff", ranks=(0, 2))(d)
    names = ("return_index", "return_inverse", "return_counts")
    kwargs: dict[str, Any] = {k: True for k in names if d.chance(0.4)}
    if d.chance(0.3) and d.ndim:
        kwargs["axis"] = axis_or_none(d)
    if d.chance(0.4):
        kwargs["size"] = d.integer(1, 6)
    if "size" in kwargs and d.chance(0.5):
        kwargs["fill_value"] = d.integer(0, 3)
    return (x,), kwargs


def _sets(d: Draw) -> Drawn:
    x = array("iuff", ranks=(0, 2), special=False)(d)
    y = values(d, d.pick([(3,), (2, 2), (0,)]), dtype_of(d, "if"), False)
    kwargs: dict[str, Any] = {"size": d.integer(1, 6)} if d.chance(0.4) else {}
    if kwargs and d.chance(0.5):
        kwargs["fill_value"] = d.integer(0, 3)
    return (x, y), kwargs


def _intersected(d: Draw) -> Drawn:
    args, kwargs = _sets(d)
    return args, kwargs | ({"return_indices": True} if d.chance(0.4) else {})


def _is_in(d: Draw) -> Drawn:
    args, _ = _sets(d)
    method = d.pick(["auto", "compare_all", "binary_search", "sort"])
    return args, {"invert": d.chance(0.5), "method": method}


def _counted(d: Draw) -> Drawn:
    x = np.abs(array("iu", ranks=(1, 1), special=False)(d))
    kwargs: dict[str, Any] = {}
    if d.chance(0.4):
        kwargs["weights"] = values(d, x.shape, dtype_of(d, "iff"), False)
    if d.chance(0.4):
        kwargs["minlength"] = d.integer(0, 6)
    if d.chance(0.4):
        kwargs["length"] = d.integer(1, 6)
    return (x,), kwargs


def _histogram(d: Draw) -> Drawn:
    x = array("iff", special=False)(d)
    bins: Any = d.integer(1, 5)
    if d.chance(0.3):
        bins = np.sort(d.rng.normal(size=4).astype("float32"))
    kwargs: dict[str, Any] = {"bins": bins}
    if d.chance(0.4):
        kwargs["range"] = (-2.0, 3.0)
    if d.chance(0.3):
        kwargs["weights"] = values(d, np.shape(x), dtype_of(d, "f"), False)
    return (x,), kwargs


def _histogram_density(d: Draw) -> Drawn:
    args, kwargs = _histogram(d)
    return args, kwargs | ({"density": True} if d.chance(0.4) else {})


def _histogram2d(d: Draw) -> Drawn:
    n = d.integer(1, 6)
    x, y = (values(d, (n,), dtype_of(d, "ff"), False) for _ in range(2))
    return (x, y), {"bins": d.pick([3, (2, 3)]), "range": ((-2, 2), (-3.0, 3.0))}


def _histogramdd(d: Draw) -> Drawn:
    return (values(d, (d.integer(1, 6), 2), dtype_of(d, "ff"), False),), {"bins": 3}


def _cov(d: Draw) -> Drawn:
    x = values(d, d.pick([(4,), (2, 4), (3, 4), (1, 4)]), dtype_of(d, "iffc"), False)
    d.first = x
    kwargs: dict[str, Any] = {
        "rowvar": d.chance(0.7),
        "bias": d.chance(0.4),
        "ddof": d.pick([None, 0, 1]),
    }
    if d.chance(0.3):
        kwargs["y"] = values(d, x.shape, dtype_of(d, "if"), False)
    n = x.shape[-1] if kwargs["rowvar"] or x.ndim == 1 else x.shape[0]
    if d.chance(0.3):
        kwargs["fweights"] = d.rng.integers(1, 4, n).astype("int32")
    if d.chance(0.3):
        kwargs["aweights"] = d.rng.random(n).astype("float32")
    return (x,), {k: v for k, v in kwargs.items() if v is not None}


def _corrcoef(d: Draw) -> Drawn:
    x = values(d, d.pick([(4,), (2, 4), (3, 4)]), dtype_of(d, "iff"), False)
    return (x,), {"rowvar": True} if d.chance(0.4) else {}


def _gradient(d: Draw) -> Drawn:
    x = array("ffc", ranks=(1, 3), special=False, empty=False)(d)
    if d.chance(0.4):
        return (x, d.pick([2.0, 1, 0.5])), {}
    return (x,), {"axis": axis_or_none(d)} if d.chance(0.5) else {}


def _interp(d: Draw) -> Drawn:
    xp = np.sort(d.rng.normal(size=4)).astype("float32")
    fp = values(d, (4,), dtype_of(d, "iff"), False)
    kwargs: dict[str, Any] = {"left": -1.0, "right": 2.0} if d.chance(0.4) else {}
    if d.chance(0.3):
        kwargs = {"period": 3.0}
    return (array("iff")(d), xp, fp), kwargs


def _trapezoid(d: Draw) -> Drawn:
    y = array("iffc", ranks=(1, 3), special=False)(d)
    kwargs: dict[str, Any] = {"dx": d.pick([1.0, 0.5, 2])} if d.chance(0.4) else {}
    if d.chance(0.3):
        kwargs["x"] = np.sort(d.rng.normal(size=d.shape[-1])).astype("float32")
    elif d.chance(0.4):
        kwargs["axis"] = axis(d)
    return (y,), kwargs


def _diff(d: Draw) -> Drawn:
    x = array("biuffc", ranks=(1, 3))(d)
    kwargs: dict[str, Any] = {"n": d.integer(0, 4), "axis": axis(d)}
    for name in ("prepend", "append"):
        if d.chance(0.2):
            kwargs[name] = python_number(d, "i")
    return (x,), {k: v for k, v in kwargs.items() if d.chance(0.7)}


def _convolved(d: Draw) -> Drawn:
    x, y = (values(d, (d.integer(1, 6),), dtype_of(d, "iuffc"), False) for _ in range(2))
    d.first = x
    return (x, y), {"mode": d.pick(["full", "same", "valid"])} if d.chance(0.7) else {}


def _coefficients(low: int = 1) -> Kind:
    return lambda d: values(d, (d.integer(low, 5),), dtype_of(d, "iffc"), False)


def _fitted(d: Draw) -> Drawn:
    x = np.arange(6, dtype="float32") + d.rng.random(6).astype("float32") / 2
    y = values(d, d.pick([(6,), (6, 2)]), dtype_of(d, "ff"), False)
    return (x, y, d.integer(0, 3)), {}


def _divided(d: Draw) -> Drawn:
    u, v = _coefficients(3)(d), _coefficients(1)(d)
    v[0] = 2
    return (u, v), {}


def _bits(d: Draw) -> Drawn:
    x = d.rng.integers(0, 2, d.pick([(3,), (2, 9), (8,)])).astype(
        d.pick(["uint8", "bool", "int32"])
    )
    d.first = x
    return (x,), {
        k: v
        for k, v in {"axis": axis_or_none(d), "bitorder": d.pick(["big", "little"])}.items()
        if d.chance(0.6)
    }


def _unbits(d: Draw) -> Drawn:
    x = d.rng.integers(0, 256, d.pick([(3,), (2, 2)])).astype("uint8")
    d.first = x
    kwargs = {
        "axis": axis_or_none(d),
        "bitorder": d.pick(["big", "little"]),
        "count": d.pick([3, 9, -2]),
    }
    return (x,), {k: v for k, v in kwargs.items() if d.chance(0.5)}


def _types(d: Draw) -> Drawn:
    return tuple(
        d.pick([dtype()(d), python_number(d, "bifc"), array()(d)]) for _ in range(d.integer(1, 4))
    ), {}


def _along_axis(d: Draw) -> Drawn:
    x = array("iff", ranks=(1, 3), empty=False, special=False)(d)
    return (lambda v: v * 2 + v[0], d.integer(-d.ndim, d.ndim), x), {}


def _over_axes(d: Draw) -> Drawn:
    x = array("iff", ranks=(1, 3), empty=False, special=False)(d)
    return (lambda v, k: v.sum(k), x, d.pick([(0,), (0, -1), (-1,)])), {}


def well(d: Draw, kinds: str = "ffc", n: int | None = None) -> np.ndarray:
    """A matrix far from singular."""
    n = d.integer(1, 4) if n is None else n
    lead = d.pick(BATCHES)
    kind = dtype_of(d, kinds)
    kind = np.dtype("float32") if kind.itemsize < 4 else kind
    x = values(d, (*lead, n, n), kind, False) + 8 * np.eye(n)
    d.first = x.astype(kind)
    return d.first


def _square(d: Draw) -> Drawn:
    return (well(d, "iffc"),), {}


def hermitian(d: Draw) -> np.ndarray:
    x = well(d)
    d.first = (
        (x + np.swapaxes(x.conj(), -1, -2)) / 2 + 6 * np.diag(np.arange(x.shape[-1]))
    ).astype(x.dtype)
    return d.first


def _hermitian_with(kwargs: dict[str, Kind]) -> Any:
    def call(d: Draw) -> Drawn:
        return (hermitian(d),), {k: kind(d) for k, kind in kwargs.items() if d.chance(0.5)}

    return call


def _solved(d: Draw) -> Drawn:
    a = well(d)
    n = a.shape[-1]
    b = values(d, d.pick([(n,), (n, 2), (*a.shape[:-2], n, 1)]), a.dtype, False)
    return (a, b), {}


def _least(d: Draw) -> Drawn:
    a = values(d, (4, 2), np.dtype("float32"), False) + 5 * np.eye(4, 2)
    b = values(d, d.pick([(4,), (4, 2)]), np.dtype("float32"), False)
    return (a.astype("float32"), b), {}


def _tall(d: Draw, kinds: str = "ffc") -> np.ndarray:
    kind = dtype_of(d, kinds)
    kind = np.dtype("float32") if kind.itemsize < 4 else kind
    x = values(d, (*d.pick(BATCHES), *d.pick([(3, 2), (2, 3), (3, 3), (1, 2)])), kind, False)
    d.first = (x + 5 * np.eye(*x.shape[-2:]) * np.arange(1, x.shape[-1] + 1)).astype(kind)
    return d.first


def _of_tall(kwargs: dict[str, Kind]) -> Any:
    def call(d: Draw) -> Drawn:
        return (_tall(d),), {k: kind(d) for k, kind in kwargs.items() if d.chance(0.5)}

    return call


def _norm(d: Draw) -> Drawn:
    x = array("iffc", special=False)(d)
    kwargs: dict[str, Any] = {"keepdims": d.chance(0.5)}
    if d.ndim >= 2 and d.chance(0.5):
        order = d.pick([None, "fro", 1, -1, np.inf, -np.inf, 2, "nuc", 3])
        kwargs |= {"ord": order, "axis": d.pick([(0, 1), (-2, -1), (1, 0)])}
    elif d.chance(0.7):
        order = d.pick([None, 1, 2, 0, np.inf, -np.inf, 3, -1, 0.5, "fro"])
        kwargs |= {"ord": order, "axis": axis_or_none(d)}
    return (x,), kwargs


def by_products(result: Any, call: Call) -> Any:
    """What does not depend on the signs of columns: sizes and products."""
    return [abs(p) for p in jax.tree.leaves(result)]


def _powered(d: Draw) -> Drawn:
    x = well(d, "iffc", 2)
    return ((x / 4).astype(x.dtype), d.integer(-2, 4)), {}


def _chained(d: Draw) -> Drawn:
    shapes = d.pick([((2, 3), (3, 4)), ((3,), (3, 2), (2, 4)), ((2, 3), (3, 1), (1, 2), (2,))])
    arrays = [values(d, s, dtype_of(d, "iffc"), False) for s in shapes]
    d.first = arrays[0]
    return (arrays,), {}


def _tensorsolved(d: Draw) -> Drawn:
    a = values(d, (2, 3, 6), np.dtype("float32"), False) + 6 * np.eye(6).reshape(2, 3, 6)
    return (a.astype("float32"), values(d, (2, 3), np.dtype("float32"), False)), {}


def _tensorinverse(d: Draw) -> Drawn:
    a = values(d, (2, 3, 6), np.dtype("float32"), False) + 6 * np.eye(6).reshape(2, 3, 6)
    return (a.astype("float32"),), {}


def _one_fft(d: Draw) -> Drawn:
    x = array("biffc", ranks=(1, 3), special=False, empty=False)(d)
    kwargs = {
        "n": d.integer(1, 6),
        "axis": axis(d),
        "norm": d.pick([None, "ortho", "forward", "backward"]),
    }
    return (x,), {k: v for k, v in kwargs.items() if d.chance(0.5)}


def _many_fft(least: int) -> Any:
    def call(d: Draw) -> Drawn:
        x = array("iffc", ranks=(least, 3), special=False, empty=False)(d)
        kwargs: dict[str, Any] = (
            {"norm": d.pick([None, "ortho", "forward"])} if d.chance(0.5) else {}
        )
        if d.chance(0.5):
            kwargs["s"] = (d.integer(1, 5), d.integer(1, 5))
            if d.ndim < 2:
                kwargs["s"] = (3,)
            kwargs["axes"] = tuple(range(-len(kwargs["s"]), 0))
        return (x,), kwargs

    return call


PRODUCTS = (
    Row("matmul dot inner outer kron vdot", call=_pair(*MATRICES), tol=4),
    Row("vecdot", call=_pair(*VECTORS), tol=4),
    Row(
        "matvec",
        call=_pair(((2, 3), (3,)), ((2, 2, 3), (2, 3)), ((3,), (3,)), ((0, 3), (3,))),
        tol=4,
    ),
    Row("vecmat", call=_pair(((2,), (2, 3)), ((2, 3), (2, 3, 2)), ((3,), (3,))), tol=4),
    Row("cross", call=_cross, tol=4),
    Row("tensordot", call=_tensordot, tol=4),
    Row("einsum", call=_einsum, tol=4),
)
SETS = (
    Row("unique", call=_unique, checks="jit"),
    Row(
        "unique_all unique_counts unique_inverse unique_values",
        (array("iuff", ranks=(0, 2)),),
        {"size": count(1, 6)},
        checks="jit",
    ),
    Row("union1d setdiff1d setxor1d", call=_sets, checks="jit"),
    Row("intersect1d", call=_intersected, checks="jit"),
    Row("isin", call=_is_in),
    Row(
        "trim_zeros",
        (array("iff", ranks=(1, 1), special=False),),
        {"trim": choice("fb", "f", "b")},
        checks="jit",
    ),
)
STATISTICS = (
    Row("bincount", call=_counted),
    Row("histogram", call=_histogram_density, checks="jit"),
    Row("histogram_bin_edges", call=_histogram, checks="jit"),
    Row("histogram2d", call=_histogram2d, checks="jit"),
    Row("histogramdd", call=_histogramdd, checks="jit"),
    Row("cov", call=_cov, tol=10),
    Row("corrcoef", call=_corrcoef, tol=10, checks="jit vmap"),
    Row("gradient", call=_gradient, tol=4),
    Row("interp", call=_interp, tol=4),
    Row("trapezoid", call=_trapezoid, tol=10),
    Row(
        "unwrap",
        (array("iff", ranks=(1, 3), special=False),),
        {"axis": axis, "period": choice(2.0, 6.28)},
        tol=10,
    ),
    Row("diff", call=_diff),
    Row("ediff1d", (array("iff", special=False),), {"to_end": number(), "to_begin": number()}),
)
POLYNOMIALS = (
    Row("convolve correlate", call=_convolved, tol=4),
    Row("polyadd polysub polymul", (_coefficients(), _coefficients()), tol=4),
    Row("polydiv", call=_divided, tol=100, checks="jit vmap"),
    Row("polyder", (_coefficients(2),), {"m": count(0, 3)}),
    Row("polyint", (_coefficients(),), {"m": count(0, 3), "k": number()}),
    Row(
        "polyval", (_coefficients(), array("iffc", special=False)), {"unroll": choice(1, 4)}, tol=10
    ),
    Row("poly", (_coefficients(),), tol=10, checks="jit"),
    Row("polyfit", call=_fitted, tol=300, checks="jit"),
    Row("roots", (_coefficients(1),), tol=1e6, checks="", values=False),
    Row(
        "vander",
        (array("iffc", ranks=(1, 1), special=False),),
        {"N": count(0, 5), "increasing": flag},
    ),
)
BITS = (
    Row("packbits", call=_bits),
    Row("unpackbits", call=_unbits),
)
OTHERS = (
    Row("apply_along_axis", call=_along_axis),
    Row("apply_over_axes", call=_over_axes),
    Row("result_type", call=_types, checks=""),
    Row("promote_types", (dtype(), dtype()), checks=""),
    Row("can_cast", (dtype(), dtype()), checks=""),
    Row(
        "broadcast_shapes",
        (choice((2, 3), (1,), ()), choice((3,), (1, 1), (2,)), choice((1,), 3)),
        checks="",
    ),
    Row("isscalar", (array(),), checks=""),
)
LINALG = (
    Row("det slogdet inv", call=_square, tol=20),
    Row("cholesky", call=_hermitian_with({"upper": flag, "symmetrize_input": flag}), tol=20),
    Row("eigvalsh", call=_hermitian_with({"UPLO": choice("L", "U")}), tol=20),
    Row(
        "eigh",
        call=_hermitian_with({"UPLO": choice("L", "U")}),
        tol=40,
        view=by_products,
        checks="jit vmap",
    ),
    Row("eig eigvals", call=_square, values=False, checks="jit"),
    Row("solve", call=_solved, tol=20),
    Row("lstsq", call=_least, tol=100, checks="jit"),
    Row(
        "qr",
        call=_of_tall({"mode": choice("reduced", "complete", "r", "raw")}),
        tol=40,
        view=by_products,
        checks="jit vmap",
    ),
    Row(
        "svd",
        call=_of_tall({"full_matrices": flag, "compute_uv": flag}),
        tol=40,
        view=by_products,
        checks="jit vmap",
    ),
    Row("svdvals pinv cond matrix_rank", call=_of_tall({}), tol=100),
    Row("norm", call=_norm, tol=20),
    Row(
        "vector_norm",
        (array("iffc", special=False),),
        {"axis": axes, "keepdims": flag, "ord": choice(1, 2, 3, 0, np.inf)},
        tol=20,
    ),
    Row(
        "matrix_norm",
        (array("iffc", ranks=(2, 3), special=False),),
        {"keepdims": flag, "ord": choice("fro", 1, np.inf, 2, "nuc")},
        tol=20,
    ),
    Row("matrix_power", call=_powered, tol=40),
    Row("multi_dot", call=_chained, tol=10),
    Row("tensorsolve", call=_tensorsolved, tol=40),
    Row("tensorinv", call=_tensorinverse, tol=40),
    Row("matmul outer", call=_pair(((2, 3), (3, 4)), ((3,), (3,)), ((2,), (3,))), tol=4),
    Row("vecdot", call=_pair(*VECTORS), tol=4),
    Row("cross", call=_cross, tol=4),
    Row("tensordot", call=_tensordot, tol=4),
    Row("matrix_transpose", (array(),)),
    Row("diagonal", (array(),), {"offset": count(-2, 3)}),
    Row("trace", (array(special=False),), {"offset": count(-2, 3), "dtype": dtype("iff")}, tol=4),
)
FFT = (
    Row("fft ifft rfft irfft hfft ihfft", call=_one_fft, tol=20),
    Row("fft2 ifft2 rfft2 irfft2", call=_many_fft(2), tol=20),
    Row("fftn ifftn rfftn irfftn", call=_many_fft(1), tol=20),
    Row(
        "fftfreq rfftfreq", (count(1, 7),), {"d": number(0.5, 2), "dtype": dtype("f")}, checks="jit"
    ),
    Row("fftshift ifftshift", (array(),), {"axes": axes}),
)
