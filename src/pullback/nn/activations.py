"""Activation functions, elementwise. Formulas as in the functions' docstrings."""

from typing import Any

import numpy as np

from .. import numpy as pnp
from ..control.custom_jvp import custom_jvp
from ..numpy.elementwise import as_inexact
from ..numpy.worth import compiled_at_once, compiled_when_repeated
from ..primitives import elementwise as ew


@custom_jvp
def relu(x: Any) -> Any:
    """Rectified linear unit, max(x, 0). Its derivative at 0 is 0.

    >>> import pullback as pb
    >>> float(pb.nn.relu(-2.0)), float(pb.grad(pb.nn.relu)(0.0))
    (0.0, 0.0)
    """
    return pnp.maximum(x, 0)


@relu.defjvp
def _(primals: tuple[Any], tangents: tuple[Any]) -> Any:
    (x,), (t,) = primals, tangents
    return relu(x), pnp.where(pnp.greater(x, 0), t, pnp.zeros_like(t))


@custom_jvp
def relu6(x: Any) -> Any:
    """min(max(x, 0), 6). Its derivative at 0 and 6 is 0.

    >>> pb.nn.relu6(pnp.array([-3.0, 0.5, 9.0]))
    Array([0. , 0.5, 6. ], dtype=float32)
    """
    return pnp.minimum(pnp.maximum(x, 0), 6.0)


@relu6.defjvp
def _(primals: tuple[Any], tangents: tuple[Any]) -> Any:
    (x,), (t,) = primals, tangents
    inside = pnp.greater(x, 0) & pnp.less(x, 6)
    return relu6(x), pnp.where(inside, t, pnp.zeros_like(t))


def sigmoid(x: Any) -> Any:
    """The logistic function, 1 / (1 + exp(-x)).

    >>> import pullback as pb
    >>> float(pb.nn.sigmoid(0.0))
    0.5
    """
    return ew.logistic(as_inexact("sigmoid", x))


@compiled_at_once()
def softplus(x: Any) -> Any:
    """log(1 + exp(x)), without overflow.

    >>> pb.nn.softplus(pnp.array([-1000.0, 0.0, 1000.0]))
    Array([0.000000e+00, 6.931472e-01, 1.000000e+03], dtype=float32)
    """
    return pnp.logaddexp(x, 0)


@compiled_when_repeated()
def sparse_plus(x: Any) -> Any:
    """0 for x <= -1, x for x >= 1, and (x + 1)^2 / 4 between.

    >>> pb.nn.sparse_plus(pnp.array([-2.0, 0.0, 2.0]))
    Array([0.  , 0.25, 2.  ], dtype=float32)
    """
    x = as_inexact("sparse_plus", x)
    return pnp.where(x <= -1.0, 0.0, pnp.where(x >= 1.0, x, (x + 1.0) ** 2 / 4))


@compiled_when_repeated()
def soft_sign(x: Any) -> Any:
    """x / (|x| + 1).

    >>> pb.nn.soft_sign(pnp.array([-1.0, 3.0]))
    Array([-0.5 ,  0.75], dtype=float32)
    """
    x = as_inexact("soft_sign", x)
    return x / (pnp.abs(x) + 1)


@compiled_when_repeated()
def sparse_sigmoid(x: Any) -> Any:
    """0 for x <= -1, 1 for x >= 1, and (x + 1) / 2 between.

    >>> pb.nn.sparse_sigmoid(pnp.array([-2.0, 0.0, 2.0]))
    Array([0. , 0.5, 1. ], dtype=float32)
    """
    return 0.5 * pnp.clip(as_inexact("sparse_sigmoid", x) + 1.0, 0.0, 2.0)


@compiled_at_once()
def silu(x: Any) -> Any:
    """x sigmoid(x), also called swish (Hendrycks and Gimpel 2016; Elfwing et al. 2017).

    >>> pb.nn.silu(pnp.array([-1.0, 0.0, 2.0])).round(3)
    Array([-0.269,  0.   ,  1.762], dtype=float32)
    """
    x = as_inexact("silu", x)
    return x * sigmoid(x)


swish = silu


@compiled_at_once()
def mish(x: Any) -> Any:
    """x tanh(softplus(x)) (Misra 2019).

    >>> pb.nn.mish(pnp.array([0.0, 20.0]))
    Array([ 0., 20.], dtype=float32)
    """
    x = as_inexact("mish", x)
    return x * pnp.tanh(softplus(x))


@compiled_at_once()
def log_sigmoid(x: Any) -> Any:
    """log(sigmoid(x)) = -softplus(-x).

    >>> pb.nn.log_sigmoid(pnp.array([-1000.0, 0.0]))
    Array([-1.000000e+03, -6.931472e-01], dtype=float32)
    """
    return -softplus(-as_inexact("log_sigmoid", x))


@compiled_at_once()
def elu(x: Any, alpha: Any = 1.0) -> Any:
    """x for x > 0, alpha (exp(x) - 1) otherwise (Clevert et al. 2015).

    >>> pb.nn.elu(pnp.array([-1.0, 0.0, 2.0]))
    Array([-0.63212055,  0.        ,  2.        ], dtype=float32)
    """
    x = as_inexact("elu", x)
    return pnp.where(x > 0, x, alpha * pnp.expm1(pnp.where(x > 0, 0.0, x)))


