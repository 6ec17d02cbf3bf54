"""Callbacks under every transformation: what is printed, in which order, and the values, as JAX."""

import logging
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from both import JAX, PULLBACK, Side

X = 1.2
XS = np.array([0.3, 0.8, 1.2], np.float32)


# Functions of a number that tell of their values


def straight(m: Side) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        m.debug.print("x {:.4f}", x, ordered=True)
        y = m.np.sin(x)
        m.debug.print("y {y:.4f}", y=y, ordered=True)
        return y * y

    return f


def dead(m: Side) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        m.debug.print("unused {:.4f}", m.np.exp(x), ordered=True)
        m.debug.print("unused {:.4f}", m.np.exp(x), ordered=True)
        return 2 * x

    return f


def scanned(m: Side) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        def step(c: Any, t: Any) -> Any:
            m.debug.print("step {:.4f} {}", c, t, ordered=True)
            return m.np.sin(c) * x, c

        last, all_ = m.lax.scan(step, x, m.np.arange(3))
        m.debug.print("last {:.4f}", last, ordered=True)
        return last + m.np.sum(all_)

    return f


def unused_loop(m: Side) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        def step(c: Any, _: Any) -> Any:
            m.debug.print("step {:.4f}", c, ordered=True)
            return c * x, None

        m.lax.scan(step, x, None, length=2)
        return m.np.cos(x)

    return f


def counted(m: Side) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        def body(i: Any, c: Any) -> Any:
            m.debug.print("i {} {:.4f}", i, c, ordered=True)
            return c * x

        return m.lax.fori_loop(0, 3, body, x)

    return f


def branched(m: Side) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        def big(v: Any) -> Any:
            m.debug.print("big {:.4f}", v, ordered=True)
            return m.np.sin(v)

        def small(v: Any) -> Any:
            m.debug.print("small {:.4f}", v, ordered=True)
            return v * v

        return m.lax.cond(x > 1, big, small, x)

    return f


def switched(m: Side) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        def branch(k: int) -> Callable[[Any], Any]:
            def g(v: Any) -> Any:
                m.debug.print(f"branch {k} {{:.4f}}", v, ordered=True)
                return v**k

            return g

        return m.lax.switch(m.np.int32(2 * x), [branch(k) for k in range(4)], x)

    return f


def called(m: Side) -> Callable[[Any], Any]:
    return lambda x: m.jit(straight(m))(x) + m.jit(dead(m))(x)


def kept_apart(m: Side) -> Callable[[Any], Any]:
    return lambda x: m.checkpoint(straight(m))(m.np.cos(x))


def loop_kept_apart(m: Side) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        step = m.checkpoint(straight(m))
        return m.lax.scan(lambda c, _: (step(c), None), x, None, length=3)[0]

    return f


def with_rule(m: Side) -> Callable[[Any], Any]:
    @m.custom_jvp
    def g(x: Any) -> Any:
        m.debug.print("g {:.4f}", x, ordered=True)
        return m.np.sin(x)

    @g.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        m.debug.print("rule {:.4f}", primals[0], ordered=True)
        return m.np.sin(primals[0]), m.np.cos(primals[0]) * tangents[0]

    return lambda x: g(x) * x


def with_backward(m: Side) -> Callable[[Any], Any]:
    @m.custom_vjp
    def g(x: Any) -> Any:
        m.debug.print("g {:.4f}", x, ordered=True)
        return m.np.sin(x)

    def forward(x: Any) -> Any:
        m.debug.print("forward {:.4f}", x, ordered=True)
        return m.np.sin(x), x

    def backward(x: Any, ct: Any) -> Any:
        m.debug.print("backward {:.4f} {:.4f}", x, ct, ordered=True)
        return (m.np.cos(x) * ct,)

    g.defvjp(forward, backward)
    return lambda x: g(x) * x


