"""A program's content in short, the same in every process: the name of what was made of it."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, cast

import numpy as np

from ..dtypes import short_name
from .aval import ShapedArray
from .ir import Atom, Jaxpr, JaxprEqn, Literal, Var
from .memo import weak_memo
from .primitive import Primitive, registry
from .structure import literal_key


class Opaque(Exception):
    """A program holds something whose content nobody knows, such as a function."""


@weak_memo
def digest(jaxpr: Jaxpr) -> str:
    """A hash of all that a program computes; equal for those that differ in names alone.

    Raises Opaque for a program with a function that stays in it, or with a user's own operation.
    """
    numbers: dict[Var, int] = {}
    text = [_binders((*jaxpr.constvars, *jaxpr.invars), numbers), str(len(jaxpr.constvars))]
    for eqn in jaxpr.eqns:
        inputs = _atoms(eqn.invars, numbers)
        text.append(f"{_operation(eqn)} {inputs}: {_binders(eqn.outvars, numbers)}")
    text.append(_atoms(jaxpr.outvars, numbers))
    return hashlib.sha256("\n".join(text).encode()).hexdigest()


def _binders(variables: Iterable[Var], numbers: dict[Var, int]) -> str:
    """The types of variables, which get the next numbers."""
    types: list[str] = []
    for v in variables:
        numbers[v] = len(numbers)
        types.append(_aval(v.aval))
    return " ".join(types)


def _atoms(atoms: Iterable[Atom], numbers: dict[Var, int]) -> str:
    return " ".join([str(numbers[a]) if type(a) is Var else _token(a) for a in atoms])


def _operation(eqn: JaxprEqn) -> str:
    """An operation's name and parameters, or the program that it stands for."""
    primitive = eqn.primitive
    if registry.get(primitive.name) is not primitive:
        raise Opaque(primitive.name)
    inlined = primitive.inline and primitive.inline(eqn)
    if inlined is not None:
        return f"{primitive.name} {digest(inlined)}"
    params = eqn.params
    return primitive.name + "".join([f" {k}={_token(params[k])}" for k in sorted(params)])


def _token(value: object) -> str:
    """The text of a parameter; another parameter has another."""
    kind = type(value)
    rule = _RULES.get(kind)
    if rule is not None:
        return rule(value)
    if isinstance(value, Enum):
        return f"{kind.__qualname__}.{value.name}"
    if issubclass(kind, (np.dtype, np.generic)):
        return f"{kind.__qualname__}:{value!s}"
    if isinstance(value, tuple):
        return kind.__qualname__ + _sequence(cast("tuple[Any, ...]", value))
    if is_dataclass(value):
        return kind.__qualname__ + _sequence([getattr(value, f.name) for f in fields(value)])
    raise Opaque(kind.__qualname__)


def _aval(aval: ShapedArray) -> str:
    return f"{short_name(aval.dtype)}{aval.shape}{'~' if aval.weak_type else ''}"


def _literal(literal: Literal) -> str:
    aval, bits = literal_key(literal)
    return f"{_aval(aval)}={bits.hex()}"


def _array(value: np.ndarray) -> str:
    return f"{value.dtype}{value.shape}={hashlib.sha256(value.tobytes()).hexdigest()}"


def _sequence(value: Iterable[Any]) -> str:
    return f"({','.join(map(_token, value))})"


def _dict(value: dict[Any, Any]) -> str:
    return f"{{{','.join([f'{_token(k)}:{_token(v)}' for k, v in value.items()])}}}"


def _kind(value: type) -> str:
    return f"{value.__module__}.{value.__qualname__}"


_RULES: dict[type, Callable[[Any], str]] = {
    int: str,
    bool: str,
    type(None): str,
    str: repr,
    bytes: repr,
    float: float.hex,
    complex: lambda z: f"{z.real.hex()}+{z.imag.hex()}j",
    tuple: _sequence,
    list: lambda v: "list" + _sequence(v),
    dict: _dict,
    type: _kind,
    ShapedArray: _aval,
    Literal: _literal,
    np.ndarray: _array,
    Primitive: repr,
    Jaxpr: digest,
}
