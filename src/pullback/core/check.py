"""Is a program well formed? Tests ask after every transform and every pass."""

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from ..errors import JaxprError
from .aval import ShapedArray
from .ir import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var, subjaxprs
from .show import show_aval, show_eqn


def check(program: Jaxpr | ClosedJaxpr) -> None:
    """Raise JaxprError unless every variable is assigned once before its uses, and types agree.

    The programs that equations hold are checked too; they capture nothing.

    >>> from pullback.extend.core import check_jaxpr
    >>> check_jaxpr(pb.make_jaxpr(pnp.sin)(1.0))  # well formed: no error
    """
    if isinstance(program, ClosedJaxpr):
        _check_consts(program)
        program = program.jaxpr
    _check(program, set())


def _check_consts(closed: ClosedJaxpr) -> None:
    wanted, got = len(closed.jaxpr.constvars), len(closed.consts)
    if wanted != got:
        raise JaxprError(f"the program captures {wanted} values, and {got} are given")


def _check(jaxpr: Jaxpr, checked: set[Jaxpr]) -> None:
    if jaxpr in checked:
        return
    checked.add(jaxpr)
    known: set[Var] = set()
    _assign(jaxpr.constvars, known, "the captured values")
    _assign(jaxpr.invars, known, "the arguments")
    for eqn in jaxpr.eqns:
        _check_atoms(eqn.invars, known, eqn)
        _check_programs(eqn, checked)
        _check_types(eqn)
        _assign(eqn.outvars, known, eqn)
    _check_atoms(jaxpr.outvars, known, "the results")


def _fail(what: str, where: JaxprEqn | str) -> NoReturn:
    place = where if isinstance(where, str) else f"the equation\n  {show_eqn(where)}"
    raise JaxprError(f"{what}, in {place}")


def _assign(variables: Sequence[Var], known: set[Var], where: JaxprEqn | str) -> None:
    for i, v in enumerate(variables):
        if type(v) is not Var:
            _fail(f"binder {i} is {v!r}, not a variable", where)
        if v in known:
            _fail(f"variable {i} of type {show_aval(v.aval)} is assigned twice", where)
        known.add(v)


def _check_atoms(atoms: Sequence[Any], known: set[Var], where: JaxprEqn | str) -> None:
    for i, atom in enumerate(atoms):
        if type(atom) is Literal:
            _check_literal(atom, where)
        elif type(atom) is not Var:
            _fail(f"input {i} is {atom!r}, neither a variable nor a literal", where)
        elif atom not in known:
            _fail(f"input {i} of type {show_aval(atom.aval)} is not assigned before its use", where)


def _check_literal(literal: Literal, where: JaxprEqn | str) -> None:
    value = np.asarray(literal.val)
    if value.shape or literal.aval.shape:
        _fail(f"a literal is not a scalar: {literal.val!r} of {show_aval(literal.aval)}", where)
    if value.dtype != literal.aval.dtype:
        _fail(
            f"the literal {literal.val!r} is {value.dtype}, its type {show_aval(literal.aval)}",
            where,
        )


def _check_programs(eqn: JaxprEqn, checked: set[Jaxpr]) -> None:
    for program in subjaxprs(eqn):
        if not eqn.primitive.higher:
            _fail("the operation holds a program and is not marked `higher`", eqn)
        if program.constvars:
            _fail("the operation holds a program that captures values", eqn)
        _check(program, checked)


def _check_types(eqn: JaxprEqn) -> None:
    try:
        result = eqn.primitive.type(*[v.aval for v in eqn.invars], **eqn.params)
    except Exception as e:
        raise JaxprError(f"{e}, in the equation\n  {show_eqn(eqn)}") from e
    wanted: list[ShapedArray] = list(result) if eqn.primitive.multiple_results else [result]
    if len(wanted) != len(eqn.outvars):
        _fail(f"{len(wanted)} results are computed, {len(eqn.outvars)} assigned", eqn)
    for i, (aval, v) in enumerate(zip(wanted, eqn.outvars, strict=True)):
        if aval != v.aval:
            _fail(f"result {i} is {show_aval(aval)}, assigned to {show_aval(v.aval)}", eqn)