FUNCTIONS = (
    straight, dead, scanned, unused_loop, counted, branched, switched, called, kept_apart,
    loop_kept_apart, with_rule, with_backward,
)  # fmt: skip

Transform = Callable[[Side, Callable[[Any], Any]], Any]
TRANSFORMS: dict[str, Transform] = {
    "call": lambda m, f: f(X),
    "jit": lambda m, f: m.jit(f)(X),
    "vmap": lambda m, f: m.vmap(f)(XS),
    "jit vmap": lambda m, f: m.jit(m.vmap(f))(XS),
    "grad": lambda m, f: m.grad(f)(X),
    "jit grad": lambda m, f: m.jit(m.grad(f))(X),
    "grad jit": lambda m, f: m.grad(m.jit(f))(X),
    "jit vmap grad": lambda m, f: m.jit(m.vmap(m.grad(f)))(XS),
    "grad vmap": lambda m, f: m.grad(lambda xs: m.np.sum(m.vmap(f)(xs)))(XS),
    "grad checkpoint": lambda m, f: m.grad(m.checkpoint(f))(X),
    "grad scan": lambda m, f: m.grad(
        lambda x: m.lax.scan(lambda c, _: (f(c), None), x, None, length=2)[0]
    )(X),
}
FORWARD: dict[str, Transform] = {
    "jvp": lambda m, f: m.jvp(f, (X,), (1.0,)),
    "linearize": lambda m, f: m.linearize(f, X)[1](1.0),
    "grad grad": lambda m, f: m.grad(m.grad(f))(X),
}
# Forward mode through a custom_vjp is refused; how often the second derivative of a loop of
# checkpoints computes again is not JAX's count.
CASES = [
    *[(f, t) for f in FUNCTIONS for t in TRANSFORMS.items()],
    *[
        (f, t)
        for f in FUNCTIONS
        if f is not with_backward
        for t in FORWARD.items()
        if (f, t[0]) != (loop_kept_apart, "grad grad")
    ],
]


def lines(capsys: Any) -> list[str]:
    """What was printed since the last time."""
    jax.effects_barrier()
    return capsys.readouterr().out.splitlines()


def assert_close(got: Any, wanted: Any) -> None:
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=[f"{f.__name__}-{t[0]}" for f, t in CASES])
def test_prints_as_jax(case, capsys):
    function, (_, transform) = case
    wanted = transform(JAX, function(JAX))
    expected = lines(capsys)
    got = transform(PULLBACK, function(PULLBACK))
    assert lines(capsys) == expected
    assert_close(got, wanted)


def loop(m: Side) -> Callable[[Any], Any]:
    """A loop whose condition and body tell of themselves."""

    def running(c: Any) -> Any:
        m.debug.print("running {:.4f}", c)
        return c < 3

    def body(c: Any) -> Any:
        m.debug.print("body {:.4f}", c)
        return c + 1.5

    return lambda x: m.lax.while_loop(running, body, x)


def nested(m: Side) -> Callable[[Any], Any]:
    """A loop in a branch in a loop."""

    def inner(c: Any) -> Any:
        return m.lax.while_loop(lambda v: v < c, lambda v: (show(m, v), v * 2)[1], 0.4)

    def step(c: Any, _: Any) -> Any:
        return m.lax.cond(c > 1, inner, lambda v: (show(m, -v), v + 0.5)[1], c), None

    return lambda x: m.lax.scan(step, x, None, length=3)[0]


def show(m: Side, v: Any) -> None:
    m.debug.print("v {:.4f}", v)


LOOPED: dict[str, Transform] = {
    name: t for name, t in {**TRANSFORMS, **FORWARD}.items() if "grad" not in name
}


