"""debug_nans, debug_infs: which operation is named, and which line; named_scope, named_call."""

import threading
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from both import JAX, PULLBACK, Side

import pullback as pb
from pullback import config
from pullback import numpy as pnp


def root(x: Any) -> Any:
    y = pnp.sin(x)
    z = pnp.sqrt(-y * y)  # line of the NaN
    return z + 1


LINE = root.__code__.co_firstlineno + 2
WHERE = rf"invalid value \(nan\) encountered in sqrt, at .*test_debug_nans.py:{LINE} \(root\)"

WAYS: dict[str, Callable[[], Any]] = {
    "eager": lambda: root(2.0),
    "jit": lambda: pb.jit(root)(2.0),
    "jit of jit": lambda: pb.jit(lambda x: pb.jit(root)(x) * 2)(2.0),
    "vmap": lambda: pb.vmap(root)(np.ones(3, np.float32)),
    "jit vmap": lambda: pb.jit(pb.vmap(root))(np.ones(3, np.float32)),
    "grad": lambda: pb.grad(root)(2.0),
    "grad jit": lambda: pb.grad(pb.jit(root))(2.0),
    "jvp jit": lambda: pb.jvp(pb.jit(root), (2.0,), (1.0,)),
    "jit value_and_grad": lambda: pb.jit(pb.value_and_grad(root))(2.0),
    "checkpoint": lambda: pb.jit(pb.value_and_grad(pb.checkpoint(root)))(2.0),
    "scan": lambda: pb.lax.scan(lambda c, _: (root(c), None), 2.0, None, length=3),
    "jit scan": lambda: pb.jit(
        lambda x: pb.lax.scan(lambda c, _: (root(c), None), x, None, length=3)
    )(2.0),
    "grad scan": lambda: pb.grad(
        lambda x: pb.lax.scan(lambda c, _: (root(c), None), x, None, length=3)[0]
    )(2.0),
    "cond": lambda: pb.lax.cond(True, root, lambda x: x, 2.0),
    "while": lambda: pb.lax.while_loop(lambda c: c < 3, root, 2.0),
    "vmap of while": lambda: pb.vmap(lambda x: pb.lax.while_loop(lambda c: c < 3, root, x))(
        np.ones(3, np.float32)
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_operation_and_its_line(way):
    WAYS[way]()
    with pb.debug_nans(), pytest.raises(FloatingPointError, match=WHERE):
        WAYS[way]()
    WAYS[way]()


VALUES: dict[str, Callable[[Side], Any]] = {
    "log": lambda m: m.np.log(m.np.array([-1.0, 1.0])),
    "jit log": lambda m: m.jit(lambda x: m.np.sum(m.np.log(x)))(m.np.array([-1.0, 1.0])),
    "grad at the edge": lambda m: m.grad(lambda x: m.np.sqrt(x) * 0)(0.0),
    "hidden inside": lambda m: m.jit(lambda x: m.np.isnan(m.np.log(x)))(-1.0),
    "not taken": lambda m: m.np.where(m.np.arange(3.0) > 1, m.np.arange(3.0), 5.0),
    "written and not taken": lambda m: m.np.where(True, 1.0, np.nan),
    "filled and not taken": lambda m: m.np.where(m.np.arange(3.0) >= 0, m.np.ones(3), np.nan),
    "0 / 0": lambda m: 0.0 / m.np.array(0.0),
    "1 / 0": lambda m: 1.0 / m.np.array(0.0),
    "handed on": lambda m: m.np.max(m.np.array([1.0]) * np.float32(np.nan)),
    "integers": lambda m: m.np.arange(3) // m.np.arange(3),
    "complex": lambda m: m.np.array(0j) / m.np.array(0j),
    "bfloat16": lambda m: m.np.log(-m.np.ones(2, m.np.bfloat16)),
    "overflow": lambda m: m.np.exp(m.np.array(1e3)),
    "callback": lambda m: m.pure_callback(lambda: np.float32(np.nan), np.zeros((), np.float32)),
    "without": lambda m: m.np.nanmean(m.np.array([1.0, 2.0])),
    "loop": lambda m: m.lax.fori_loop(0, 9, lambda i, x: x * x, 9.0),
    "cholesky": lambda m: m.np.linalg.cholesky(-m.np.eye(2)),
    "random": lambda m: m.random.normal(m.random.key(0), (5,)),
    "svd": lambda m: m.np.linalg.svd(m.np.arange(6.0).reshape(2, 3))[1],
    "indexing": lambda m: m.np.arange(6.0)[m.np.array([1, 2])].at[0].add(1.0),
}


def outcome(run: Callable[[], Any]) -> Any:
    """The value, or the error without its text."""
    try:
        return np.asarray(run())
    except FloatingPointError as error:
        return str(error)[: len("invalid value (nan)")]


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("option", ("debug_nans", "debug_infs"))
def test_raises_where_jax_does(name, option):
    with getattr(jax, option)(True):
        wanted = outcome(lambda: VALUES[name](JAX))
    with getattr(pb, option)(True):
        got = outcome(lambda: VALUES[name](PULLBACK))
    if isinstance(wanted, str):
        assert got == wanted
    else:
        np.testing.assert_allclose(got, wanted, rtol=1e-5)


def test_for_the_whole_process():
    found: list[Any] = []
    config.update("jax_debug_nans", True)
    try:
        assert config.jax_debug_nans is True
        with pytest.raises(FloatingPointError, match="in log"):
            pnp.log(-pnp.ones(2))
        with pb.debug_nans(False):
            assert np.isnan(pnp.log(-1.0))
        worker = threading.Thread(
            target=lambda: found.append(outcome(lambda: pnp.log(-pnp.ones(2))))
        )
        worker.start()
        worker.join()
    finally:
        config.update("jax_debug_nans", False)
    assert found == ["invalid value (nan)"]
    assert np.isnan(pnp.log(-1.0))


def test_only_in_the_compiled_program():
    """Where operation by operation all is well, the program is named."""
    f = pb.jit(lambda x: pb.pure_callback(lambda v: values.pop(), np.zeros((), np.float32), x))
    values = [np.float32(1), np.float32(np.nan)]
    with pb.debug_nans(), pytest.raises(FloatingPointError, match="encountered in jit"):
        f(1.0)


def test_gradients_and_loops_are_what_they_are_without():
    def f(w: Any) -> Any:
        def step(c: Any, x: Any) -> Any:
            return pnp.tanh(c @ w + x), pnp.sum(c)

        last, sums = pb.lax.scan(step, pnp.ones(3), pnp.arange(12.0).reshape(4, 3))
        return pnp.sum(last) + pnp.prod(sums)

    w = pnp.linspace(-1, 1, 9).reshape(3, 3)
    wanted = pb.grad(f)(w)
    with pb.debug_nans(), pb.debug_infs():
        np.testing.assert_array_equal(pb.grad(f)(w), wanted)
        np.testing.assert_allclose(pb.jit(pb.grad(f))(w), wanted, rtol=1e-5)


# Names of scopes


@pb.named_scope("encoder")
def scoped(x: Any) -> Any:
    with pb.named_scope("attention"):
        return pnp.sqrt(-x)


@pytest.mark.parametrize("wrap", (lambda f: f, pb.jit, lambda f: pb.grad(pb.jit(f))))
def test_messages_tell_the_scopes(wrap):
    with pb.debug_nans(), pytest.raises(FloatingPointError, match=r"\(scoped\) in encoder/att"):
        wrap(scoped)(2.0)


def test_named_call():
    named = pb.named_call(scoped, name="model")
    assert named.__name__ == "scoped"
    with pb.debug_nans(), pytest.raises(FloatingPointError, match="in model/encoder/attention"):
        named(2.0)
    with pytest.raises(TypeError, match=r"a value .* in scoped/encoder/attention"):
        pb.jit(lambda x: bool(pb.named_call(scoped)(x)))(2.0)
    assert str(pb.make_jaxpr(named)(2.0)) == str(jax.make_jaxpr(lambda x: jnp.sqrt(-x))(2.0))


def test_scopes_are_checked():
    with pytest.raises(TypeError, match="the name must be a string, got 3"):
        pb.named_scope(3)
    with pytest.raises(TypeError, match="must be a function"):
        pb.named_call(3)


def test_expm_of_zeros_is_finite_throughout():
    with pb.debug_infs(), pb.debug_nans():
        np.testing.assert_array_equal(pb.scipy.linalg.expm(np.zeros((2, 2))), np.eye(2))
