"""pure_callback, io_callback and debug.callback: values, what is refused, how often they call."""

import threading
from typing import Any

import jax
import jax.experimental
import numpy as np
import pytest
from both import JAX, PULLBACK, Side

import pullback as pb
from pullback import numpy as pnp
from pullback.experimental import io_callback

SCALAR = np.zeros((), np.float32)
XS = np.array([0.5, 1.0, 2.0], np.float32)
METHODS = ("sequential", "sequential_unrolled", "expand_dims", "broadcast_all")
IO = {JAX: jax.experimental.io_callback, PULLBACK: io_callback}


def add(x: Any, y: Any) -> np.ndarray:
    return np.asarray(x) + np.asarray(y)


def outer(m: Side, method: str | None) -> Any:
    """x + y on the host, of two numbers."""
    return lambda x, y: m.pure_callback(add, SCALAR, x, y, vmap_method=method)


# pure_callback


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("axes", [(0, 0), (0, None), (None, 0)])
@pytest.mark.parametrize("jitted", (False, True), ids=("eager", "jit"))
def test_vmap_methods(method, axes, jitted):
    def run(m: Side) -> Any:
        shapes: list[Any] = []

        def host(x: Any, y: Any) -> np.ndarray:
            shapes.append((np.shape(x), np.shape(y)))
            return add(x, y)

        def f(x: Any, y: Any) -> Any:
            return 2 * m.pure_callback(host, SCALAR, x, y, vmap_method=method)

        mapped = m.vmap(f, axes)
        args = [XS if a == 0 else np.float32(3) for a in axes]
        out = (m.jit(mapped) if jitted else mapped)(*args)
        return np.asarray(out), sorted(shapes)

    (wanted, expected), (got, found) = run(JAX), run(PULLBACK)
    np.testing.assert_array_equal(got, wanted)
    assert found == expected


@pytest.mark.parametrize("method", [*METHODS, "legacy_vectorized"])
def test_vmap_twice(method):
    a = np.arange(6, dtype=np.float32).reshape(2, 3)
    for wrap in (lambda f: f, PULLBACK.jit):
        got = wrap(pb.vmap(pb.vmap(outer(PULLBACK, method))))(a, a)
        np.testing.assert_array_equal(got, a + a)


@pytest.mark.parametrize("method", METHODS)
def test_vmap_across(method):
    across = pb.vmap(pb.vmap(outer(PULLBACK, method), (0, None)), (None, 0))(XS, XS)
    np.testing.assert_array_equal(across, np.add.outer(XS, XS))


def test_vmap_along_a_later_axis_of_several_results():
    def host(x: Any) -> Any:
        return {"sum": np.sum(x), "twice": 2 * np.asarray(x)}

    like = {"sum": SCALAR, "twice": np.zeros(2, np.float32)}
    a = np.arange(6, dtype=np.float32).reshape(2, 3)

    def f(m: Side) -> Any:
        return lambda x: m.pure_callback(host, like, x, vmap_method="sequential")

    wanted = jax.vmap(f(JAX), in_axes=1)(a)
    got = pb.jit(pb.vmap(f(PULLBACK), in_axes=1))(a)
    assert got.keys() == wanted.keys()
    for key in wanted:
        np.testing.assert_array_equal(got[key], wanted[key])


def test_empty_batch():
    got = pb.vmap(outer(PULLBACK, "sequential"))(XS[:0], XS[:0])
    assert got.shape == (0,)
    assert got.dtype == np.float32


def test_trees_of_arguments_and_results():
    def host(x: Any, *, y: Any) -> Any:
        return [np.asarray(x["a"]) + y[0], np.arange(3)]

    like = (SCALAR, pb.ShapeDtypeStruct((3,), np.int32))
    got = pb.jit(lambda a, b: pb.pure_callback(host, like, {"a": a}, y=(b,)))(1.0, 2.0)
    assert isinstance(got, tuple)
    assert float(got[0]) == 3.0
    np.testing.assert_array_equal(got[1], [0, 1, 2])


def test_arguments_are_arrays_that_stay():
    """Compiled code shows its own memory; a function may hold on to what it was given."""
    kept: list[Any] = []
    f = pb.jit(lambda x: pb.debug.callback(kept.append, x * 2 + 1))
    for k in range(20):
        f(pnp.full((100,), float(k)))
    assert all(isinstance(x, pb.Array) for x in kept)
    assert [float(x[7]) for x in kept] == [2.0 * k + 1 for k in range(20)]


