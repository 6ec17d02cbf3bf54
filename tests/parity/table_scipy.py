"""The rows of `scipy`, and what no row draws."""

import numpy as np
from draws import (
    Draw,
    Kind,
    array,
    axis,
    axis_or_none,
    choice,
    count,
    dtype_of,
    flag,
    mapped,
    mask,
    other,
    values,
)
from engine import Row, Table
from rows_numpy_algebra import Drawn, by_products, hermitian, well


def _in(low: float, high: float, first: bool = False) -> Kind:
    """Numbers of an interval: the first array, or one that broadcasts with it."""
    kind = array("ff", special=False, scalar=0.1) if first else other("ff", special=False, misfit=0)

    def squeezed(x: np.ndarray) -> np.ndarray:
        return low + (high - low) / (1 + np.exp(-np.asarray(x, np.float64)))

    def number_or_array(d: Draw) -> object:
        x = kind(d)
        if not isinstance(x, np.ndarray):
            return round(float(squeezed(x)), 3)
        made = squeezed(x).astype(x.dtype)
        if first:
            d.first = made
        return made

    return number_or_array


def _whole(low: int, high: int) -> Kind:
    """Integers of a range, as integers or as floats."""

    def kind(d: Draw) -> object:
        shape = d.pick([(), (3,), (2, 3)]) if d.first is None else d.shape
        x = d.rng.integers(low, high, shape).astype(d.pick(["int32", "float32"]))
        if d.first is None:
            d.first = x
        return x

    return kind


def _logsumexp(d: Draw) -> Drawn:
    x = array("iff")(d)
    kwargs = {
        "axis": axis_or_none(d),
        "keepdims": d.chance(0.5),
        "return_sign": d.chance(0.5),
        "where": mask(d),
        "b": other("ff", special=False, misfit=0)(d),
    }
    return (x,), {k: v for k, v in kwargs.items() if d.chance(0.35)}


SPECIAL = (
    Row(
        "dawsn digamma entr erf erfc erfcx expi expit fresnel gamma gammaln gammasgn i0 i0e i1 i1e"
        " log_ndtr loggamma ndtr sici",
        (array("iffff"),),
        tol=20,
    ),
    Row("spence", (_in(0.05, 6, True),), tol=20),
    Row("erfinv", (_in(-1, 1, True),), tol=20),
    Row("logit ndtri", (_in(0, 1, True),), tol=20),
    Row("exp1", (_in(0.1, 8, True),), tol=20),
    Row("wofz", (array("fc", special=False),), tol=50),
    # JAX computes these numbers in float32.
    Row("bernoulli", (count(0, 8),), tol=1e5, checks="jit"),
    Row("bessel_jn", (_in(0.2, 6, True),), {}, tol=100),
    Row("beta betaln", (_in(0.1, 5, True), _in(0.1, 5)), tol=30),
    Row("betainc", (_in(0.2, 5, True), _in(0.2, 5), _in(0.02, 0.98)), tol=60, checks="jit vmap"),
    Row("boxcox", (_in(0.1, 5, True), _in(-2, 2)), tol=30),
    Row("boxcox1p", (_in(0.1, 5, True), _in(-2, 2)), tol=30),
    Row("comb", (_whole(0, 9), _whole(0, 9)), {"repetition": flag}, tol=30, checks="jit vmap"),
    Row("factorial", (array("iff", special=False),), tol=30),
    Row("expn", (_whole(0, 4), _in(0.2, 5)), tol=60),
    Row("gammainc gammaincc", (_in(0.2, 5, True), _in(0.2, 5)), tol=60),
    Row("hyp1f1", (_in(0.2, 3, True), _in(0.5, 3), _in(-2, 2)), tol=100, checks="jit vmap"),
    Row(
        "hyp2f1",
        (_in(0.2, 2, True), _in(0.2, 2), _in(2.5, 4), _in(-0.5, 0.5)),
        tol=300,
        checks="jit vmap",
    ),
    Row("kl_div rel_entr", (_in(0.0, 3, True), _in(0.1, 3)), tol=20),
    Row("xlog1py xlogy", (array("ff", special=False), _in(0.1, 4)), tol=10),
    Row("log_softmax softmax", (array("iff"),), {"axis": axis_or_none}, tol=10),
    Row("logsumexp", call=_logsumexp, tol=20),
    Row("multigammaln", (_in(2.5, 6, True), choice(1, 2, 3)), tol=30),
    Row("owens_t", (_in(-3, 3, True), _in(-2, 2)), tol=60),
    Row("poch", (_in(0.5, 4, True), _in(0.2, 3)), tol=60),
    Row("polygamma", (_whole(0, 4), _in(0.3, 6)), tol=100),
    Row("zeta", (_in(1.2, 6, True), _in(0.3, 5)), tol=60, checks="jit vmap"),
)


