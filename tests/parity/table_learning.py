"""The rows of `nn`, `nn.initializers`, `random`, `image` and `ops`, and what no row draws."""

import numpy as np
from draws import (
    Draw,
    array,
    axes,
    axis,
    choice,
    count,
    dtype,
    dtype_of,
    flag,
    mask,
    number,
    values,
)
from engine import Row, Table
from rows_numpy_algebra import Drawn

SHAPES = choice((), (3,), (2, 3), (0,), (2, 0, 1))


def key(d: Draw) -> np.ndarray:
    """A random key by its two words."""
    return d.rng.integers(0, 2**32, 2, dtype=np.uint32)


def _attention(d: Draw) -> Drawn:
    b, t, s, n, h = 2, d.integer(1, 5), d.integer(1, 5), 2, 3
    q = values(d, (b, t, n, h), dtype_of(d, "ff"), False)
    k, v = (values(d, (b, s, n, h), q.dtype, False) for _ in range(2))
    d.first = q
    kwargs: dict = {"is_causal": d.chance(0.5), "scale": 0.5}
    kwargs = {k: v for k, v in kwargs.items() if d.chance(0.4)}
    if d.chance(0.3):
        kwargs["bias"] = values(d, (b, n, t, s), q.dtype, False)
    if d.chance(0.3):
        kwargs["mask"] = d.rng.random((b, n, t, s)) < 0.8
    return (q, k, v), kwargs


REAL = array("iffff")
NN = (
    Row(
        "relu relu6 hard_sigmoid hard_silu hard_swish hard_tanh identity log_sigmoid mish selu"
        " sigmoid silu soft_sign softplus sparse_plus sparse_sigmoid squareplus swish tanh",
        (REAL,),
        tol=4,
    ),
    Row("log1mexp", (array("ff", special=False),), tol=10),
    Row("celu elu", (REAL,), {"alpha": number(0.2, 2)}, tol=4),
    Row("leaky_relu", (REAL,), {"negative_slope": number(0, 1)}),
    Row("gelu", (REAL,), {"approximate": flag}, tol=10),
    Row("glu", (array("ff", ranks=(1, 4), special=False),), {"axis": axis}, tol=4),
    Row("softmax log_softmax", (array("iff"),), {"axis": axes, "where": mask}, tol=10),
    Row(
        "logsumexp logmeanexp",
        (array("iff"),),
        {"axis": axes, "keepdims": flag, "where": mask},
        tol=10,
    ),
    Row(
        "standardize",
        (array("ff", special=False, empty=False),),
        {"axis": axes, "epsilon": number(0.01, 0.1), "where": mask},
        tol=60,
    ),
    Row(
        "one_hot",
        (array("iuf", ranks=(0, 2), special=False), count(0, 6)),
        {"axis": choice(-1, 0, 1), "dtype": dtype()},
    ),
    Row("dot_product_attention", call=_attention, tol=60),
)


def _initial(d: Draw) -> tuple:
    return (key(d), d.pick([(3, 4), (2, 3, 4), (5, 5)]))


def _delta(d: Draw) -> tuple:
    return (key(d), d.pick([(3, 2, 4), (3, 3, 2, 2)]))


FAN = {"in_axis": choice(-2, 0), "out_axis": choice(-1, 1), "dtype": dtype("ffc")}
INITIALIZERS = (
    Row(
        "glorot_normal glorot_uniform he_normal he_uniform kaiming_normal kaiming_uniform"
        " lecun_normal lecun_uniform xavier_normal xavier_uniform",
        (),
        FAN,
        then=_initial,
        checks="jit",
        tol=10,
    ),
    Row("normal uniform", (), {"dtype": dtype("ff")}, then=_initial, checks="jit", tol=10),
    Row("constant", (number(),), {"dtype": dtype("iff")}, then=_initial, checks="jit"),
    Row("truncated_normal", (), {"stddev": number(0.1, 2)}, then=_initial, checks="jit", tol=10),
    Row("orthogonal", (), {"scale": number(0.5, 2)}, then=_initial, checks="jit", tol=200),
    Row("delta_orthogonal", (), {"scale": number(0.5, 2)}, then=_delta, checks="jit", tol=200),
    Row(
        "variance_scaling",
        (
            number(0.5, 2),
            choice("fan_in", "fan_out", "fan_avg"),
            choice("normal", "uniform", "truncated_normal"),
        ),
        {"dtype": dtype("ff")},
        then=_initial,
        checks="jit",
        tol=10,
    ),
    Row("zeros ones", (key, SHAPES), {"dtype": dtype()}, checks="jit"),
)


