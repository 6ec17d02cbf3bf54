"""The logarithm of a Poisson probability as a program without loops."""

import math
from typing import Any

from ...primitives.arithmetic import add, div, mul, neg, sub
from ...primitives.compare import eq, ge, ne
from ...primitives.exponential import log
from ...primitives.special import lgamma
from .series import choose
from .stirling import FAR, deviance, remainder


def log_counts(k: Any, mean: Any) -> Any:
    """log(mean^k exp(-mean) / Gamma(k + 1)), of large k by the distance of k and the mean."""
    far = ge(k, FAR)
    many, few = choose(far, k, FAR), choose(far, 1, k)
    distance = mul(many, deviance(div(sub(mean, many), many), div(mean, many)))
    half = mul(log(mul(many, 2 * math.pi)), 0.5)
    close = neg(add(add(distance, remainder(many)), half))
    power = choose(eq(few, 0), 0, mul(few, log(mean)))
    plain = sub(sub(power, mean), lgamma(add(few, 1)))
    one_is_endless = ne(eq(mean, math.inf), eq(k, math.inf))
    return choose(one_is_endless, -math.inf, choose(far, close, plain))