def _family(names: str, *parameters: Kind, x: Kind | None = None, tol: float = 30) -> Row:
    """Functions of a point, parameters, and where to and how wide it is moved."""
    moved = {"loc": _in(-2, 2), "scale": _in(0.3, 3)}
    return Row(names, (x or _in(-4, 4, True), *parameters), moved, tol=tol)


def _still(names: str, *parameters: Kind, x: Kind | None = None, tol: float = 30) -> Row:
    """Functions of a point and parameters."""
    return Row(names, (x or _in(-4, 4, True), *parameters), tol=tol)


def _prefixed(prefix: str, functions: str) -> str:
    return " ".join(f"{prefix}.{f}" for f in functions.split())


UP, UNIT = _in(0.1, 5, True), _in(0.02, 0.98, True)
COUNTS = _whole(0, 6)
SHAPE = _in(0.4, 4)
ODDS = _in(0.05, 0.95)


def _dirichlet(d: Draw) -> Drawn:
    alpha = (0.5 + d.rng.random(3) * 3).astype("float32")
    x = d.rng.dirichlet(np.ones(3)).astype("float32")
    d.first = x
    return (x, alpha), {}


def _multinomial(d: Draw) -> Drawn:
    x = d.rng.integers(0, 4, 3).astype("int32")
    p = d.rng.dirichlet(np.ones(3)).astype("float32")
    return (x, x.sum() + np.int32(d.integer(0, 2)), p), {}


def _multivariate(d: Draw) -> Drawn:
    x = values(d, d.pick([(3,), (2, 3)]), np.dtype("float32"), False)
    d.first = x
    mean = values(d, (3,), np.dtype("float32"), False)
    half = d.rng.normal(size=(3, 3))
    return (x, mean, (half @ half.T + np.eye(3)).astype("float32")), {}


