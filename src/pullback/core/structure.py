"""A program's content as a key: equal for programs that differ in the names of variables alone."""

import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from .ir import Jaxpr, JaxprEqn, Literal, Var
from .memo import weak_memo


class Structure:
    """The content of a program. Its hash is computed once."""

    __slots__ = ("__weakref__", "content", "hash")

    def __init__(self, content: tuple[Any, ...]) -> None:
        self.content = content
        self.hash = hash(content)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Structure)
            and self.hash == other.hash
            and self.content == other.content
        )


@weak_memo
def structure(jaxpr: Jaxpr) -> Structure:
    """A hashable key of a program: equal keys are programs that compute the same in the same way.

    Functions and other opaque parameters are equal if they say so themselves.
    """
    numbers: dict[Var, int] = {}
    for v in (*jaxpr.constvars, *jaxpr.invars):
        numbers[v] = len(numbers)
    atom = _atom_key(numbers)
    eqns: list[tuple[Any, ...]] = []
    for eqn in jaxpr.eqns:
        inputs = tuple([atom(v) for v in eqn.invars])
        outputs = tuple([v.aval for v in eqn.outvars])
        eqns.append((eqn.primitive, params_key(eqn), inputs, outputs))
        for v in eqn.outvars:
            numbers[v] = len(numbers)
    avals = tuple([v.aval for v in (*jaxpr.constvars, *jaxpr.invars)])
    outputs = tuple([atom(v) for v in jaxpr.outvars])
    return Structure((len(jaxpr.constvars), avals, tuple(eqns), outputs))


def _atom_key(numbers: dict[Var, int]) -> Callable[[Any], Any]:
    def key(atom: Any) -> Any:
        return literal_key(atom) if type(atom) is Literal else numbers[atom]

    return key


def literal_key(literal: Literal) -> tuple[Any, ...]:
    """A literal's type and bits: the zeros differ, and equal NaNs are equal."""
    return literal.aval, np.asarray(literal.val).tobytes()


def params_key(eqn: JaxprEqn) -> tuple[Any, ...]:
    """The parameters of an equation, by name; remembered, as several passes ask."""
    if not eqn.params:
        return ()
    if eqn.key is None:
        eqn.key = parameters_key(eqn.params)
    return eqn.key


def parameters_key(params: dict[str, Any]) -> tuple[Any, ...]:
    """The parameters of an operation, by name."""
    return tuple([(k, value_key(params[k])) for k in sorted(params)])


def value_key(value: object) -> Any:
    """A key of a parameter that tells 1 from True and 1.0, which Python's equality does not."""
    kind = type(value)
    if kind is int or kind is str or value is None:
        return value
    if kind is tuple or kind is list:
        items: Any = value
        return kind, tuple([value_key(v) for v in items])
    rule = _RULES.get(kind)
    return (kind, value) if rule is None else (kind, rule(value))


def _float_bits(value: float) -> bytes:
    return struct.pack("d", value)


def _complex_bits(value: complex) -> bytes:
    return struct.pack("dd", value.real, value.imag)


def _array_key(value: Any) -> tuple[Any, ...]:
    return value.dtype, value.shape, value.tobytes()


def _dict_key(value: dict[Any, Any]) -> tuple[Any, ...]:
    return tuple([(value_key(k), value_key(v)) for k, v in value.items()])


# How values that are not hashable, or whose equality is too wide, become keys.
_RULES: dict[type, Callable[[Any], Any]] = {
    Jaxpr: structure,
    float: _float_bits,
    complex: _complex_bits,
    dict: _dict_key,
    np.ndarray: _array_key,
}
