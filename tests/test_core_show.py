"""Programs as text: the same as JAX's, and back. Keys of programs."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import toy
from hypothesis import given
from jax import lax
from oracle import from_jax

from pullback.core.aval import ShapedArray
from pullback.core.ir import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var
from pullback.core.parse import parse
from pullback.core.show import show
from pullback.core.structure import structure, value_key

X = np.ones(3, np.float32)


@jax.custom_vjp
def _doubled(x: Any) -> Any:
    return x * 2


_doubled.defvjp(lambda x: (x, None), lambda r, c: (c,))
_called = jax.jit(lambda x: jnp.sin(x) * 2)
_long = jax.jit(lambda x: sum(jnp.sin(x) for _ in range(12)))

JAX_PROGRAMS = {
    "no results": (lambda x: (), X),
    "no arguments": (lambda: 1.0,),
    "no operations": (lambda x, y: (x, y), X, 1.0),
    "one line": (lambda x: x + True, 1),
    "literals": (lambda x: x * np.float32(1e30) + float("inf") + 1e-8, X),
    "not a number": (lambda x: jnp.where(x > 0, x, jnp.nan), X),
    "complex": (lambda x: x + 1j, 1.0),
    "captured": (lambda x: x + X, 1.0),
    "many variables": (lambda *a: sum(a), *[1.0] * 40),
    "unused": (lambda x: jax.grad(lambda x: jax.nn.softmax(x)[0])(x), X),
    "dtypes": (lambda x: x.astype(jnp.bfloat16).argmax(), X),
    "dot_general": (lambda x: jnp.zeros((3, 4)) @ jnp.ones((4, 5)) + x.sum(), X),
    "scan": (lambda x: lax.scan(lambda c, a: (c + a, c * a), 0.0, x), X),
    "fori": (lambda x: lax.fori_loop(0, 10, lambda i, c: c * 2, x), X),
    "while": (lambda x: lax.while_loop(lambda c: c.sum() < 10, lambda c: c * 2, x), X),
    "cond": (lambda x: lax.cond(x.sum() > 0, lambda c: c * 2, lambda c: c - 1, x), X),
    "shared": (lambda x: _called(_called(x)) + _called(x), X),
    "shared and long": (lambda x: lax.scan(lambda c, a: (_long(c), None), x, x), X),
    "jit names": (jax.jit(lambda x, y: (x, jnp.cos(x), x)), X, X),
    "jit unused": (jax.jit(lambda x: (jnp.sin(x), x)[1]), X),
    "checkpoint": (jax.checkpoint(lambda x: jnp.sin(jnp.sin(x))), X),
    "custom_jvp": (jax.nn.relu, X),
    "custom_vjp": (_doubled, X),
    "keys": (lambda k: jax.random.normal(k, (3,)), jax.random.key(0)),
    "scatter": (lambda x: x.at[0].add(1.0), X),
    "effect": (lambda x: jax.debug.print("{}", x), X),
}


@pytest.mark.parametrize("name", JAX_PROGRAMS)
def test_text_is_jax_text(name: str) -> None:
    f, *args = JAX_PROGRAMS[name]
    closed = jax.make_jaxpr(f)(*args)
    assert show(from_jax(closed)) == str(closed)


def test_repr_is_the_text() -> None:
    jaxpr = parse("{ lambda ; a:f32[3]. let b:f32[3] = toy_sin a in (b,) }")
    assert repr(jaxpr) == str(jaxpr) == show(jaxpr)
    assert repr(ClosedJaxpr(jaxpr, [])) == show(jaxpr)


@given(toy.programs())
def test_parse_reads_what_show_writes(jaxpr: Jaxpr) -> None:
    text = show(jaxpr, exact=True)
    again = parse(text)
    assert structure(again) == structure(jaxpr)
    assert show(again, exact=True) == text


GOLDEN = """\
{ lambda a:f32[4]; b:~f32[] c:i32[3,1]. let
    d:~f32[] = toy_add b 2.5:~f32[]
    e:~f32[] _:~f32[] = toy_pair d
    toy_log[text='a b'] c
    f:i32[3,1] = toy-note[
      axes=(0, 1)
      kind=Color.BLUE
      w=Window(sizes=(1,), color=Color.RED)
    ] c
  in (e, f, -inf:f32[], -0.0:f32[], True:bool[], a) }"""


def test_exact_text_is_kept() -> None:
    assert show(parse(GOLDEN), exact=True) == GOLDEN


def test_many_variables_are_read_back() -> None:
    v = [Var(ShapedArray((), "float32"))]
    eqns: list[JaxprEqn] = []
    # Past the names that are words of the language: in, let, inf, nan.
    for _ in range(9500):
        v.append(Var(v[0].aval))
        eqns.append(JaxprEqn(toy.add, [v[-2], v[0]], [v[-1]], {}))
    jaxpr = Jaxpr([], v[:1], v[-1:], eqns)
    assert structure(parse(show(jaxpr, exact=True))) == structure(jaxpr)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ lambda ; a:f32[]. let in (b,) }", "'b' is used before"),
        ("{ lambda ; a:f32[]. let b:f32[] = toy_none a in (b,) }", "no primitive is named"),
        ("{ lambda ; a:q32[]. let in (a,) }", "no dtype is named 'q32'"),
        ("{ lambda ; a:f32[] let in (a,) }", "expected '.' on line 1, got 'let in"),
        ("{ lambda ; a:f32[]. let in (a,) } b", "expected the end"),
        ("{ lambda ; a:f32[]. let b:f32[] = toy-note[k==] a in (a,) }", "a parameter's value"),
        ("{ lambda ; a:f32[]. let in (a,) } %", "cannot read '%'"),
    ],
)
def test_parse_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        parse(text)


SIN = "{ lambda ; a:f32[3]. let b:f32[3] = toy_sin a in (b,) }"
DIFFERENT = [
    SIN,
    SIN.replace("toy_sin", "toy-note"),
    SIN.replace("toy_sin", "toy-note[k=1]"),
    SIN.replace("toy_sin", "toy-note[k=1.0]"),
    SIN.replace("toy_sin", "toy-note[k=True]"),
    SIN.replace("toy_sin", "toy-note[k=(1,)]"),
    SIN.replace("toy_sin", "toy-note[k=[1]]"),
    SIN.replace("toy_sin", f"toy-note[k={SIN}]"),
    SIN.replace("f32", "~f32"),
    SIN.replace("f32", "f64"),
    SIN.replace("[3]", "[4]"),
    SIN.replace("(b,)", "(a,)"),
    SIN.replace("(b,)", "(b, b)"),
    SIN.replace("(b,)", "(0.0:f32[],)"),
    SIN.replace("(b,)", "(-0.0:f32[],)"),
    SIN.replace("(b,)", "(0.0:~f32[],)"),
    SIN.replace("; a:f32[3]", "a:f32[3];"),
]


def test_structure_tells_programs_apart() -> None:
    keys = [structure(parse(text)) for text in DIFFERENT]
    assert len(set(keys)) == len(DIFFERENT)
    assert keys == [structure(parse(text)) for text in DIFFERENT]


def test_structure_does_not_see_names() -> None:
    renamed = SIN.replace("a:", "x:").replace(" a ", " x ")
    assert structure(parse(renamed)) == structure(parse(SIN))
    jaxpr = parse(SIN)
    assert structure(jaxpr) is structure(jaxpr)


def test_keys_of_numbers_are_their_bits() -> None:
    assert value_key(0.0) != value_key(-0.0)
    assert value_key(float("nan")) == value_key(float("nan"))
    a = Literal(np.float32("nan"), ShapedArray((), "float32"))
    b = Literal(np.float32("nan"), ShapedArray((), "float32"))
    assert structure(Jaxpr([], [], [a], [])) == structure(Jaxpr([], [], [b], []))
    assert value_key(np.arange(3)) == value_key(np.arange(3)) != value_key(np.arange(4))