def test_results_may_be_written_to_afterwards():
    mine = np.zeros(3, np.float32)
    like = np.zeros(3, np.float32)
    results = [f(lambda: pb.pure_callback(lambda: mine, like))() for f in (lambda g: g, pb.jit)]
    mine[:] = 7
    for x in results:
        np.testing.assert_array_equal(x, [0, 0, 0])


@pytest.mark.parametrize("value", [1.5, np.float64(1.5), np.asarray(1.5), jax.numpy.float32(1.5)])
def test_results_in_dtypes_that_become_the_declared(value):
    for m in (JAX, PULLBACK):
        out = m.pure_callback(lambda: value, SCALAR)
        assert out.dtype == np.float32
        assert float(out) == 1.5


WRONG_RESULTS = {
    "shape": (np.zeros(3, np.float32), r"returned float32\[3\] as result 0.*declares float32\[\]"),
    "dtype": (3, r"returned int32\[\] as result 0.*declares float32\[\]"),
    "number": ((SCALAR, SCALAR), "returned 2 arrays where result_shape_dtypes declares 1"),
    "nothing": (None, "returned 0 arrays where result_shape_dtypes declares 1"),
}


@pytest.mark.parametrize("name", WRONG_RESULTS)
@pytest.mark.parametrize("way", ("eager", "jit", "vmap"))
def test_wrong_results(name, way):
    value, message = WRONG_RESULTS[name]

    def give(x: Any) -> Any:
        return value

    def f(x: Any) -> Any:
        return pb.pure_callback(give, SCALAR, x, vmap_method="sequential")

    run = {"eager": f, "jit": pb.jit(f), "vmap": pb.vmap(f)}[way]
    with pytest.raises(ValueError, match=f"the callback give {message}"):
        run(XS if way == "vmap" else 1.0)


def test_refusals():
    f = outer(PULLBACK, None)
    with pytest.raises(NotImplementedError, match="vmap_method, one of sequential"):
        pb.vmap(f)(XS, XS)
    with pytest.raises(ValueError, match="vmap_method must be None or one of"):
        outer(PULLBACK, "often")(1.0, 2.0)
    with pytest.raises(ValueError, match=r"do not support JVP.*custom_jvp"):
        pb.grad(f)(1.0, 2.0)
    with pytest.raises(ValueError, match=r"do not support JVP.*custom_jvp"):
        pb.jvp(pb.jit(f), (1.0, 2.0), (1.0, 0.0))
    with pytest.raises(ValueError, match="float64, which is not in use"):
        pb.pure_callback(add, np.zeros(()), 1.0, 2.0)
    with pytest.raises(TypeError, match="must hold ShapeDtypeStructs or arrays"):
        pb.pure_callback(add, 1.0, 1.0, 2.0)
    with pytest.raises(TypeError, match="first argument must be a function"):
        pb.pure_callback(3, SCALAR)
    with pytest.raises(TypeError, match="'word' of type str"):
        pb.pure_callback(add, SCALAR, "word", 1.0)
    with pytest.raises(NotImplementedError, match="sharding"):
        pb.pure_callback(add, SCALAR, 1.0, 2.0, sharding="here")


def test_derivatives_by_custom_jvp():
    @pb.custom_jvp
    def sine(x: Any) -> Any:
        return pb.pure_callback(lambda v: np.sin(v), SCALAR, x, vmap_method="expand_dims")

    @sine.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        return sine(primals[0]), pnp.cos(primals[0]) * tangents[0]

    np.testing.assert_allclose(pb.grad(sine)(0.5), np.cos(0.5), rtol=1e-6)
    np.testing.assert_allclose(pb.jit(pb.vmap(pb.grad(sine)))(XS), np.cos(XS), rtol=1e-6)
    np.testing.assert_allclose(pb.grad(lambda x: pb.checkpoint(sine)(x))(0.5), np.cos(0.5), 1e-6)


def test_pure_results_that_nothing_needs_are_not_computed():
    def never(x: Any) -> Any:
        raise AssertionError("called")

    assert float(pb.jit(lambda x: (pb.pure_callback(never, SCALAR, x), x + 1)[1])(1.0)) == 2.0