ALL = "cdf logcdf logpdf logsf pdf sf"
STATS = (
    Row(
        "mode",
        (array("iff", ranks=(1, 2), special=False, empty=False),),
        {"axis": axis, "keepdims": flag},
        checks="jit",
    ),
    Row(
        "rankdata",
        (array("iff", ranks=(1, 2), special=False, empty=False),),
        {"method": choice("average", "min", "max", "dense", "ordinal")},
        checks="jit",
    ),
    Row(
        "sem",
        (array("ff", ranks=(1, 3), special=False, empty=False),),
        {"axis": axis, "ddof": count(0, 2)},
        tol=10,
    ),
    Row(
        _prefixed("bernoulli", "logpmf pmf cdf"),
        (
            _whole(0, 2),
            ODDS,
        ),
        {"loc": choice(0, 1)},
        tol=10,
    ),
    Row("bernoulli.ppf", (UNIT, ODDS), tol=10),
    _family(_prefixed("beta", ALL), SHAPE, SHAPE, x=UNIT, tol=100),
    Row("betabinom.pmf betabinom.logpmf", (COUNTS, choice(6, 8), SHAPE, SHAPE), tol=100),
    Row(
        _prefixed("binom", "logpmf pmf"),
        (COUNTS, choice(6, 8), ODDS),
        {"loc": choice(0, 1)},
        tol=60,
    ),
    _family(_prefixed("cauchy", ALL)),
    _family(_prefixed("cauchy", "isf ppf"), x=UNIT),
    _family(_prefixed("chi2", ALL), SHAPE, x=UP, tol=100),
    Row(_prefixed("dirichlet", "logpdf pdf"), call=_dirichlet, tol=30),
    _family(_prefixed("expon", ALL), x=UP),
    _family("expon.ppf", x=UNIT),
    _family(_prefixed("gamma", ALL), SHAPE, x=UP, tol=100),
    _still(_prefixed("gennorm", "cdf logpdf pdf"), SHAPE, tol=100),
    Row(_prefixed("geom", "logpmf pmf"), (_whole(1, 6), ODDS), {"loc": choice(0, 1)}, tol=30),
    *(_family(_prefixed(f"gumbel_{s}", ALL), tol=60) for s in "lr"),
    *(_family(f"gumbel_{s}.ppf", x=UNIT, tol=60) for s in "lr"),
    _family(_prefixed("laplace", "cdf logpdf pdf")),
    _family(_prefixed("logistic", "cdf logpdf pdf sf")),
    _family(_prefixed("logistic", "isf ppf"), x=UNIT),
    Row(_prefixed("multinomial", "logpmf pmf"), call=_multinomial, tol=60),
    Row(_prefixed("multivariate_normal", "logpdf pdf"), call=_multivariate, tol=60),
    Row(
        _prefixed("nbinom", "logpmf pmf"),
        (COUNTS, choice(3, 5), ODDS),
        {"loc": choice(0, 1)},
        tol=60,
    ),
    _family(_prefixed("norm", ALL), tol=60),
    _family(_prefixed("norm", "isf ppf"), x=UNIT),
    _family(_prefixed("pareto", ALL), SHAPE, x=_in(1.1, 6, True), tol=60),
    _family("pareto.ppf", SHAPE, x=UNIT, tol=60),
    Row(_prefixed("poisson", "cdf logpmf pmf"), (COUNTS, SHAPE), {"loc": choice(0, 1)}, tol=60),
    _family(_prefixed("t", "logpdf pdf"), SHAPE, tol=60),
    Row(_prefixed("truncnorm", ALL), (_in(-2, 2, True), _in(-4, -2), _in(2, 4)), tol=100),
    _family(_prefixed("uniform", "cdf logpdf pdf")),
    _family("uniform.ppf", x=UNIT),
    _still(_prefixed("vonmises", "logpdf pdf"), SHAPE),
    _still(_prefixed("wrapcauchy", "logpdf pdf"), ODDS, x=UP),
)


def _one_square(d: Draw) -> Drawn:
    return (well(d),), {}


def _small(d: Draw) -> Drawn:
    x = well(d)
    return ((x / 4).astype(x.dtype),), {}


def _pair(d: Draw) -> Drawn:
    x = well(d, "ff", 2)[..., :2, :2]
    x = x.reshape(-1, 2, 2)[0]
    return ((x / 4).astype(x.dtype), values(d, x.shape, x.dtype, False)), {}


def _equations(d: Draw) -> Drawn:
    a = well(d)
    a = a.reshape(-1, *a.shape[-2:])[0]
    b = values(d, d.pick([(a.shape[-1],), (a.shape[-1], 2)]), a.dtype, False)
    return (a, b), {}


def _solved(d: Draw) -> Drawn:
    (a, b), _ = _equations(d)
    return (a, b), {"lower": d.chance(0.5)} if d.chance(0.4) else {}


def _triangular(d: Draw) -> Drawn:
    (a, b), _ = _equations(d)
    kwargs = {
        "trans": d.pick([0, 1, 2, "N", "T"]),
        "lower": d.chance(0.5),
        "unit_diagonal": d.chance(0.3),
    }
    return (a, b), {k: v for k, v in kwargs.items() if d.chance(0.6)}


def _positive(d: Draw) -> Drawn:
    return (hermitian(d),), {"lower": d.chance(0.5)} if d.chance(0.6) else {}


def _symmetric(d: Draw) -> Drawn:
    kwargs = {"eigvals_only": d.chance(0.6), "lower": d.chance(0.5)}
    return (hermitian(d),), {k: v for k, v in kwargs.items() if d.chance(0.6)}


