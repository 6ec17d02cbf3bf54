"""What callers may give transformations and jit, and what is refused, is what JAX says."""

import copy
import dataclasses
import enum
import types
from unittest.mock import Mock

import jax
import numpy as np
import pytest

import pullback as pb

BOTH = (jax, pb)


def f(a, b, c):
    return a


def g(a, b, **kwargs):
    return a


def h(a, /, b, c, *args, **kwargs):
    return a


def accepted(m, fun, **options):
    try:
        m.jit(fun, **options)
    except (ValueError, TypeError) as error:
        return [c for c in (TypeError, ValueError) if isinstance(error, c)]
    return "accepted"


NAMES = [(f, "bc"), (f, ("b", "d")), (g, ("a", "d")), (h, "bc"), (h, "d"), (h, "a"), (h, ("args",))]


@pytest.mark.parametrize(("fun", "names"), NAMES)
@pytest.mark.parametrize("option", ["static_argnames", "donate_argnames"])
def test_names_of_arguments(fun, names, option):
    options = {option: tuple(names)}
    assert accepted(pb, fun, **options) == accepted(jax, fun, **options)


@pytest.mark.parametrize("nums", [(0, 1), (0, -3), (0, 3), (0, -4)])
@pytest.mark.parametrize("fun", [f, g, h])
def test_positions_of_arguments(fun, nums):
    assert accepted(pb, fun, static_argnums=nums) == accepted(jax, fun, static_argnums=nums)


def generator(x):
    yield x


