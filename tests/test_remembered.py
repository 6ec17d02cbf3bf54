"""Functions that loops, branches and checkpoints have staged: when they are staged again."""

import functools
import gc
import importlib
import logging
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from remembered import XS, Model, counted, total

import pullback as pb
from pullback import lax
from pullback import numpy as pnp
from pullback.core.reads import reads

CALLS = {
    "scan": (lambda lx, f: lx.scan(f, 1.0, XS)[0], lambda c, x: (c * x, None)),
    "map": (lambda lx, f: lx.map(f, XS), lambda x: x * 2),
    "fori_loop": (lambda lx, f: lx.fori_loop(0, 3, f, 1.0), lambda i, c: c * 2),
    "while_loop": (lambda lx, f: lx.while_loop(f, lambda c: c * 2, 1.0), lambda c: c < 10),
    "while body": (lambda lx, f: lx.while_loop(lambda c: c < 10, f, 1.0), lambda c: c * 2),
    "cond": (lambda lx, f: lx.cond(True, f, lambda x: -x, 3.0), lambda x: x * 2),
    "switch": (lambda lx, f: lx.switch(1, [lambda x: -x, f], 3.0), lambda x: x * 2),
    "reduce_window": (
        lambda lx, f: lx.reduce_window(XS, np.float32(0), f, (2,), (1,), "VALID"),
        lambda x, y: x + y * x,
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_function_is_staged_once_as_often_as_in_jax(name):
    call, f = CALLS[name]
    ours, calls = counted(f)
    theirs, jax_calls = counted(f)
    first = call(lax, ours)
    once = len(calls)
    for _ in range(3):
        np.testing.assert_array_equal(call(lax, ours), first)
    for _ in range(4):
        np.testing.assert_allclose(call(jax.lax, theirs), first)
    assert len(calls) == once
    assert len(jax_calls) >= once


def test_checkpoint_stages_once_for_each_type():
    f, calls = counted(lambda x: pnp.sin(x) * x)
    for _ in range(3):
        assert pb.grad(pb.checkpoint(f))(2.0) == pytest.approx(np.cos(2) * 2 + np.sin(2))
    assert len(calls) == 1
    pb.checkpoint(f)(XS)
    assert len(calls) == 2


def test_static_arguments_of_checkpoint():
    f = pb.checkpoint(lambda x, n: x * n, static_argnums=1)
    assert [float(f(2.0, n)) for n in (1, 3, 1)] == [2.0, 6.0, 2.0]


FIRST = False


def test_one_function_in_two_roles():
    def f(i, x):
        return (i + x, x) if FIRST else i + x

    global FIRST
    FIRST = False
    assert float(lax.fori_loop(0, 3, f, 0.0)) == 3.0
    FIRST = True
    assert float(lax.scan(f, 0.0, XS)[0]) == 3.0

    def above(x):
        return x > 5

    assert float(lax.while_loop(above, lambda x: x - 1, 8.0)) == 5.0
    assert not bool(lax.cond(True, above, above, 3.0))


def test_types_and_switches_are_told_apart():
    f, calls = counted(lambda c, x: (c + x * 0.5, c.dtype.itemsize * x))
    weak = lax.scan(f, pnp.asarray(0.0), np.ones(2, np.float16))
    assert weak[0].dtype == np.float16
    assert lax.scan(f, pnp.float32(0), XS)[0].dtype == np.float32
    before = len(calls)
    assert lax.scan(f, pnp.float32(0), XS)[0].dtype == np.float32
    assert len(calls) == before
    with pb.enable_x64():
        assert lax.scan(f, np.float64(0), np.ones(2))[0].dtype == np.float64
    with pb.default_matmul_precision("float32"):
        lax.scan(f, pnp.float32(0), XS)
    assert len(calls) == before + 2


def test_transformations_share_programs_and_give_their_own_results():
    def step(c, x):
        return pnp.sin(c) + x, c * x

    def loss(c, lx, np_):
        def same(c, x):
            return np_.sin(c) + x, c * x

        f = step if np_ is pnp else same
        return lx.scan(f, c, XS)[1].sum() * c

    for _ in range(2):
        points = np.linspace(0, 1, 3, dtype=np.float32)
        ours = functools.partial(loss, lx=lax, np_=pnp)
        theirs = functools.partial(loss, lx=jax.lax, np_=jnp)
        wanted = [jax.vmap(jax.grad(theirs))(points), jax.vmap(theirs)(points)]
        np.testing.assert_allclose(pb.vmap(pb.grad(ours))(points), wanted[0], rtol=1e-5)
        np.testing.assert_allclose(pb.vmap(ours)(points), wanted[1], rtol=1e-5)
        np.testing.assert_allclose(pb.jit(pb.grad(ours))(0.5), jax.grad(theirs)(0.5), rtol=1e-5)
        np.testing.assert_allclose(pb.hessian(ours)(0.5), jax.hessian(theirs)(0.5), rtol=1e-5)


def test_calls_of_jitted_functions_elsewhere_alter_nothing():
    scaled = pb.jit(lambda x: x * 2)
    f, calls = counted(lambda c, x: (c + scaled(x), None))
    for n in range(1, 5):
        assert total(f) == 6.0
        scaled(np.ones(n, np.float32))
    assert len(calls) == 1


def test_captured_tracers_are_of_their_own_call():
    captured = []

    def step(c, x):
        return c + captured[0] * x, None

    def f(w):
        captured[:] = [w]
        return lax.scan(step, 0.0, XS)[0]

    for w in (2.0, 3.0):
        assert float(pb.grad(f)(w)) == 3.0
        assert float(pb.vmap(f)(pnp.array([w]))[0]) == 3 * w
        assert float(pb.jit(f)(w)) == 3 * w
        assert float(f(w)) == 3 * w


def test_sizes_of_mapped_axes_are_told_apart():
    def step(c, x):
        return c + lax.psum(x, "i"), None

    def f(x):
        return lax.scan(step, 0.0, x)[0]

    for n in (2, 3, 2):
        out = pb.vmap(f, axis_name="i")(np.ones((n, 4), np.float32))
        np.testing.assert_array_equal(out, np.full(n, 4.0 * n))


def test_mutable_arrays_are_read_and_written_each_time():
    ref = pb.ref.new_ref(pnp.float32(0.0))

    def step(c, x):
        ref[...] += x
        return c + ref[...], None

    assert [total(step), total(step)] == [6.0, 15.0]
    assert float(ref[...]) == 6.0


def test_functions_are_freed_with_what_they_captured():
    class Array:
        pass

    def made():
        big, owner = pnp.ones(1000), Array()

        def step(c, x):
            return c + big.sum() * x, (owner, None)[1]

        total(step)
        owner.step = step
        return weakref.ref(step), weakref.ref(owner), weakref.ref(big)

    refs = made()
    gc.collect()
    pb.clear_caches()
    gc.collect()
    assert [r() for r in refs[:2]] == [None, None]
    assert refs[2]() is None


def test_a_method_is_found_by_its_object():
    one, other = Model(), Model()
    other.inner.scale = 5.0
    assert [total(one.step), total(other.step), total(one.step)] == [6.0, 15.0, 6.0]


def test_errors_are_told_each_time():
    def step(c, x):
        return pnp.zeros(2), None

    for _ in range(2):
        with pytest.raises(TypeError, match=r"carry must be float32\[\]"):
            total(step)


def test_nan_is_found_in_a_function_that_was_staged():
    def step(c, x):
        return pnp.log(c - x), None

    assert np.isnan(total(step))
    with pb.debug_nans(), pytest.raises(FloatingPointError, match="nan"):
        total(step)
    with pb.disable_jit():
        assert np.isnan(total(step))


def test_structures_that_cannot_be_compared():
    class Static:
        __hash__ = None

    @pb.tree_util.register_pytree_node_class
    class Node:
        def __init__(self, x):
            self.x = x

        def tree_flatten(self):
            return (self.x,), Static()

        @classmethod
        def tree_unflatten(cls, aux, children):
            return cls(*children)

    def f(x):
        return x.x * 2

    for v in (1.0, 2.0):
        assert float(lax.cond(True, f, f, Node(v))) == 2 * v


def test_too_much_to_look_at():
    table = dict.fromkeys(range(1000), 2.0)

    def step(c, x):
        return c + table[3] * x, None

    assert reads(step) is None
    assert total(step) == 6.0
    table[3] = 5.0
    assert total(step) == 15.0


def test_pythons_own_modules_are_not_looked_into():
    """Nobody replaces names there, and whoever imports one would read the whole library."""

    def step(c, x):
        logging.getLogger(__name__).debug("a step")
        return c + importlib.import_module("math").pi * x, None

    assert len(reads(step)) < 20
