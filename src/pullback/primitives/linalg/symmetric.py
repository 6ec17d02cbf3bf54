"""Products of matrices with their own transposes."""

from typing import Any

import numpy as np

from ...core.aval import ShapedArray
from ...core.ir import Jaxpr, JaxprEqn
from ...core.primitive import Primitive, Zero
from ...core.stage import stage
from ..arithmetic import add, mul
from ..rules import fail, zero_like
from .define import define_batch, define_type, square
from .matrices import matmul, transposed

# symmetric_product -- y = alpha a a^T + beta c
symmetric_product_p = Primitive("symmetric_product")
define_batch(symmetric_product_p)


def symmetric_product(a: Any, c: Any, *, alpha: float, beta: float) -> Any:
    """alpha a a^T + beta c for matrices a and square matrices c."""
    return symmetric_product_p.bind(a, c, alpha=alpha, beta=beta)


def _type(a: ShapedArray, c: ShapedArray, *, alpha: float, beta: float) -> ShapedArray:
    if square("symmetric_product", c) != a.shape[0]:
        fail("symmetric_product", "a square matrix of as many rows as the first is wanted", a, c)
    return c


define_type(symmetric_product_p, (2, 2), _type)


@symmetric_product_p.def_value
def _(a: np.ndarray, c: np.ndarray, *, alpha: float, beta: float) -> np.ndarray:
    scale = c.dtype.type
    return scale(alpha) * (a @ a.swapaxes(-1, -2)) + scale(beta) * c


# With s = da a^T, dy = alpha (s + s^T) + beta dc.
@symmetric_product_p.def_jvp
def _(primals: Any, tangents: Any, *, alpha: float, beta: float) -> Any:
    (a, _), (da, dc) = primals, tangents
    out = symmetric_product(*primals, alpha=alpha, beta=beta)
    parts: list[Any] = [] if type(dc) is Zero else [mul(dc, beta)]
    if type(da) is not Zero:
        s = matmul(da, transposed(a))
        parts.append(mul(add(s, transposed(s)), alpha))
    return out, zero_like(out) if not parts else parts[0] if len(parts) == 1 else add(*parts)


@symmetric_product_p.def_inline
def _(eqn: JaxprEqn) -> Jaxpr:
    """The product and the sum."""

    def program(a: Any, c: Any) -> list[Any]:
        product = mul(matmul(a, transposed(a)), eqn.params["alpha"])
        return [add(product, mul(c, eqn.params["beta"]))]

    return stage(program, [v.aval for v in eqn.invars]).jaxpr