def _positive(low: float, high: float) -> object:
    def kind(d: Draw) -> object:
        if d.chance(0.4):
            return round(float(d.rng.uniform(low, high)), 3)
        shape = d.pick([(3,), (2, 3), (1, 3)])
        return d.rng.uniform(low, high, shape).astype("float32")

    return kind


P, POS, WIDE = _positive(0.1, 0.9), _positive(0.3, 6), choice((2, 3), (4, 2, 3), (1, 2, 3))
FLOATS = {"shape": SHAPES, "dtype": dtype("ffff")}
DRAWN = {"shape": WIDE}
ONCE = "jit vmap"


def _permuted(d: Draw) -> Drawn:
    x = array("iff", ranks=(1, 3), special=False)(d) if d.chance(0.7) else d.integer(1, 8)
    kwargs = {"axis": axis(d), "independent": d.chance(0.5)} if d.first is not None else {}
    return (key(d), x), {k: v for k, v in kwargs.items() if d.chance(0.5)}


def _chosen(d: Draw) -> Drawn:
    x = (
        array("iff", ranks=(1, 2), special=False, empty=False)(d)
        if d.chance(0.7)
        else d.integer(3, 8)
    )
    n = x if isinstance(x, int) else x.shape[0]
    kwargs: dict = {"shape": d.pick([(), (2,), (2, 1)]), "replace": d.chance(0.6)}
    if d.chance(0.4):
        kwargs["p"] = d.rng.dirichlet(np.ones(n)).astype("float32")
    return (key(d), x), {k: v for k, v in kwargs.items() if d.chance(0.7)}


def _categorical(d: Draw) -> Drawn:
    x = array("ff", ranks=(1, 3), special=False, empty=False)(d)
    kwargs = {"axis": axis(d), "replace": True}
    return (key(d), x), {k: v for k, v in kwargs.items() if d.chance(0.5)}


def _normal_vector(d: Draw) -> Drawn:
    half = d.rng.normal(size=(3, 3))
    mean = values(d, (3,), np.dtype("float32"), False)
    cov = (half @ half.T + np.eye(3)).astype("float32")
    return (key(d), mean, cov), {"shape": (2,)} if d.chance(0.4) else {}


def _dirichlet(d: Draw) -> Drawn:
    return (key(d), (0.5 + 3 * d.rng.random(3)).astype("float32")), {"shape": (2,)} if d.chance(
        0.4
    ) else {}


def _multinomial(d: Draw) -> Drawn:
    return (key(d), float(d.integer(1, 9)), d.rng.dirichlet(np.ones(4)).astype("float32")), {}


