"""The example libraries' optimizers and layers give what JAX's give."""

import inspect

import jax
import numpy as np
import pytest
from jax.example_libraries import optimizers as jax_optimizers
from jax.example_libraries import stax as jax_stax
from test_surface_modules import parameters

import pullback as pb
from pullback.example_libraries import optimizers, stax

X = np.random.RandomState(0).randn(2, 6, 6, 3).astype(np.float32)
OPTIMIZERS = {
    "sgd": (0.1,),
    "momentum": (0.1, 0.9),
    "nesterov": (0.1, 0.9),
    "adagrad": (0.1,),
    "rmsprop": (0.1,),
    "rmsprop_momentum": (0.1,),
    "adam": (0.1,),
    "adamax": (0.1,),
    "sm3": (0.1,),
}
SCHEDULES = {
    "constant": (0.1,),
    "exponential_decay": (0.1, 3, 0.5),
    "inverse_time_decay": (0.1, 3, 0.5, True),
    "polynomial_decay": (0.1, 3, 0.01, 2.0),
    "piecewise_constant": ((1, 3), (0.1, 0.05, 0.01)),
}
LAYERS = {
    "Dense": lambda s: s.serial(s.Flatten, s.Dense(4), s.Tanh),
    "Conv": lambda s: s.serial(s.Conv(4, (3, 3), (2, 2), "SAME"), s.Relu),
    "ConvTranspose": lambda s: s.ConvTranspose(4, (3, 3), (2, 2)),
    "BatchNorm": lambda s: s.BatchNorm(),
    "BatchNorm, no scale": lambda s: s.BatchNorm(scale=False),
    "MaxPool": lambda s: s.MaxPool((2, 2), (2, 2)),
    "SumPool": lambda s: s.SumPool((2, 2), padding="SAME"),
    "AvgPool": lambda s: s.AvgPool((3, 2), (2, 1), "SAME"),
    "AvgPool, spec": lambda s: s.AvgPool((3, 2), spec="NCHW"),
    "fans": lambda s: s.serial(s.FanOut(2), s.parallel(s.Identity, s.Softplus), s.FanInConcat(1)),
    "sum": lambda s: s.serial(s.FanOut(2), s.parallel(s.Elu, s.Gelu), s.FanInSum),
    "Dropout": lambda s: s.serial(s.Dropout(0.7), s.Dropout(0.5, "test")),
    "shape": lambda s: s.serial(s.Flatten, s.shape_dependent(lambda n: s.Dense(n[-1] // 2))),
    "softmax": lambda s: s.serial(s.LogSoftmax, s.Exp, s.Softmax, s.Sigmoid, s.LeakyRelu, s.Selu),
}


@pytest.mark.parametrize(("ours", "theirs"), ((optimizers, jax_optimizers), (stax, jax_stax)))
def test_names_and_signatures_are_jax(ours, theirs):
    own = {
        n for n in dir(theirs) if getattr(getattr(theirs, n), "__module__", "") == theirs.__name__
    }
    for name in own | set(ours.__all__):
        f = getattr(theirs, name)
        if name[0] != "_" and inspect.isfunction(f) and name not in ("l2_norm", "Dense"):
            assert [p[0] for p in parameters(getattr(ours, name))] == [p[0] for p in parameters(f)]


def run(p, module, name):
    """Parameters after some steps, and the state as a plain tree and back."""
    init, update, get = getattr(module, name)(*OPTIMIZERS[name])
    state = init({"w": p.numpy.ones((2, 3)), "b": p.numpy.asarray(2.0)})
    scales = {"w": p.numpy.arange(1.0, 7.0).reshape(2, 3), "b": p.numpy.asarray(0.5)}

    def loss(v):
        return sum(p.numpy.sum(scales[k] * v[k] ** 2) for k in scales)

    for i in range(5):
        state = (
            p.jit(update)(i, p.grad(loss)(get(state)), state)
            if name != "sm3"
            else update(i, p.grad(loss)(get(state)), state)
        )
    again = module.pack_optimizer_state(module.unpack_optimizer_state(state))
    return get(again)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_is_jax(name):
    ours, theirs = run(pb, optimizers, name), run(jax, jax_optimizers, name)
    for key in theirs:
        np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-5)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_is_jax(name):
    ours, theirs = (getattr(m, name)(*SCHEDULES[name]) for m in (optimizers, jax_optimizers))
    np.testing.assert_allclose([ours(i) for i in range(6)], [theirs(i) for i in range(6)])


def test_norms_and_what_is_refused():
    grads = {"a": np.ones(3, np.float32), "b": np.full(2, 2.0, np.float32)}
    np.testing.assert_allclose(optimizers.l2_norm(grads), jax_optimizers.l2_norm(grads), rtol=1e-6)
    clipped, wanted = (m.clip_grads(grads, 1.0) for m in (optimizers, jax_optimizers))
    np.testing.assert_allclose(clipped["b"], wanted["b"], rtol=1e-6)
    for m in (optimizers, jax_optimizers):
        init, update, _ = m.sgd(0.1)
        with pytest.raises(TypeError):
            update(0, [1.0], init({"a": 1.0}))
        with pytest.raises(TypeError):
            m.make_schedule(np.ones(2))
        with pytest.raises(ValueError):
            m.piecewise_constant((1, 2), (1.0, 2.0))


@pytest.mark.parametrize("name", LAYERS)
def test_layer_is_jax(name):
    def made(p, s):
        init, apply = LAYERS[name](s)
        shape, params = init(p.random.key(1), X.shape)
        return tuple(shape), p.tree.leaves(params), apply(params, X, rng=p.random.key(2))

    ours, theirs = made(pb, stax), made(jax, jax_stax)
    assert ours[0] == theirs[0]
    for a, b in zip([*ours[1], ours[2]], [*theirs[1], theirs[2]], strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-5)


def test_dropout_wants_a_key():
    with pytest.raises(ValueError, match="random key"):
        stax.Dropout(0.5)[1]((), X)