@pytest.mark.parametrize("transform", LOOPED)
@pytest.mark.parametrize("function", (loop, nested), ids=lambda f: f.__name__)
def test_loops_of_unknown_length_print_as_jax(function, transform, capsys):
    """JAX orders the prints of a batch as it likes."""
    if function is loop and transform == "linearize":
        # The linear part counts its steps here: nothing is told again.
        assert LOOPED[transform](PULLBACK, function(PULLBACK)) == 1.0
        assert lines(capsys)[-1] == "running 4.2000"
        return
    wanted = LOOPED[transform](JAX, function(JAX))
    expected = lines(capsys)
    got = LOOPED[transform](PULLBACK, function(PULLBACK))
    found = lines(capsys)
    assert sorted(found) == sorted(expected)
    assert "vmap" in transform or found == expected
    assert_close(got, wanted)


@pytest.mark.parametrize("wrap", (lambda f: f, PULLBACK.jit), ids=("eager", "jit"))
def test_reverse_through_while_tells_once(wrap, capsys):
    f = loop(PULLBACK)
    forward = f(X)
    expected = lines(capsys)
    assert wrap(PULLBACK.grad(f))(X) == 1.0
    assert lines(capsys) == expected
    assert forward == pytest.approx(4.2)


def test_mapped_twice_the_inner_axis_is_slowest(capsys):
    """As JAX's eager mode."""
    xs = np.arange(6, dtype=np.float32).reshape(2, 3)
    for m in (JAX, PULLBACK):
        m.vmap(m.vmap(lambda x, m=m: m.debug.print("{}", x)))(xs)
        assert lines(capsys) == ["0.0", "3.0", "1.0", "4.0", "2.0", "5.0"]


@pytest.mark.parametrize("axes", [(0, None), (None, 0), (1, 0)])
def test_each_element_with_its_operands(axes, capsys):
    a, b = np.arange(6, dtype=np.int32).reshape(3, 2), np.arange(3, dtype=np.int32)
    told = []
    for m in (JAX, PULLBACK):
        m.jit(m.vmap(lambda x, y, m=m: m.debug.print("{} {}", x, y, ordered=True), axes))(
            *((a, b) if axes != (1, 0) else (a, b[:2]))
        )
        told.append(lines(capsys))
    assert told[0] == told[1]


