"""Tangents, cotangents and auxiliary results at the border to users."""

# `_trace` is hidden from users, whose arrays have a method `trace`; interpreters read it.
# pyright: reportPrivateUsage=false

from typing import Any, cast

import numpy as np

from .. import dtypes, errors
from .._native import DeviceArray
from ..core.aval import ShapedArray, same_type, type_name
from ..core.primitive import Zero
from ..core.trace import Tracer, as_array, get_aval
from ..dtypes import is_float
from ..primitives.convert import convert_element_type
from .flat import Flat, argument
from .jvp import JVPTracer
from .transpose import materialize


def tangent(aval: ShapedArray, t: Any, what: str, kind: str) -> Any:
    """A tangent or cotangent as a user gave it, checked against the type of its value."""
    wanted = aval.tangent()
    if wanted.dtype == dtypes.float0:
        if isinstance(t, np.ndarray) and cast(Any, t).dtype == dtypes.float0:
            return Zero(wanted)
        if getattr(get_aval(t), "dtype", None) == dtypes.float0:
            return Zero(wanted)
    t = argument(t, what)
    got = get_aval(t)
    if kind == "cotangent" and wanted.dtype == dtypes.float0 and same_type(got, aval):
        return Zero(wanted)  # an integer result has no derivative, whatever its cotangent
    loses = dtypes.kind(got.dtype) == "complex" != dtypes.kind(wanted.dtype)
    if got.weak_type and got.shape == wanted.shape and is_float(wanted.dtype) and not loses:
        return convert_element_type(t, wanted.dtype) if got.dtype != wanted.dtype else t
    if got.shape != wanted.shape or got.dtype != wanted.dtype:
        raise errors.OperandError(
            f"{what}: for a value of type {type_name(aval)} the {kind} must be"
            f" {type_name(wanted)}, got {type_name(got)}"
        )
    return t


def aux_result(f: Flat) -> Any:
    """What a function returned beside its result, its differentiation having ended."""
    leaves = [strip(a) for a in f.aux]
    return f.aux_tree.unflatten(leaves)


def strip(x: Any) -> Any:
    """The primal of a value whose differentiation has ended."""
    while isinstance(x, JVPTracer) and not x._trace.alive:
        x = x.primal
    return x


def cotangent(ct: Any, aval: ShapedArray) -> Any:
    """The cotangent of a value of this type as an array, weak where the value is."""
    ct = materialize(ct, ct.aval) if type(ct) is Zero else ct
    ct = ct if isinstance(ct, (DeviceArray, Tracer)) else as_array(ct)
    return weak_as(ct, aval) if aval.weak_type else ct


def weak_as(x: Any, aval: ShapedArray) -> Any:
    """The value, weakly typed where the type is."""
    if x.weak_type == aval.weak_type:
        return x
    return convert_element_type(x, x.dtype, aval.weak_type)


def float0(aval: ShapedArray) -> np.ndarray:
    """The cotangent of an integer array: of its shape, without content."""
    return np.zeros(aval.shape, dtypes.float0)