REFUSED = {
    "generator": lambda m: m.jit(generator),
    "staticmethod": lambda m: m.jit(staticmethod(f)),
    "static and donated": lambda m: m.jit(f, static_argnames="a", donate_argnums=0),
    "masked array": lambda m: m.jit(lambda x: x)(np.ma.array([1, 2], mask=[True, False])),
    "alias and donation": lambda m: m.device_put(1.0, may_alias=True, donate=True),
    "bool as an axis": lambda m: m.vmap(f, in_axes=False),
    "dict as axes": lambda m: m.vmap(f, in_axes={"a": 0}),
    "truth of several": lambda m: m.jit(bool)(np.ones(3)),
    "complex columns": lambda m: m.jacfwd(lambda x: x * 2)(1j),
    "complex rows": lambda m: m.jacrev(lambda x: x * 2)(1j),
    "tangent of an integer": lambda m: m.linearize(lambda x: x * 2, 1)[1](1.0),
    "shape of a tangent": lambda m: m.jvp(lambda x: x, (np.ones(2),), (np.ones(3),)),
    "shape of a cotangent": lambda m: m.vjp(lambda x: x, np.ones(2))[1](np.ones(3)),
    "complex cotangent": lambda m: m.linear_transpose(lambda x: x, 1.0)(1j),
    "pmap without a static": lambda m: m.pmap(f, static_broadcasted_argnums=1)(np.ones(1)),
    "float0 as a number": lambda m: m.numpy.ones(()) + m.grad(lambda x: x + 0.0, allow_int=True)(1),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    with pytest.raises((TypeError, ValueError)) as expected:
        REFUSED[name](jax)
    with pytest.raises(TypeError if isinstance(expected.value, TypeError) else ValueError):
        REFUSED[name](pb)


def test_wrong_abstract_evaluation():
    p = pb.extend.core.Primitive("p")
    p.def_abstract_eval(lambda x: [x])
    with pytest.raises(ValueError, match="must give one type"):
        pb.jit(p.bind)(1.0)


class Number(enum.IntEnum):
    TWO = 2


class Weighed(types.SimpleNamespace):
    def __call__(self, x):
        return x * self.weight


ACCEPTED = {
    "members of an IntEnum": lambda m: m.numpy.add(m.numpy.arange(3), Number.TWO),
    "an IntEnum returned": lambda m: m.jit(lambda x: Number.TWO)(1),
    "functions that are not mapped": lambda m: m.vmap(lambda f, x: f(x), (None, 0))(
        Weighed(weight=3), np.arange(3)
    ),
    "integer gradients compiled": lambda m: m.jit(
        lambda x, i: m.value_and_grad(lambda x, i: x[i], argnums=0)(x, i)
    )(np.ones(2, np.float32), 1),
    "pmap by name": lambda m: m.pmap(lambda x, y: x + y)(np.arange(1), y=np.arange(1)),
    "the name of a program": lambda m: len(m.make_jaxpr(f).__name__),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name):
    found, expected = (m.tree.leaves(ACCEPTED[name](m)) for m in (pb, jax))
    for a, b in zip(found, expected, strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("m", BOTH)
def test_functions_are_traced_once_however_often_they_are_jitted(m):
    calls = []

    def traced(x):
        calls.append(x.shape)
        return x + 1

    for x in (1.0, 2.0, np.ones(3)):
        m.jit(traced)(x)
        m.jit(traced)(x)
    m.jit(traced, static_argnums=())(1.0)
    assert calls == [(), (3,)]
    m.clear_caches()
    m.jit(traced)(1.0)
    assert calls == [(), (3,), ()]


@pytest.mark.parametrize("m", BOTH)
def test_integer_gradients_are_results_of_compiled_functions(m):
    gradients = m.jit(m.grad(lambda x, i: x[i], argnums=(0, 1), allow_int=True))(np.ones(2), 1)
    np.testing.assert_array_equal(gradients[0], [0.0, 1.0])
    assert gradients[1].dtype == jax.float0 and gradients[1].shape == ()


@pytest.mark.parametrize("m", BOTH)
def test_device_put_copies_where_it_must_not_alias(m):
    x = m.numpy.arange(3)
    assert m.device_put(x) is x and m.device_put(x, may_alias=True) is x
    assert m.device_put(x, may_alias=False) is not x
    np.testing.assert_array_equal(m.device_put(x, may_alias=False), copy.copy(x))


@pytest.mark.parametrize("m", BOTH)
def test_copies_to_the_host_start_wherever_there_is_a_method(m):
    leaf = Mock()
    assert m.copy_to_host_async([leaf, object()])[0] is leaf
    leaf.copy_to_host_async.assert_called_once()


@pytest.mark.parametrize("m", BOTH)
def test_both_halves_of_reverse_mode(m):
    def product(x, w):
        return 2 * (x @ w), x.sum()

    x = m.numpy.arange(4.0).reshape(2, 2)
    for argnums in (1, (0, 1)):
        for jitted in (True, False):
            halves = m.fwd_and_bwd(product, argnums, has_aux=True, jitted=jitted)
            found = []
            for _ in range(2):
                y, residuals, aux = halves[0](x, x + 1)
                found.append(halves[1](residuals, y))
            expected = m.vjp(product, x, x + 1, has_aux=True)
            for ct in found:
                wanted = expected[1](expected[0])
                pairs = zip(
                    m.tree.leaves(ct), wanted if argnums == (0, 1) else wanted[1:], strict=True
                )
                for a, b in pairs:
                    np.testing.assert_allclose(a, b)
            assert float(aux) == 6


@pytest.mark.parametrize("m", BOTH)
def test_shardings_of_one_device(m):
    sharding = m.sharding.SingleDeviceSharding(m.devices()[0])
    assert float(m.jit(lambda x: m.lax.with_sharding_constraint(2 * x, sharding))(3.0)) == 6
    y = m.jit(lambda x: 2 * x, in_shardings=sharding, out_shardings=sharding)(3.0)
    assert y.sharding.is_equivalent_to(sharding, 0)


@pytest.mark.parametrize("m", BOTH)
def test_a_constraint_says_how_a_value_is_divided(m):
    with pytest.raises(ValueError, match="None"):
        m.lax.with_sharding_constraint(m.numpy.ones(3), None)


@pytest.mark.parametrize("m", BOTH)
def test_rules_may_give_cotangents_of_another_precision(m):
    f = m.custom_vjp(lambda x: 2 * x)
    f.defvjp(lambda x: (2 * x, None), lambda _, ct: (ct.astype("float16"),))
    assert float(m.grad(f)(1.0)) == 1


@pytest.mark.parametrize("m", BOTH)
def test_dataclasses_name_all_their_fields(m):
    pair = dataclasses.make_dataclass("Pair", ["x", "y"])
    with pytest.raises(ValueError):
        m.tree_util.register_dataclass(pair, data_fields=["x"], meta_fields=[])
    m.tree_util.register_dataclass(pair, data_fields=["x"], meta_fields=["y"])


ROW, NUMBERS = np.ones((1, 2)), np.arange(3)
# What functions make of NumPy arrays of 64 bits, outside of any operation.
NUMPY_RESULTS = {
    "jit": lambda m: m.jit(lambda: (ROW, NUMBERS, np.float64(2), np.int64(2)))(),
    "eval_shape": lambda m: m.eval_shape(lambda: (ROW, NUMBERS, np.float64(2))),
    "cond": lambda m: m.lax.cond(True, lambda: ROW, lambda: m.numpy.ones((1, 2))),
    "switch": lambda m: m.lax.switch(1, [lambda x: ROW, lambda x: x], ROW),
    "while_loop": lambda m: m.lax.while_loop(lambda c: c.sum() > 2, lambda c: ROW, 2 * ROW),
    "scan": lambda m: m.lax.scan(lambda c, x: (ROW[0], NUMBERS), ROW[0], ROW),
    "fori_loop": lambda m: m.lax.fori_loop(0, 3, lambda i, c: ROW, ROW),
    "map": lambda m: m.lax.map(lambda x: (ROW, NUMBERS), ROW),
    "vmap": lambda m: m.vmap(lambda x: (ROW, NUMBERS, np.int64(1)))(ROW),
    "checkpoint": lambda m: m.checkpoint(lambda x: (x, NUMBERS))(ROW),
    "tangents": lambda m: m.jvp(lambda x: (ROW * x, ROW), (ROW,), (ROW,))[1],
    "linearize": lambda m: m.linearize(lambda x: (ROW * x, ROW), ROW)[1](ROW),
    "stop_gradient": lambda m: m.lax.stop_gradient((ROW, NUMBERS, np.float64(1), np.int64(1))),
    "stop_gradient and select": lambda m: m.jit(
        lambda x: m.lax.select(True, x, m.lax.stop_gradient(ROW))
    )(ROW),
}


@pytest.mark.parametrize("name", NUMPY_RESULTS)
def test_numpy_results_have_dtypes_in_use(name):
    found, expected = (m.tree.leaves(NUMPY_RESULTS[name](m)) for m in (pb, jax))
    for a, b in zip(found, expected, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        if name != "eval_shape":
            np.testing.assert_array_equal(a, b)


def test_wide_numpy_results_stay_wide():
    with pb.enable_x64(), jax.enable_x64():
        found, expected = (NUMPY_RESULTS["jit"](m) for m in (pb, jax))
        assert [x.dtype for x in found] == [x.dtype for x in expected]


@pytest.mark.parametrize("m", BOTH)
def test_keys_are_known_by_the_type_of_their_elements(m):
    keys = m.random.split(m.random.key(0), 3)
    for x in (keys, keys[0], m.numpy.concatenate([keys, keys]), m.jit(m.random.clone)(keys)):
        assert x.dtype.type is m.dtypes.prng_key
        assert x.dtype.type.__name__ == "prng_key"
    assert issubclass(m.dtypes.prng_key, m.dtypes.extended)


class Named:
    """An object that is called, and has its own idea of what a name is."""

    def __init__(self):
        self.__name__ = pb.numpy.ones(2)

    def __call__(self, x):
        return (x * x).sum()


@pytest.mark.parametrize(
    "name",
    ["jit", "grad", "value_and_grad", "jacfwd", "jacrev", "hessian", "checkpoint", "named_call"],
)
def test_names_may_be_anything(name):
    x = pb.numpy.arange(3.0)
    got = getattr(pb, name)(Named())(x)
    wanted = getattr(pb, name)(lambda x: (x * x).sum())(x)
    assert pb.tree.all(pb.tree.map(pb.numpy.array_equal, got, wanted))


def test_names_of_what_is_staged_may_be_anything():
    x = pb.numpy.ones((2, 3))
    assert pb.vmap(Named())(x).tolist() == [3.0, 3.0]
    assert pb.eval_shape(Named(), x).shape == ()
    assert "Named" in pb.make_jaxpr(Named()).__name__