def test_x64():
    with pb.enable_x64():
        out = pb.jit(lambda x: pb.pure_callback(np.sin, np.zeros(()), x))(np.float64(0.5))
    assert out.dtype == np.float64
    assert float(out) == np.sin(0.5)


# What calls have in common


class MineError(Exception):
    """An exception of a user's class."""


ERRORS = (MineError, ZeroDivisionError, KeyError, StopIteration, KeyboardInterrupt)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("kind", ("pure", "io", "debug"))
@pytest.mark.parametrize("way", ("eager", "jit", "scan", "vmap"))
def test_exceptions_reach_the_call_as_themselves(kind, way, error):
    mine = error("mine")

    def fail(x: Any) -> Any:
        raise mine

    def f(x: Any) -> Any:
        if kind == "debug":
            pb.debug.callback(fail, x)
            return x
        call = pb.pure_callback if kind == "pure" else io_callback
        return call(fail, SCALAR, x, **({"vmap_method": "sequential"} if kind == "pure" else {}))

    ways = {
        "eager": lambda: f(1.0),
        "jit": lambda: pb.jit(f)(1.0),
        "scan": lambda: pb.lax.scan(lambda c, x: (f(c), None), np.float32(1), None, length=2)[0],
        "vmap": lambda: pb.jit(pb.vmap(f))(XS),
    }
    with pytest.raises(error) as info:
        ways[way]()
    if way == "eager" or error in (MineError, KeyboardInterrupt):
        assert info.value is mine
    assert info.value.args == ("mine",)
    if way != "eager" and error is not KeyboardInterrupt:
        assert isinstance(info.value, pb.errors.JaxRuntimeError)
        assert f"{error.__name__}: {error('mine')}" in str(info.value)
        assert info.traceback[-1].name == "fail"


def test_exceptions_of_callbacks_keep_what_they_hold():
    def fail(x: Any) -> Any:
        raise FileNotFoundError(2, "not there", "name") from error

    error = ValueError("cause")
    with pytest.raises(pb.errors.JaxRuntimeError, match=r"FileNotFoundError.*not there") as info:
        pb.jit(lambda x: pb.pure_callback(fail, SCALAR, x))(1.0)
    assert isinstance(info.value, FileNotFoundError)
    assert info.value.filename == "name"
    assert info.value.__cause__ is error


def test_functions_may_use_the_library():
    """Also the compiled function that is running."""

    def host(n: Any) -> Any:
        return pnp.int32(0) if int(n) == 0 else f(n - 1) + n

    @pb.jit
    def f(n: Any) -> Any:
        return pb.pure_callback(host, np.int32(0), n)

    assert int(f(5)) == 15

    def gradient(x: Any) -> Any:
        return pb.grad(lambda v: v**3)(x)

    def g(x: Any) -> Any:
        return x + pb.pure_callback(gradient, SCALAR, pb.lax.stop_gradient(x))

    assert float(pb.grad(g)(2.0)) == 1.0
    assert float(pb.jit(pb.vmap(lambda x: x + pb.pure_callback(gradient, SCALAR, 2.0)))(XS)[0]) == (
        12.5
    )


def test_threads():
    seen: list[tuple[int, int]] = []
    f = pb.jit(lambda x: pb.debug.callback(lambda v: seen.append((int(v[0]), int(v[-1]))), x + 0))

    def work(k: int) -> None:
        for _ in range(20):
            f(pnp.full((5000,), k))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(seen) == [(k, k) for k in range(4) for _ in range(20)]


def test_equal_programs_share_code():
    """A print that is written again is not another program."""

    def printing() -> Any:
        return pb.jit(lambda x: pb.debug.callback(print, x))

    first, second = (str(pb.make_jaxpr(printing())(1.0)) for _ in range(2))
    assert first == second
    assert "debug_callback[callback=print" in first


def test_printed_programs():
    text = str(pb.make_jaxpr(lambda x: pb.debug.print("x = {}", x))(1.0))
    assert "debug_print[fmt=x = {} ordered=False] a" in text


# io_callback


class Counter:
    """A state outside of programs."""

    def __init__(self) -> None:
        self.calls: list[float] = []

    def __call__(self, x: Any) -> np.float32:
        self.calls.append(float(x))
        return np.float32(len(self.calls))


