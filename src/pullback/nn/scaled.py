"""Products of matrices whose blocks have scales of their own."""

from typing import Any

from .. import dtypes
from .. import numpy as pnp
from ..core.aval import type_name
from ..core.trace import get_aval
from ..numpy.creation import requested_dtype
from ..numpy.values import as_array


def scaled_matmul(
    lhs: Any,
    rhs: Any,
    lhs_scales: Any,
    rhs_scales: Any,
    preferred_element_type: Any = dtypes.float32.type,
) -> Any:
    """sum_k a[b, m, k] c[b, n, k] of a = lhs and c = rhs, each block of k times its scale.

    Args:
      lhs: array [B, M, K].
      rhs: array [B, N, K].
      lhs_scales, rhs_scales: arrays [B, M, k] and [B, N, k], k a divisor of K: a scale for each
        block of K / k elements.
      preferred_element_type: the result's dtype.

    Returns:
      An array [B, M, N].

    >>> a, c = pnp.ones((1, 2, 4)), pnp.ones((1, 3, 4))
    >>> pb.nn.scaled_matmul(a, c, pnp.full((1, 2, 2), 2.0), pnp.ones((1, 3, 2)))
    Array([[[8., 8., 8.],
            [8., 8., 8.]]], dtype=float32)
    """
    name = "scaled_matmul"
    operands = [as_array(name, x) for x in (lhs, rhs, lhs_scales, rhs_scales)]
    _check(*operands)
    out = requested_dtype(name, preferred_element_type)
    a, c = (_rescaled(x, s) for x, s in zip(operands[:2], operands[2:], strict=True))
    return pnp.einsum("bmk,bnk->bmn", a, c).astype(out)


def _check(a: Any, c: Any, of_a: Any, of_c: Any) -> None:
    shapes = [x.shape for x in (a, c, of_a, of_c)]
    fits = (
        all(len(s) == 3 for s in shapes)
        and (a.shape[0], a.shape[2]) == (c.shape[0], c.shape[2])
        and of_a.shape[:2] == a.shape[:2]
        and of_c.shape == (*c.shape[:2], of_a.shape[2])
        and of_a.shape[2] > 0
        and a.shape[2] % of_a.shape[2] == 0
    )
    if not fits:
        types = ", ".join(type_name(get_aval(x)) for x in (a, c, of_a, of_c))
        raise ValueError(
            "scaled_matmul: arrays [B, M, K], [B, N, K], [B, M, k], [B, N, k] are wanted, k a"
            f" divisor of K, got {types}"
        )


def _rescaled(x: Any, scales: Any) -> Any:
    width = x.shape[-1] // scales.shape[-1]
    dtype = dtypes.promote_types(dtypes.float32, x.dtype)
    return x.astype(dtype) * pnp.repeat(scales.astype(dtype), width, axis=-1)
