"""The checker accepts well-formed programs and names what is wrong with others."""

from collections.abc import Callable

import numpy as np
import pytest
import toy
from hypothesis import given

from pullback.core.aval import ShapedArray
from pullback.core.check import JaxprError, check
from pullback.core.ir import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var
from pullback.core.parse import parse

F32 = ShapedArray((), "float32")
WEAK = ShapedArray((), "float32", True)
SIN = "{ lambda ; a:f32[]. let b:f32[] = toy_sin a in (b,) }"


@given(toy.programs())
def test_programs_pass(jaxpr: Jaxpr) -> None:
    check(jaxpr)


def _sin(x: Var | Literal, out: Var) -> JaxprEqn:
    return JaxprEqn(toy.sin, [x], [out], {})


def unassigned_input() -> Jaxpr:
    return Jaxpr([], [], [b := Var(F32)], [_sin(Var(F32), b)])


def used_before() -> Jaxpr:
    a, b, c = Var(F32), Var(F32), Var(F32)
    return Jaxpr([], [a], [c], [_sin(b, c), _sin(a, b)])


def assigned_twice() -> Jaxpr:
    a, b = Var(F32), Var(F32)
    return Jaxpr([], [a], [b], [_sin(a, b), _sin(a, b)])


def argument_twice() -> Jaxpr:
    return Jaxpr([], [a := Var(F32), a], [a], [])


def argument_assigned() -> Jaxpr:
    a = Var(F32)
    return Jaxpr([], [a], [a], [_sin(a, a)])


def foreign_result() -> Jaxpr:
    return Jaxpr([], [], [Var(F32)], [])


def wrong_dtype() -> Jaxpr:
    a, b = Var(F32), Var(ShapedArray((), "int32"))
    return Jaxpr([], [a], [b], [_sin(a, b)])


def wrong_weak_type() -> Jaxpr:
    a, b = Var(F32), Var(WEAK)
    return Jaxpr([], [a], [b], [_sin(a, b)])


def wrong_operands() -> Jaxpr:
    a, b = Var(F32), Var(F32)
    return Jaxpr([], [a], [b], [JaxprEqn(toy.sin, [a, a], [b], {})])


def wrong_parameter() -> Jaxpr:
    a, b = Var(F32), Var(F32)
    return Jaxpr([], [a], [b], [JaxprEqn(toy.sin, [a], [b], {"axis": 0})])


def rule_refuses() -> Jaxpr:
    a, b = Var(F32), Var(F32)
    two = Literal(np.int32(2), ShapedArray((), "int32"))
    return Jaxpr([], [a], [b], [JaxprEqn(toy.add, [a, two], [b], {})])


def wrong_results() -> Jaxpr:
    a, b = Var(F32), Var(F32)
    return Jaxpr([], [a], [b], [JaxprEqn(toy.pair, [a], [b], {})])


def literal_dtype() -> Jaxpr:
    return Jaxpr([], [], [Literal(np.float64(2), F32)], [])


def literal_array() -> Jaxpr:
    return Jaxpr([], [], [Literal(np.ones(2, np.float32), ShapedArray((2,), "float32"))], [])


def bad_atom() -> Jaxpr:
    return Jaxpr([], [], [b := Var(F32)], [JaxprEqn(toy.sin, [2.0], [b], {})])


def _held(inner: Jaxpr) -> Jaxpr:
    a, b = Var(F32), Var(F32)
    return Jaxpr([], [a], [b], [JaxprEqn(toy.call, [a], [b], {"jaxpr": inner, "name": "f"})])


def held_captures() -> Jaxpr:
    c, a = Var(F32), Var(F32)
    return _held(Jaxpr([c], [a], [c], []))


def held_is_wrong() -> Jaxpr:
    return _held(Jaxpr([], [Var(F32)], [Var(F32)], []))


def held_by_another() -> Jaxpr:
    a, b = Var(F32), Var(F32)
    return Jaxpr([], [a], [b], [JaxprEqn(toy.note, [a], [b], {"jaxpr": parse(SIN)})])


WRONG: list[tuple[Callable[[], Jaxpr], str]] = [
    (unassigned_input, "input 0 of type f32[] is not assigned before its use"),
    (used_before, "input 0 of type f32[] is not assigned before its use"),
    (assigned_twice, "variable 0 of type f32[] is assigned twice"),
    (argument_twice, "variable 1 of type f32[] is assigned twice, in the arguments"),
    (argument_assigned, "is assigned twice"),
    (foreign_result, "is not assigned before its use, in the results"),
    (wrong_dtype, "result 0 is f32[], assigned to i32[]"),
    (wrong_weak_type, "result 0 is f32[], assigned to ~f32[]"),
    (wrong_operands, "takes 1 positional argument but 2 were given"),
    (wrong_parameter, "unexpected keyword argument 'axis'"),
    (rule_refuses, "toy_add: the types differ"),
    (wrong_results, "2 results are computed, 1 assigned"),
    (literal_dtype, "its type f32[]"),
    (literal_array, "a literal is not a scalar"),
    (bad_atom, "neither a variable nor a literal"),
    (held_captures, "holds a program that captures values"),
    (held_is_wrong, "is not assigned before its use"),
    (held_by_another, "is not marked `higher`"),
]


@pytest.mark.parametrize(("make", "message"), WRONG, ids=lambda p: getattr(p, "__name__", ""))
def test_wrong_programs_are_refused(make: Callable[[], Jaxpr], message: str) -> None:
    with pytest.raises(JaxprError) as caught:
        check(make())
    assert message in str(caught.value)


def test_message_shows_the_equation() -> None:
    with pytest.raises(JaxprError, match=r"b:i32\[\] = toy_sin a"):
        check(wrong_dtype())


def test_captured_values_are_counted() -> None:
    jaxpr = parse("{ lambda a:f32[]; . let in (a,) }")
    check(ClosedJaxpr(jaxpr, [1.0]))
    with pytest.raises(JaxprError, match="captures 1 values, and 0 are given"):
        check(ClosedJaxpr(jaxpr, []))


def test_shared_programs_are_checked_once() -> None:
    inner = parse(SIN)
    for _ in range(60):
        a, b, c = Var(F32), Var(F32), Var(F32)
        params = {"jaxpr": inner, "name": "f"}
        twice = [JaxprEqn(toy.call, [a], [b], params), JaxprEqn(toy.call, [b], [c], params)]
        inner = Jaxpr([], [a], [c], twice)
    check(inner)
