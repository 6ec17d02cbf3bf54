"""Switches as contexts, types of values, and evaluation while tracing: against JAX."""

import gc
import logging

import jax
import numpy as np
import pytest
from jax import numpy as jnp

import pullback as pb
from pullback import numpy as pnp
from pullback import options
from pullback.lax import DotAlgorithm, DotAlgorithmPreset

X = np.ones((3, 3), np.float32)


def precisions(p, f, name):
    with p.default_matmul_precision(name):
        eqns = p.make_jaxpr(f)(X).jaxpr.eqns
    return [str(e.params["precision"]) for e in eqns if "precision" in e.params]


@pytest.mark.parametrize("name", ["default", "high", "highest", "tensorfloat32", "float32", None])
def test_products_have_the_default_precision(name):
    def f(p):
        def g(x):
            high = p.lax.dot(x, x, precision="high")
            conv = p.lax.conv(x[None, None], x[None, None], (1, 1), "SAME")
            return x @ x, p.numpy.einsum("ij,jk,kl", x, x, x), high, conv

        return g

    found, wanted = precisions(pb, f(pb), name), precisions(jax, f(jax), name)
    assert sorted(found) == sorted(wanted)
    with pb.default_matmul_precision(name):
        np.testing.assert_array_equal(pb.jit(f(pb))(X)[0], X @ X)
        np.testing.assert_array_equal(pb.grad(lambda x: pnp.sum(x @ x))(X), 6 * X)


def test_precisions_may_be_algorithms():
    for how in (*DotAlgorithmPreset, DotAlgorithm(np.float32, np.float32, np.float32)):
        y = pb.lax.dot_general(X, X, (((1,), (0,)), ((), ())), precision=how)
        np.testing.assert_array_equal(y, X @ X)
    with pytest.raises(ValueError, match=r"precision: one of .* is wanted, got 'best'"):
        pb.lax.dot(X, X, precision="best")


def test_promotion_of_ranks_and_dtypes():
    with pb.numpy_rank_promotion("raise"), pytest.raises(ValueError, match="ranks"):
        pnp.asarray(X) + pnp.ones(3)
    with (
        pb.numpy_dtype_promotion("strict"),
        pytest.raises(pb.dtypes.TypePromotionError, match="strict"),
    ):
        pnp.asarray(X) + pnp.ones((3, 3), int)
    assert (pnp.asarray(X) + pnp.ones(3)).shape == (3, 3)


CHOSEN = ["numpy_rank_promotion", "numpy_dtype_promotion", "default_matmul_precision"]


@pytest.mark.parametrize("p", (pb, jax))
@pytest.mark.parametrize("option", CHOSEN)
def test_choices_are_checked_at_once(p, option):
    before = p.config.values[f"jax_{option}"]
    with pytest.raises(ValueError, match="maybe"):
        p.config.update(f"jax_{option}", "maybe")
    with pytest.raises(ValueError, match="maybe"):
        getattr(p, option)("maybe")
    assert p.config.values[f"jax_{option}"] == before


class Undecided:
    def __bool__(self):
        raise ValueError("neither")


@pytest.mark.parametrize("p", (pb, jax))
def test_truths_are_taken_from_what_is_given(p):
    for given, wanted in ((2, True), ("", False)):
        with p.debug_nans(given):
            assert p.config.jax_debug_nans is wanted
    for refused in (lambda: p.config.update("jax_debug_nans", Undecided()),
                    lambda: p.debug_nans(Undecided())):  # fmt: skip
        with pytest.raises(ValueError, match="neither"):
            refused()
    assert p.config.jax_debug_nans is False


@pytest.mark.parametrize("p", (pb, jax))
def test_options_are_not_assigned(p):
    for option in ("jax_enable_x64", "jax_debug_nans", "jax_platforms"):
        with pytest.raises(AttributeError):
            setattr(p.config, option, True)
        assert not p.config.values[option] or option == "jax_platforms"
    with pytest.raises(AttributeError):
        p.config.update("jax_no_such_option", 1)


def test_loggers_have_the_level_asked_for():
    for p, name in ((pb, "pullback"), (jax, "jax")):
        before = logging.getLogger(name).level
        p.config.update("jax_logging_level", "ERROR")
        assert logging.getLogger(name).level == logging.ERROR
        p.config.update("jax_logging_level", "NOTSET")
        logging.getLogger(name).setLevel(before)


VALUES = [1.0, 3, True, 2j, np.float32(1), np.ones((2, 3), np.int32), np.zeros(0, bool)]


@pytest.mark.parametrize("x", VALUES, ids=str)
def test_typeof_is_jax(x):
    assert repr(pb.typeof(x)) == repr(jax.typeof(x))
    assert repr(pb.typeof(pnp.asarray(x))) == repr(jax.typeof(jnp.asarray(x)))


