"""Compiled calls: signatures, static and donated arguments, captured values, errors."""

import functools
import re
import threading
import tracemalloc
import warnings
from functools import partial

import jax
import numpy as np
import pytest
from jax import numpy as jnp

import pullback as pb
from pullback import numpy as pnp


def counted(f):
    """The function and the list of its traces."""
    traces = []

    def g(*args, **kwargs):
        traces.append((args, kwargs))
        return f(*args, **kwargs)

    g.__name__ = f.__name__
    return g, traces


def test_traces_once_a_signature():
    f, traces = counted(lambda x, y: {"sum": x + y, "x": x})
    g = pb.jit(f)
    assert g(1.0, 2.0)["sum"] == 3.0
    assert g(5.0, 2.0)["sum"] == 7.0
    assert len(traces) == 1
    g(pnp.ones(3), 2.0)
    g(pnp.zeros(3), 4.0)
    assert len(traces) == 2
    g(pnp.ones(3, dtype=int), 2.0)
    g(pnp.ones(4), 2.0)
    assert len(traces) == 4
    g(x=1.0, y=2.0)
    assert len(traces) == 5


def test_weak_types_are_part_of_the_signature_and_of_the_result():
    f, traces = counted(lambda x: x * 2)
    g = pb.jit(f)
    assert g(1.0).weak_type
    assert not g(pnp.float32(1.0)).weak_type
    assert len(traces) == 2
    assert g(3).dtype == np.int32


def test_numpy_arguments_are_those_of_arrays():
    f, traces = counted(lambda x: x + 1)
    g = pb.jit(f)
    assert g(np.ones(3)).dtype == np.float32
    assert g(np.ones(3, np.float32)).dtype == np.float32
    assert g(pnp.ones(3)).dtype == np.float32
    assert len(traces) == 1


def test_static_arguments():
    f, traces = counted(lambda x, n, scale=1: x**n * scale)
    g = pb.jit(f, static_argnums=1, static_argnames="scale")
    assert g(2.0, 3) == 8.0
    assert g(3.0, 3) == 27.0
    assert g(2.0, 2, scale=5) == 20.0
    assert len(traces) == 2
    assert g(2.0, 2, scale=5.0) == 20.0
    assert len(traces) == 3, "1 and 1.0 are equal, but not the same constant"

    @partial(pb.jit, static_argnames=("shape",))
    def zeros(x, shape):
        return pnp.zeros(shape) + x

    assert zeros(1.0, (2, 3)).shape == zeros(1.0, shape=(2, 3)).shape == (2, 3)
    with pytest.raises(ValueError, match=r"static argument 1 must be hashable, got \[2, 3\]"):
        zeros(1.0, [2, 3])
    with pytest.raises(ValueError, match=r"static_argnums=7 names no argument"):
        pb.jit(lambda x: x, static_argnums=7)


def test_decorator_forms():
    @pb.jit
    def f(x):
        """Doubles."""
        return 2 * x

    @pb.jit(static_argnums=1)
    def g(x, n):
        return x * n

    assert f(2.0) == 4.0 and f.__name__ == "f" and f.__doc__ == "Doubles."
    assert g(2.0, 4) == 8.0

    class Model:
        scale = 3.0

        @partial(pb.jit, static_argnums=0)
        def apply(self, x):
            return self.scale * x

    assert Model().apply(2.0) == 6.0


def test_donated_arguments_that_are_results_keep_their_memory():
    f = pb.jit(lambda x, y: (x * y, x, x + y), donate_argnums=0)
    wanted = np.arange(2000, dtype=np.float32)
    doubled, same, added = f(pnp.array(wanted), pnp.array(wanted))
    np.testing.assert_array_equal(same, wanted)
    np.testing.assert_array_equal(doubled, wanted * wanted)
    np.testing.assert_array_equal(added, wanted + wanted)


