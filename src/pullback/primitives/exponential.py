"""Exponentials and logarithms."""

import math
from typing import Any

import numpy as np

from .arithmetic import add, div, mul, sub
from .nary import unary
from .quiet import widened
from .rules import INEXACT


def _exp2(x: np.ndarray) -> Any:
    return np.exp2(x) if x.dtype.kind != "c" else np.exp(x * x.dtype.type(math.log(2)))


def _expm1(x: np.ndarray) -> Any:
    if x.dtype.kind != "c":
        return np.expm1(x)
    whole, finite = np.array(x, np.complex128), np.isfinite(x)
    a, b = (np.where(finite, p, 0) for p in (whole.real, whole.imag))
    np.exp(whole, out=whole)
    # exp(a) cos(b) - 1, without cancellation near 0; from 0 on, so that it is +0 at -0.
    near = 0 - 2 * np.sin(b / 2) ** 2 + np.expm1(a) * np.cos(b)
    whole.real = np.where(finite, near, whole.real - 1)
    return whole.astype(x.dtype)


def _log1p(x: np.ndarray) -> Any:
    if x.dtype.kind != "c":
        return np.log1p(x)
    a, b = np.real(x).astype(np.float64), np.imag(x).astype(np.float64)
    # The logarithm of 1 + z loses the real part near 0: log|1 + z| = log1p(2a + a^2 + b^2) / 2
    near = np.maximum(np.abs(a), np.abs(b)) < 0.5
    off = np.where(near, a * (2 + a) + b * b, 0)
    whole = np.array(x, np.complex128)
    whole.real += 1
    np.log(whole, out=whole)
    whole.real = np.where(near, np.log1p(off) / 2, whole.real)
    return whole.astype(x.dtype)


# Below these exp(-x) overflows while the logistic of x is still a subnormal number.
LOW = {np.dtype("float32"): -88.0, np.dtype("float64"): -709.0}


def _logistic(x: np.ndarray) -> Any:
    y = 1 / (1 + np.exp(-x))
    if x.dtype.kind == "c":
        return y
    low = x < LOW[x.dtype]
    return np.where(low, np.exp(x), y) if low.any() else y


exp_p, exp = unary("exp", np.exp, INEXACT, lambda t, y, x: mul(t, y))
exp2_p, exp2 = unary("exp2", _exp2, INEXACT, lambda t, y, x: mul(t, mul(y, math.log(2))))
expm1_p, expm1 = unary("expm1", _expm1, INEXACT, lambda t, y, x: mul(t, add(y, 1)))
log_p, log = unary("log", np.log, INEXACT, lambda t, y, x: div(t, x))
log1p_p, log1p = unary("log1p", _log1p, INEXACT, lambda t, y, x: div(t, add(x, 1)))
logistic_p, logistic = unary(
    "logistic", widened(_logistic), INEXACT, lambda t, y, x: mul(t, mul(y, sub(1, y)))
)