@compiled_at_once()
def selu(x: Any) -> Any:
    """Self-normalizing elu (Klambauer et al. 2017).

    >>> pb.nn.selu(pnp.array([0.0, 1.0]))
    Array([0.      , 1.050701], dtype=float32)
    """
    return 1.0507009873554804934193349852946 * elu(x, 1.6732632423543772848170429916717)


@compiled_at_once()
def celu(x: Any, alpha: Any = 1.0) -> Any:
    """max(x, 0) + min(0, alpha (exp(x / alpha) - 1)) (Barron 2017).

    >>> pb.nn.celu(pnp.array([-1.0, 2.0]))
    Array([-0.63212055,  2.        ], dtype=float32)
    """
    x = as_inexact("celu", x)
    return pnp.maximum(x, 0.0) + alpha * pnp.expm1(pnp.minimum(x, 0.0) / alpha)


@compiled_when_repeated()
def leaky_relu(x: Any, negative_slope: Any = 0.01) -> Any:
    """x for x >= 0, negative_slope x otherwise.

    >>> pb.nn.leaky_relu(pnp.array([-1.0, 0.0, 2.0]))
    Array([-0.01,  0.  ,  2.  ], dtype=float32)
    """
    x = as_inexact("leaky_relu", x)
    return pnp.where(x >= 0, x, negative_slope * x)


@compiled_when_repeated()
def hard_tanh(x: Any) -> Any:
    """x cut to [-1, 1].

    >>> pb.nn.hard_tanh(pnp.array([-3.0, 0.5, 3.0]))
    Array([-1. ,  0.5,  1. ], dtype=float32)
    """
    x = pnp.asarray(x)
    return pnp.where(x > 1, 1, pnp.where(x < -1, -1, x))


@compiled_when_repeated()
def hard_sigmoid(x: Any) -> Any:
    """relu6(x + 3) / 6.

    >>> pb.nn.hard_sigmoid(pnp.array([-4.0, 0.0, 4.0]))
    Array([0. , 0.5, 1. ], dtype=float32)
    """
    return relu6(as_inexact("hard_sigmoid", x) + 3.0) / 6.0


@compiled_when_repeated()
def hard_silu(x: Any) -> Any:
    """x hard_sigmoid(x), also called hard swish (Howard et al. 2019).

    >>> pb.nn.hard_silu(pnp.array([-4.0, 0.0, 4.0]))
    Array([-0.,  0.,  4.], dtype=float32)
    """
    x = as_inexact("hard_silu", x)
    return x * hard_sigmoid(x)


hard_swish = hard_silu


def gelu(x: Any, approximate: bool = True) -> Any:
    """x Phi(x) with Phi the normal distribution function (Hendrycks and Gimpel 2016).

    With `approximate`, by tanh: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).

    >>> pb.nn.gelu(pnp.array([-1.0, 0.0, 2.0]))
    Array([-0.158808 ,  0.       ,  1.9545977], dtype=float32)
    """
    x = as_inexact("gelu", x)
    if approximate:
        inner = np.sqrt(2 / np.pi).astype(x.dtype) * (x + 0.044715 * (x**3))
        return x * (0.5 * (1.0 + pnp.tanh(inner)))
    half = np.sqrt(0.5).astype(x.dtype)
    return 0.5 * x * ew.erfc(-x * half)


@compiled_at_once("axis")
def glu(x: Any, axis: int = -1) -> Any:
    """The first half of an axis times the sigmoid of the second (Dauphin et al. 2016).

    >>> pb.nn.glu(pnp.array([1.0, 2.0, 0.0, 0.0]))
    Array([0.5, 1. ], dtype=float32)
    """
    x = as_inexact("glu", x)
    size = x.shape[axis]
    if size % 2:
        raise ValueError(f"glu: axis {axis} must have an even size, got {size}")
    first, second = pnp.split(x, 2, axis)
    return first * sigmoid(second)


def squareplus(x: Any, b: Any = 4) -> Any:
    """(x + sqrt(x^2 + b)) / 2 (Barron 2021).

    >>> pb.nn.squareplus(pnp.array([0.0, 1.5]))
    Array([1., 2.], dtype=float32)
    """
    x = as_inexact("squareplus", x)
    return (x + pnp.sqrt(x * x + b)) / 2


def identity(x: Any) -> Any:
    """x.

    >>> pb.nn.identity(pnp.array([1.0, -2.0]))
    Array([ 1., -2.], dtype=float32)
    """
    return pnp.asarray(x)


def log1mexp(x: Any) -> Any:
    """log(1 - exp(-x)) for x > 0, accurate near 0 and for large x (Maechler 2012).

    >>> pb.nn.log1mexp(pnp.array([1.0, 10.0]))
    Array([-4.5867512e-01, -4.5400953e-05], dtype=float32)
    """
    x = as_inexact("log1mexp", x)
    small = x < np.log(2.0).astype(x.dtype)
    near = pnp.log(-pnp.expm1(-pnp.where(small, x, 1.0)))
    far = pnp.log1p(-pnp.exp(-pnp.where(small, 1.0, x)))
    return pnp.where(small, near, far)