def test_donated_arguments_are_deleted_and_results_are_right():
    f = pb.jit(lambda x, y: (x + y, x * y), donate_argnums=0)
    for _ in range(3):
        x, y = pnp.arange(1000.0), pnp.ones(1000) * 3
        total, product = f(x, y)
        np.testing.assert_array_equal(total, np.arange(1000.0) + 3)
        np.testing.assert_array_equal(product, np.arange(1000.0) * 3)
        assert x.is_deleted() and not y.is_deleted()
        with pytest.raises(RuntimeError, match=r"deleted.*float32\[1000\]"):
            x + 1
    g = pb.jit(lambda x: x[::-1] + x, donate_argnames="x")
    np.testing.assert_array_equal(g(x=pnp.arange(5.0)), [4.0] * 5)


def test_captured_arrays_are_arguments_of_the_program():
    captured = pnp.arange(3.0)
    f = pb.jit(lambda x: (x * captured, captured))
    product, same = f(2.0)
    np.testing.assert_array_equal(product, [0, 2, 4])
    np.testing.assert_array_equal(same, captured)
    program = str(pb.make_jaxpr(lambda x: x * captured)(2.0))
    assert program.startswith("{ lambda a:f32[3]; b:f32[]")


def test_results_of_every_kind():
    x = pnp.ones(2)
    assert pb.jit(lambda x: None)(x) is None
    assert pb.jit(lambda x: ())(x) == ()
    assert pb.jit(lambda: 3)() == 3
    forwarded = pb.jit(lambda x, y: {"y": y, "both": [x, x], "one": 1.0})(x, 2)
    assert forwarded["y"] == 2 and forwarded["one"] == 1.0
    assert all(a.tolist() == [1.0, 1.0] for a in forwarded["both"])


def test_forwarded_numpy_arguments_are_copies():
    a = np.ones(3, np.float32)
    (b,) = pb.jit(lambda x: (x,))(a)
    a[0] = 7.0
    assert b.tolist() == [1.0, 1.0, 1.0]