def test_typeof_traced_values():
    found = []
    pb.jit(lambda x: found.append(pb.typeof(x)) or x)(X)
    pb.vmap(lambda x: found.append(pb.typeof(x)) or x)(X)
    assert [a.shape for a in found] == [(3, 3), (3,)]
    with pytest.raises(TypeError, match="typeof: argument is 'a' of type str"):
        pb.typeof("a")


def test_evaluation_while_tracing():
    def f(p):
        def g(x):
            with p.ensure_compile_time_eval():
                n = int(p.numpy.sum(p.numpy.arange(4)))
            return x * n if n > 3 else x

        return p.make_jaxpr(g)(1.0), p.jit(g)(2.0), p.grad(g)(2.0), p.vmap(g)(np.ones(2))

    ours, theirs = f(pb), f(jax)
    assert len(ours[0].eqns) == len(theirs[0].eqns) == 1
    for a, b in zip(ours[1:], theirs[1:], strict=True):
        np.testing.assert_array_equal(a, b)


def test_traced_values_are_traced_among_known_ones():
    def f(p):
        def g(x):
            with p.ensure_compile_time_eval():
                n = p.numpy.arange(4.0)
                y = p.jit(lambda v: v * n)(x)
                slope = p.grad(lambda v: v**2)(3.0)
                known = p.jit(p.numpy.sum)(n)
            assert float(slope) == float(known) == 6.0
            return y + slope

        return p.jit(g)(2.0), p.grad(lambda x: p.numpy.sum(g(x)))(2.0), p.vmap(g)(np.ones(2))

    for a, b in zip(f(pb), f(jax), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_is_compiled_is_logged_where_that_is_asked_for(caplog):
    f = pb.jit(lambda x: pnp.sin(x) * 1.2345)
    with pb.log_compiles():
        f(X)
    said = [(r.name, r.levelname, r.getMessage().split(" in ")[0]) for r in caplog.records]
    assert said == [
        ("pullback", "WARNING", "Finished tracing <lambda> for jit"),
        ("pullback", "WARNING", "Finished compilation of jit(<lambda>)"),
    ]
    caplog.clear()
    with pb.log_compiles():
        f(X)
    pb.jit(lambda x: pnp.cos(x))(X)
    assert not caplog.records


def test_options_may_stand_on_the_command_line(monkeypatch):
    options = ["--jax_numpy_rank_promotion=warn", "--jax_disable_jit", "--other=1", "rest"]
    monkeypatch.setattr("sys.argv", ["program", *options])
    pb.config.parse_flags_with_absl()
    try:
        assert pb.config.jax_numpy_rank_promotion == "warn" and pb.config.jax_disable_jit
    finally:
        pb.config.update("jax_numpy_rank_promotion", "allow")
        pb.config.update("jax_disable_jit", False)
    assert pb.config.x64_enabled is False
    with pb.enable_x64():
        assert pb.config.x64_enabled is True


@pytest.fixture
def few_objects():
    """Looking for leaks walks all objects the collector knows: here those of the test alone."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("few_objects")
@pytest.mark.parametrize("p", (pb, jax))
def test_leaks_are_looked_for_where_that_is_asked_for(p):
    kept = []

    def leaks(x):
        kept.append(x * 2)
        return x

    for transform in (p.jit, p.vmap):
        with p.checking_leaks(), pytest.raises(Exception, match="Leaked"):
            transform(leaks)(np.ones(3, np.float32))
        kept.clear()
    with p.check_tracer_leaks():
        f = p.jit(lambda x: p.nn.relu(p.vmap(p.grad(p.numpy.sin))(x)))
        step = p.jit(lambda x: p.lax.scan(lambda c, v: (c + v, c), 0.0, x)[0])
        assert float(step(f(np.zeros(3, np.float32)))) == 3.0
    p.jit(leaks)(1.0)
    kept.clear()


IGNORED = (
    ("jax_use_shardy_partitioner", True),
    ("jax_include_full_tracebacks_in_locations", False),
    ("jax_optimization_level", "O1"),
    ("jax_persistent_cache_min_compile_time_secs", 0.5),
    ("jax_traceback_filtering", "off"),
)


@pytest.mark.parametrize(("option", "value"), IGNORED)
def test_options_that_change_nothing_are_remembered(option, value):
    found = []
    for config in (pb.config, jax.config):
        before = config.values[option]
        config.update(option, value)
        found.append(config.values[option])
        config.update(option, before)
    assert found[0] == found[1] == value


def test_remembered_options_are_as_jax_has_them():
    ours, theirs = pb.config.values, jax.config.values
    for name in options.REMEMBERED:
        key = f"jax_{name}"
        assert ours[key] == theirs[key], key
    assert options.FIXED.keys() <= {name.removeprefix("jax_") for name in theirs}


def test_options_of_one_value():
    for name, allowed in options.FIXED.items():
        for value in allowed:
            pb.config.update(f"jax_{name}", value)
        assert pb.config.read(name) == allowed[0]
        with pytest.raises(NotImplementedError, match=f"{name} is always"):
            pb.config.update(name, "something else")