FORMATS = {
    "numbers": lambda m: m.debug.print("{} {} {} {}", 1, True, 2.5, 3j),
    "names": lambda m: m.debug.print("{x} {y:.3f} {} {z}", m.np.arange(3.0), x=1, y=2.5, z="word"),
    "array": lambda m: m.debug.print("{}", m.np.arange(4).reshape(2, 2)),
    "long array": lambda m: m.debug.print("{}", m.np.zeros(2000)),
    "no field": lambda m: m.debug.print("plain 50% {{"),
    "repr": lambda m: m.debug.print("{x!r} {x[1]} {x.shape}", x=m.np.arange(3.0)),
    "tree": lambda m: m.debug.print("{}", {"a": m.np.ones(2), "b": (m.np.int8(1), "word", None)}),
    "spare": lambda m: m.debug.print("plain", 3, skip_format_check=True),
    "options first": lambda m: m.debug.print(ordered=True)("{ordered}", ordered=3),
    "dtypes": lambda m: m.debug.print("{} {}", m.np.bfloat16(1.5), m.np.uint8(200)),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("jitted", (False, True), ids=("eager", "jit"))
def test_formats(name, jitted, capsys):
    told = []
    for m in (JAX, PULLBACK):
        (m.jit(lambda m=m: FORMATS[name](m)) if jitted else lambda m=m: FORMATS[name](m))()
        told.append(lines(capsys))
    assert told[0] == told[1]


def test_print_options_are_those_of_the_call(capsys):
    told = []
    for m in (JAX, PULLBACK):
        with np.printoptions(precision=2):
            f = m.jit(lambda x, m=m: m.debug.print("{}", x))
            f(np.float32([1 / 3]))
        f(np.float32([1 / 3]))
        told.append(lines(capsys))
    assert told[0] == told[1] == ["[0.33]", "[0.33]"]


WRONG: dict[str, tuple[Callable[[Side], Any], type[Exception]]] = {
    "argument without a field": (lambda m: m.debug.print("x", 3), ValueError),
    "name without a field": (lambda m: m.debug.print("x", y=3), ValueError),
    "field without an argument": (lambda m: m.debug.print("{} {}", 3), IndexError),
    "field without a name": (lambda m: m.debug.print("{y}"), KeyError),
    "no text": (lambda m: m.debug.print(3), TypeError),
    "options and arguments": (lambda m: m.debug.print(ordered=True, x=1), TypeError),
    "no function": (lambda m: m.debug.callback(3), TypeError),
    "an argument in place of the function": (lambda m: m.debug.callback(None, 3), TypeError),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls(name):
    call, error = WRONG[name]
    for m in (JAX, PULLBACK):
        with pytest.raises(error):
            call(m)


# A rule that tells of its tangents: forward mode has them, reverse mode has none to tell


def rule_of_tangents(m: Side) -> Callable[[Any], Any]:
    @m.custom_jvp
    def g(x: Any) -> Any:
        return m.np.sin(x)

    @g.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        m.debug.print("{:.4f} {:.4f}", primals[0], tangents[0], ordered=True)
        return g(primals[0]), m.np.cos(primals[0]) * tangents[0]

    return g


AROUND: dict[str, Transform] = {
    "alone": lambda m, g: g,
    "jit": lambda m, g: m.jit(g),
    "scan": lambda m, g: lambda x: m.lax.scan(lambda c, _: (g(c), None), x, None, length=2)[0],
    "checkpoint": lambda m, g: m.checkpoint(g),
    "cond": lambda m, g: lambda x: m.lax.cond(x > 0, g, lambda v: v, x),
}
DERIVED = ("jvp", "linearize", "grad", "jit grad")


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("derived", DERIVED)
def test_rules_that_tell_tangents(around, derived, capsys):
    transform = {**TRANSFORMS, **FORWARD}[derived]
    wanted = transform(JAX, AROUND[around](JAX, rule_of_tangents(JAX)))
    expected = lines(capsys)
    got = transform(PULLBACK, AROUND[around](PULLBACK, rule_of_tangents(PULLBACK)))
    assert lines(capsys) == expected
    assert_close(got, wanted)


ELSEWHERE: dict[str, Callable[[Side], Any]] = {
    "hessian": lambda m: m.hessian(straight(m))(X),
    "jacobian": lambda m: m.jacfwd(lambda x: m.vmap(straight(m))(x))(XS),
    "associative_scan": lambda m: m.lax.associative_scan(
        lambda a, b: (m.debug.print("{} {}", a, b, ordered=True), a + b)[1], m.np.arange(3)
    ),
    "vmap of switch": lambda m: m.vmap(
        lambda i: m.lax.switch(
            i, [lambda k=k: (m.debug.print(f"branch {k}", ordered=True), k)[1] for k in range(3)]
        )
    )(m.np.arange(4)),
    "map": lambda m: m.lax.map(straight(m), XS),
    "called twice": lambda m: (lambda f: f(1.0) + f(2.0))(m.jit(straight(m))),
    "eval_shape": lambda m: (m.eval_shape(straight(m), X), None)[1],
    "backward pass of a batch": lambda m: m.vmap(m.grad(with_backward(m)))(XS),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_elsewhere(name, capsys):
    wanted = ELSEWHERE[name](JAX)
    expected = lines(capsys)
    got = ELSEWHERE[name](PULLBACK)
    assert lines(capsys) == expected
    assert_close(got, wanted)


def test_log(caplog):
    with caplog.at_level(logging.INFO, "pullback"):
        PULLBACK.jit(lambda x: PULLBACK.debug.log("x = {x:.2f}", x=x))(1.5)
        PULLBACK.debug.log(ordered=True)("100% {}", 2)
    assert caplog.messages == ["x = 1.50", "100% 2"]
    assert {r.name for r in caplog.records} == {"pullback"}
