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


def _logistic(x: np.ndarray) -> Any:
    return 1 / (1 + np.exp(-x))


exp_p, exp = unary("exp", np.exp, INEXACT, lambda t, y, x: mul(t, y))
exp2_p, exp2 = unary("exp2", _exp2, INEXACT, lambda t, y, x: mul(t, mul(y, math.log(2))))
expm1_p, expm1 = unary("expm1", np.expm1, INEXACT, lambda t, y, x: mul(t, add(y, 1)))
log_p, log = unary("log", np.log, INEXACT, lambda t, y, x: div(t, x))
log1p_p, log1p = unary("log1p", np.log1p, INEXACT, lambda t, y, x: div(t, add(x, 1)))
logistic_p, logistic = unary(
    "logistic", widened(_logistic), INEXACT, lambda t, y, x: mul(t, mul(y, sub(1, y)))
)