def test_numpy_arguments_are_read_where_they_lie():
    """No copy of 8 MB is made."""
    f = pb.jit(lambda x: x[:3] * 2)
    x = np.ones(2_000_000, np.float32)
    f(x)
    tracemalloc.start()
    y = f(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert y.tolist() == [2.0, 2.0, 2.0] and peak < 100_000


@pytest.mark.parametrize("size", [10, 1_000_000])
def test_donated_numpy_arguments_are_not_written_to(size):
    x = np.ones(size, np.float32)
    double = pb.jit(lambda x: x * 2, donate_argnums=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert double(x)[-1] == double(x)[0] == 2.0
    assert x[0] == x[-1] == 1.0


@pytest.mark.parametrize("name", ["bool", "int8", "uint16", "int64", "float16", "bfloat16"])
def test_numpy_arguments_of_every_dtype_and_order(name):
    x = np.arange(12).reshape(3, 4).astype(pnp.dtype(name))
    f = pb.jit(lambda x: x[::-1] + x)
    for given in (x, x.T, x[:, ::2], x[0], x[:0]):
        wanted = jax.jit(lambda x: x[::-1] + x)(given)
        got = f(given)
        assert got.dtype == wanted.dtype
        np.testing.assert_array_equal(np.asarray(got), np.asarray(wanted))


def test_nested_jit_and_outer_values():
    inner = pb.jit(lambda x: pnp.sin(x) * 2)

    @pb.jit
    def outer(x):
        closed = pb.jit(lambda y: y * x)
        return inner(x) + closed(3.0)

    np.testing.assert_allclose(outer(0.5), 2 * np.sin(0.5) + 1.5, rtol=1e-6)
    np.testing.assert_allclose(pb.grad(outer)(0.5), 2 * np.cos(0.5) + 3, rtol=1e-6)
    assert outer(1.5) != outer(0.5)


def test_closure_over_a_differentiated_value_is_not_remembered():
    def f(x):
        return pb.jit(lambda y: x * y)(2.0)

    assert pb.grad(f)(3.0) == 2.0
    np.testing.assert_array_equal(pb.vmap(pb.grad(f))(pnp.arange(3.0)), [2.0, 2.0, 2.0])


def test_context_is_part_of_the_signature():
    f = pb.jit(lambda x: x * 1.5)
    assert f(1.0).dtype == np.float32
    with pb.enable_x64():
        assert f(1.0).dtype == np.float64
    assert f(1.0).dtype == np.float32


def test_disable_jit_runs_the_python():
    seen = []
    f = pb.jit(lambda x: seen.append(float(x)) or x + 1)
    with pb.disable_jit():
        assert f(1.0) == 2.0
        assert f(5.0) == 6.0
    assert seen == [1.0, 5.0]


def test_not_an_array():
    with pytest.raises(TypeError, match=r"jit of <lambda>: argument.*'text' of type str.*static"):
        pb.jit(lambda x: x)("text")
    with pytest.raises(TypeError, match=r"returned 'text' of type str at output\['a'\]"):
        pb.jit(lambda x: {"a": "text"})(1.0)
    with pytest.raises(TypeError, match="must be a function"):
        pb.jit(3)
    with pytest.raises(OverflowError, match="does not fit int32"):
        pb.jit(lambda x: x)(2**40)
    with pytest.raises(OverflowError, match="do not fit int32"):
        pb.jit(lambda x: x)(np.array([2**40]))


def test_leaked_tracer_says_where_it_was_made():
    kept = []
    pb.jit(lambda x: kept.append(pnp.sin(x)) or x)(1.0)
    with pytest.raises(pb.errors.UnexpectedTracerError, match=r"leaked.*test_jit.py:\d+"):
        kept[0] + 1
    with pytest.raises(pb.errors.UnexpectedTracerError, match="leaked"):
        pb.jit(lambda y: y + kept[0])(1.0)


@pytest.mark.parametrize(
    ("use", "error", "hint"),
    [
        (lambda x: 1 if x > 0 else 2, "TracerBoolConversionError", r"lax\.cond"),
        (lambda x: int(x), "ConcretizationTypeError", "static_argnames"),
        (lambda x: float(x), "ConcretizationTypeError", "astype"),
        (lambda x: [1, 2, 3][x.astype(int)], "TracerIntegerConversionError", "static_argnames"),
        (lambda x: np.sin(x), "TracerArrayConversionError", r"pullback\.numpy"),
        (lambda x: np.asarray(x), "TracerArrayConversionError", r"pullback\.numpy"),
    ],
)
def test_concrete_use_of_a_traced_value(use, error, hint):
    kind = getattr(pb.errors, error, TypeError)
    with pytest.raises(kind, match=hint) as caught:
        pb.jit(use)(1.0)
    assert re.search(r"a value of type \w+\[\] traced by jit of <lambda>", str(caught.value))


def test_a_failed_trace_changes_nothing():
    f, traces = counted(lambda x: x + (1 / 0 if len(traces) == 1 else 1))
    g = pb.jit(f)
    with pytest.raises(ZeroDivisionError):
        g(1.0)
    assert g(1.0) == 2.0
    assert pnp.sin(0.0) == 0.0


def test_calls_from_threads():
    f = pb.jit(lambda x: (pnp.sin(x) @ x.T).sum())
    x = np.random.RandomState(0).randn(40, 40).astype(np.float32)
    wanted = float(jax.jit(lambda x: (jnp.sin(x) @ x.T).sum())(x))
    found = []

    def work():
        found.extend(float(f(x * 1)) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(found) == 160 and len(set(found)) == 1
    np.testing.assert_allclose(found[0], wanted, rtol=1e-4)


def test_many_leaves():
    tree = {f"k{i:02}": [float(i), (i, None)] for i in range(25)}
    f = pb.jit(lambda t: pb.tree.map(lambda v: v + 1, t))
    for _ in range(2):
        out = f(tree)
        assert out["k07"] == [8.0, (8, None)]


def test_explain_names_nests_and_calls():
    text = pb.explain(lambda x: pnp.tanh(x @ x.T) + 1)(pnp.ones((64, 64)))
    assert "1 nest" in text and "1 product" in text and "tanh" in text and "compiled in" in text
    assert "product: float32, 1 of 64 x 64 by 64 x 64" in text
    assert "nest: 1 kernel over 64 x 64: tanh, add" in text or "over 4096: tanh, add" in text


def test_explain_shows_what_is_left():
    def f(x):
        def step(c, _):
            return pnp.sort(c * 2), pb.lax.cond(c[0] > 0, pnp.sum, pnp.max, c)

        shown = pb.pure_callback(lambda v: v, pb.ShapeDtypeStruct((64,), np.float32), x)
        return pb.lax.scan(step, pnp.flip(shown), None, length=10)

    text = pb.explain(f)(pnp.ones(64))
    for line in ("call-back: pure_callback of [64]", "loop: 10 steps", "  call: sort of [64]"):
        assert line in text
    assert "branch: one of 2" in text and "bytes" in text


def test_make_jaxpr_and_eval_shape():
    def f(x, n):
        return pnp.sin(x) * n, {"a": x.sum()}

    ours = pb.make_jaxpr(f, static_argnums=1)(pnp.ones(3), 2)
    theirs = jax.make_jaxpr(lambda x, n: (jnp.sin(x) * n, {"a": x.sum()}), static_argnums=1)
    assert len(ours.eqns) == len(theirs(jnp.ones(3), 2).eqns)
    shapes = pb.eval_shape(lambda x: f(x, 2), pb.ShapeDtypeStruct((3,), np.float32))
    assert shapes == (
        pb.ShapeDtypeStruct((3,), np.float32),
        {"a": pb.ShapeDtypeStruct((), np.float32)},
    )


def test_eval_shape_takes_and_gives_types():
    class Typed:
        shape, dtype = (2, 3), np.dtype("float32")

    def found(p, x):
        like = p.ShapeDtypeStruct((4,), np.float32)
        out = p.eval_shape(lambda x: (x.T, like), x)
        return [(o.shape, o.dtype, o.weak_type) for o in out]

    for make in (lambda p: Typed(), lambda p: p.core.ShapedArray((2, 3), np.dtype("float32"))):
        assert found(pb, make(pb)) == found(jax, make(jax))


def test_shape_dtype_struct_is_jax():
    for p in (pb, jax):
        s = p.ShapeDtypeStruct((3, 4), np.float64, sharding=None, weak_type=True)
        assert s.dtype == np.float64 and s.size == 12 and s.ndim == 2 and len(s) == 3
        assert s.update(shape=(2,)) == p.ShapeDtypeStruct((2,), np.float64, weak_type=True)
        assert str(s) == "ShapeDtypeStruct(shape=(3, 4), dtype=float64, weak_type=True)"
        assert hash(s) == hash(s.update()) and s.sharding is None
        assert p.ShapeDtypeStruct.like(np.ones(2, np.float32)).shape == (2,)
        with pytest.raises(ValueError, match="dtype"):
            p.ShapeDtypeStruct((), None)
        with pytest.raises(TypeError, match="unsized"):
            len(p.ShapeDtypeStruct((), np.float32))
        with pytest.raises(TypeError):
            p.ShapeDtypeStruct((), np.float32, True)


def test_both_ways_of_naming_static_arguments():
    """What is said twice is not completed from the signature, which may be a wrapper's."""

    def user(x, how):
        return x

    def made(p):
        @functools.partial(p.jit, static_argnums=0, static_argnames="how")
        @functools.wraps(user)
        def f(kind, x, *args, **kwargs):
            return x * len(kind)

        return f("two", {"a": 1.0}["a"])

    assert float(made(pb)) == float(made(jax)) == 3.0


def test_donated_memory_that_no_result_can_take_is_told():
    f = pb.jit(lambda x, y: (x.sum() * y, y[:2]), donate_argnums=(0, 1))
    with pytest.warns(
        UserWarning, match=r"donated buffers were not usable: float32\[5\]: <lambda>"
    ):
        f(pnp.ones(5), pnp.ones(3))
    with pytest.warns(UserWarning, match="donated buffers were not usable"):
        f.lower(pnp.ones(5), pnp.ones(3))