def _sylvester(d: Draw) -> Drawn:
    a, b = (values(d, (n, n), np.dtype("float32"), False) + 8 * np.eye(n) for n in (2, 3))
    return (
        a.astype("float32"),
        b.astype("float32"),
        values(d, (2, 3), np.dtype("float32"), False),
    ), {}


def _blocks(d: Draw) -> Drawn:
    return tuple(
        values(d, d.pick([(2, 2), (1, 3), (2,), ()]), dtype_of(d, "iffc"), False)
        for _ in range(d.integer(1, 4))
    ), {}


def _tridiagonal(d: Draw) -> Drawn:
    dtype = d.pick(["float32", "complex64"])
    n = d.integer(1, 7)
    args = tuple(values(d, (k,), np.dtype(dtype), False) for k in (n, n - 1))
    kwargs = {"eigvals_only": d.chance(0.5)}
    return args, kwargs | ({"select": "i", "select_range": (0, n // 2)} if d.chance(0.5) else {})


VECTOR = array("iffc", ranks=(1, 1), special=False, empty=False)
LINALG = (
    Row("block_diag", call=_blocks),
    Row("det inv", call=_one_square, tol=30),
    Row("expm", call=_small, tol=60),
    Row("sqrtm", call=_one_square, tol=100, checks="jit"),
    Row("expm_frechet", call=_pair, tol=100, checks="jit vmap"),
    Row("cholesky cho_factor", call=_positive, tol=30),
    Row("eigh", call=_symmetric, tol=60, view=by_products, checks="jit vmap"),
    Row("eigh_tridiagonal", call=_tridiagonal, tol=60, view=by_products, checks="jit vmap"),
    Row("lu_factor lu", call=_one_square, tol=30, checks="jit vmap"),
    Row("qr", call=_one_square, tol=60, view=by_products, checks="jit vmap"),
    Row("svd", call=_one_square, tol=60, view=by_products, checks="jit vmap"),
    Row("polar hessenberg schur", call=_one_square, tol=200, view=by_products, checks="jit"),
    Row("solve", call=_solved, tol=30),
    Row("solve_triangular", call=_triangular, tol=100),
    Row("solve_sylvester", call=_sylvester, tol=100, checks="jit"),
    Row("toeplitz hankel", (VECTOR,), {"r": other("iff", misfit=0, special=False, scalar=0)}),
    Row("circulant fiedler", (VECTOR,)),
    Row(
        "companion fiedler_companion",
        (mapped(lambda x: np.concatenate([np.full(3, 2, x.dtype), x]), VECTOR),),
    ),
    Row("convolution_matrix", (VECTOR, count(1, 4)), {"mode": choice("full", "same", "valid")}),
    Row(
        "leslie",
        (
            lambda d: values(d, (3,), np.dtype("float32"), False),
            lambda d: values(d, (2,), np.dtype("float32"), False),
        ),
    ),
    Row("dft", (count(1, 6),), {"scale": choice(None, "sqrtn", "n")}, checks="jit", tol=10),
    Row("hadamard", (choice(1, 2, 4),), checks="jit"),
    Row("helmert", (count(2, 5),), {"full": flag}, checks="jit", tol=10),
    Row("hilbert invhilbert", (count(1, 5),), checks="jit", tol=10),
    Row(
        "pascal invpascal",
        (count(1, 5),),
        {"kind": choice("symmetric", "lower", "upper")},
        checks="jit",
    ),
)


def _signals(*shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> object:
    def call(d: Draw) -> Drawn:
        x, y = (values(d, s, dtype_of(d, "iffc"), False) for s in d.pick(shapes))
        d.first = x
        return (x, y), {"mode": d.pick(["full", "same", "valid"])} if d.chance(0.7) else {}

    return call


def _signals2(d: Draw) -> Drawn:
    args, kwargs = _signals(((4, 5), (2, 3)), ((3, 3), (3, 3)))(d)
    return args, kwargs


def _spectrum(d: Draw) -> Drawn:
    x = values(d, d.pick([(32,), (2, 24)]), dtype_of(d, "ff"), False)
    d.first = x
    kwargs = {
        "nperseg": d.pick([8, 12]),
        "window": d.pick(["hann", "boxcar"]),
        "scaling": d.pick(["density", "spectrum"]),
        "detrend": d.pick(["constant", False]),
    }
    return (x,), {"nperseg": 8} | {k: v for k, v in kwargs.items() if d.chance(0.5)}


def _cross_spectrum(d: Draw) -> Drawn:
    (x,), kwargs = _spectrum(d)
    return (x, values(d, x.shape, x.dtype, False)), kwargs


def _short_time(d: Draw) -> Drawn:
    (x,), kwargs = _spectrum(d)
    kwargs.pop("scaling", None)
    return (x,), kwargs


def _detrended(d: Draw) -> Drawn:
    x = values(d, d.pick([(8,), (2, 6)]), dtype_of(d, "ff"), False)
    d.first = x
    return (x,), {"type": d.pick(["linear", "constant"])} if d.chance(0.6) else {}


SIGNAL = (
    Row("convolve correlate", call=_signals(((6,), (3,)), ((3,), (5,)), ((4, 3), (2, 2))), tol=20),
    Row("fftconvolve", call=_signals(((6,), (3,)), ((4, 3), (2, 2))), tol=100),
    Row("convolve2d correlate2d", call=_signals2, tol=20),
    Row("detrend", call=_detrended, tol=60),
    Row("welch", call=_spectrum, tol=100, checks="jit"),
    Row("csd", call=_cross_spectrum, tol=100, checks="jit"),
    Row("stft", call=_short_time, tol=100, checks="jit"),
)


def _cosine(d: Draw) -> Drawn:
    x = array("iff", ranks=(1, 3), special=False, empty=False)(d)
    kwargs = {"axis": axis(d), "n": d.integer(1, 6), "norm": d.pick([None, "ortho"])}
    return (x,), {k: v for k, v in kwargs.items() if d.chance(0.5)}


def _cosines(d: Draw) -> Drawn:
    x = array("iff", ranks=(1, 3), special=False, empty=False)(d)
    return (x,), {"norm": d.pick([None, "ortho"])} if d.chance(0.5) else {}


def _mapped_at(d: Draw) -> Drawn:
    x = values(d, (4, 5), dtype_of(d, "iff"), False)
    d.first = x
    at = [d.rng.uniform(-1, 5, 6).astype("float32") for _ in range(2)]
    mode = d.pick(["constant", "nearest", "wrap", "mirror", "reflect"])
    return (x, at, d.integer(0, 2)), {"mode": mode, "cval": d.pick([0.0, 2.0])}


def _trapezoid(d: Draw) -> Drawn:
    y = array("iff", ranks=(1, 3), special=False)(d)
    return (y,), {"dx": 0.5} if d.chance(0.4) else {}


def _code(d: Draw) -> Drawn:
    x, y = (values(d, (n, 3), np.dtype("float32"), False) for n in (5, 2))
    return (x, y), {}


TABLES = (
    Table(
        "scipy.special",
        SPECIAL,
        {
            "sph_harm_y": "has a test of its own: its sizes are static",
            "lpmn": "has a test of its own: its sizes are static",
            "lpmn_values": "has a test of its own: its sizes are static",
        },
    ),
    Table("scipy.stats", STATS),
    Table(
        "scipy.linalg",
        LINALG,
        dict.fromkeys(
            "cho_solve lu_solve qr_multiply rsf2csf funm".split(),
            "takes what another function gave: has a test of its own",
        ),
    ),
    Table("scipy.signal", SIGNAL, {"istft": "takes what `stft` gave: has a test of its own"}),
    Table(
        "scipy.fft",
        (Row("dct idct", call=_cosine, tol=30), Row("dctn idctn", call=_cosines, tol=30)),
    ),
    Table("scipy.ndimage", (Row("map_coordinates", call=_mapped_at, tol=30),)),
    Table("scipy.integrate", (Row("trapezoid", call=_trapezoid, tol=10),)),
    Table("scipy.cluster.vq", (Row("vq", call=_code, tol=30, checks="jit"),)),
)