def test_io_is_called_as_often_as_the_program_says():
    count = Counter()

    def f(x: Any) -> Any:
        a = io_callback(count, SCALAR, x)
        io_callback(count, SCALAR, x)
        return a + io_callback(count, SCALAR, x)

    assert float(pb.jit(f)(2.0)) == 4.0
    assert count.calls == [2.0] * 3


def test_io_in_loops_and_branches():
    """In the program's order, also where JAX would need ordered=True."""

    def run(m: Side, ordered: bool) -> Any:
        count = Counter()

        def step(c: Any, x: Any) -> Any:
            y = m.lax.cond(x > 0.7, lambda: IO[m](count, SCALAR, x, ordered=ordered), lambda: 0 * c)
            return c + y, IO[m](count, SCALAR, c, ordered=ordered)

        out = m.jit(lambda: m.lax.scan(step, SCALAR, XS))()
        return [np.asarray(x).tolist() for x in out], count.calls

    assert run(PULLBACK, True) == run(PULLBACK, False) == run(JAX, True)


def test_io_under_vmap():
    for m in (JAX, PULLBACK):
        count = Counter()
        got = m.vmap(lambda x, m=m, c=count: IO[m](c, SCALAR, x))(XS)
        np.testing.assert_array_equal(got, [1, 2, 3])
        assert count.calls == XS.tolist()


def test_io_in_derivatives_is_called_once():
    def f(x: Any, call: Any) -> Any:
        return x * io_callback(call, SCALAR, 1.0)

    for wrap in (lambda g: g, pb.jit, pb.checkpoint, lambda g: pb.jit(pb.checkpoint(g))):
        count = Counter()
        assert float(pb.grad(wrap(lambda x, c=count: f(x, c)))(2.0)) == 1.0
        assert count.calls == [1.0]
    count = Counter()

    def looped(x: Any) -> Any:
        return pb.lax.scan(lambda c, _: (f(c, count), None), x, None, length=3)[0]

    assert float(pb.grad(looped)(2.0)) == 6.0
    assert len(count.calls) == 3


IO_REFUSED = {
    "ordered vmap": (
        lambda call: pb.vmap(lambda x: io_callback(call, SCALAR, x, ordered=True))(XS),
        (ValueError, "Cannot vmap the ordered io_callback"),
    ),
    "derivative": (
        lambda call: pb.grad(lambda x: io_callback(call, SCALAR, x))(1.0),
        (ValueError, "do not support JVP"),
    ),
    "vmap of cond": (
        lambda call: pb.vmap(
            lambda x: pb.lax.cond(x > 1, lambda: io_callback(call, SCALAR, 1.0), lambda: 1.0)
        )(XS),
        (NotImplementedError, "vmap of cond.*io_callback"),
    ),
    "vmap of while": (
        lambda call: pb.vmap(
            lambda x: pb.lax.while_loop(
                lambda c: c < 3, lambda c: c + io_callback(call, SCALAR, 1.0), x
            )
        )(XS),
        (NotImplementedError, "vmap of while_loop.*io_callback"),
    ),
    "reverse through while": (
        lambda call: pb.grad(
            lambda x: pb.lax.while_loop(
                lambda c: c < 3, lambda c: c * (1 + io_callback(call, SCALAR, 1.0)), x
            )
        )(1.0),
        (NotImplementedError, "reverse mode through while_loop.*io_callback"),
    ),
}


@pytest.mark.parametrize("name", IO_REFUSED)
def test_io_where_a_program_runs_more_often_than_it_says(name):
    run, (error, message) = IO_REFUSED[name]
    with pytest.raises(error, match=message):
        run(lambda x: np.float32(1))


# debug.callback


def test_debug_callback_takes_anything_and_returns_nothing():
    for m in (JAX, PULLBACK):
        seen: list[Any] = []

        def tell(*args: Any, seen: Any = seen, **kwargs: Any) -> str:
            seen.append((args, kwargs))
            return "ignored"

        out = m.jit(lambda x, m=m: m.debug.callback(tell, "word", {"a": x}, k=None, z=x + 1))(2)
        assert out is None
        ((args, kwargs),) = seen
        assert args[0] == "word"
        assert int(args[1]["a"]) == 2
        assert kwargs["k"] is None
        assert int(kwargs["z"]) == 3


def test_effects_barrier():
    assert pb.effects_barrier() is None