RANDOM = (
    Row("bits", (key,), {"shape": SHAPES, "dtype": dtype("u")}, checks=ONCE),
    Row(
        "uniform", (key,), {**FLOATS, "minval": number(-2, 0), "maxval": number(1, 3)}, checks=ONCE
    ),
    Row("normal", (key,), {"shape": SHAPES, "dtype": dtype("fffc")}, checks=ONCE, tol=10),
    Row("cauchy exponential gumbel laplace logistic maxwell", (key,), FLOATS, checks=ONCE, tol=30),
    Row("rademacher", (key,), {"shape": SHAPES, "dtype": dtype("iif")}, checks=ONCE),
    Row("randint", (key, SHAPES, count(-5, 0), count(1, 9)), {"dtype": dtype("iu")}, checks=ONCE),
    Row("bernoulli", (key, P), {"shape": WIDE}, checks=ONCE),
    Row("geometric", (key, P), DRAWN, checks=ONCE),
    Row("poisson", (key, POS), DRAWN, checks=ONCE),
    Row("binomial", (key, _positive(1, 9), P), DRAWN, checks="jit"),
    Row("gamma loggamma chisquare t pareto rayleigh wald", (key, POS), DRAWN, checks=ONCE, tol=60),
    Row("beta f", (key, POS, POS), DRAWN, checks=ONCE, tol=60),
    Row("lognormal", (key,), {"sigma": POS, "shape": WIDE}, checks=ONCE, tol=30),
    Row("generalized_normal", (key, number(0.5, 3)), {"shape": SHAPES}, checks=ONCE, tol=100),
    Row(
        "double_sided_maxwell weibull_min",
        (key, number(0.5, 2), number(0.5, 2)),
        {"shape": SHAPES},
        checks=ONCE,
        tol=60,
    ),
    Row(
        "triangular",
        (key, number(-2, -1), number(-1, 1), number(1, 2)),
        {"shape": SHAPES},
        checks=ONCE,
        tol=30,
    ),
    Row("truncated_normal", (key, number(-2, -1), number(0, 2)), FLOATS, checks=ONCE, tol=60),
    Row(
        "ball",
        (key, count(1, 4)),
        {"shape": choice((), (2,)), "p": choice(1, 2)},
        checks=ONCE,
        tol=100,
    ),
    Row("orthogonal", (key, count(1, 4)), {"shape": choice((), (2,))}, checks="jit", tol=200),
    Row("permutation", call=_permuted, checks=ONCE),
    Row("choice", call=_chosen, checks="jit"),
    Row("categorical", call=_categorical, checks=ONCE),
    Row("multivariate_normal", call=_normal_vector, checks="jit", tol=100),
    Row("dirichlet", call=_dirichlet, checks="jit", tol=60),
    Row("multinomial", call=_multinomial, checks="jit"),
    Row("split", (key,), {"num": choice(1, 3, (2, 2))}, checks=ONCE),
    Row("fold_in", (key, count(0, 99)), checks=ONCE),
    Row("PRNGKey", (count(0, 2**31),), checks="jit"),
    Row("key_data clone", (key,), checks=ONCE),
)
KEYS = "is about keys, not numbers"


def _resized(d: Draw) -> Drawn:
    x = values(d, d.pick([(4, 5), (3, 4, 2)]), dtype_of(d, "iff"), False)
    d.first = x
    shape = (d.integer(1, 7), d.integer(1, 7), *x.shape[2:])
    method = d.pick(["nearest", "linear", "cubic", "lanczos3", "lanczos5", "bilinear"])
    return (x, shape, method), {"antialias": d.chance(0.5)} if d.chance(0.5) else {}


def _translated(d: Draw) -> Drawn:
    x = values(d, (4, 5), dtype_of(d, "ff"), False)
    d.first = x
    # Scales are of the image's precision: JAX computes in that of both.
    wide = x.dtype if x.dtype.itemsize > 2 else np.dtype("float32")
    scale, move = (d.rng.uniform(*ends, 2).astype(wide) for ends in ((0.5, 2), (-1, 1)))
    return (x, (3, 6), (0, 1), scale, move, d.pick(["linear", "cubic", "lanczos3"])), {}


def _segments(d: Draw) -> Drawn:
    x = array("iff", ranks=(1, 3), special=False)(d)
    at = d.rng.integers(-1, 4, d.shape[0]).astype("int32")
    return (x, at), {"num_segments": d.integer(1, 5)} | ({"mode": "clip"} if d.chance(0.2) else {})


TABLES = (
    Table(
        "nn",
        NN,
        {
            "get_scaled_dot_general_config": "is not there",
            "scaled_dot_general": "is not there",
            "scaled_matmul": "has a test of its own: its types are narrow floats",
        },
    ),
    Table("nn.initializers", INITIALIZERS),
    Table("random", RANDOM, dict.fromkeys("key key_dtype key_impl wrap_key_data".split(), KEYS)),
    Table(
        "image",
        (
            Row("resize", call=_resized, tol=60),
            Row("scale_and_translate", call=_translated, tol=60),
        ),
    ),
    Table(
        "ops", (Row("segment_max segment_min segment_prod segment_sum", call=_segments, tol=10),)
    ),
)
