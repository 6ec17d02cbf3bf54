"""Attention: weighted means of values, the weights a softmax of products of queries and keys."""

import math
from typing import Any

from .. import dtypes
from .. import numpy as pnp
from ..core.aval import type_name
from ..core.trace import get_aval
from ..numpy.values import as_array
from ..transforms.stop import stop_gradient
from .normalize import logsumexp, softmax

NAME = "dot_product_attention"


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    *,
    scale: float | None = None,
    is_causal: bool = False,
    query_seq_lengths: Any = None,
    key_value_seq_lengths: Any = None,
    local_window_size: int | tuple[int, int] | None = None,
    implementation: str | None = None,
    return_residual: bool = False,
) -> Any:
    """Attention: softmax(scale query key^T + bias) value, for each head.

    Vaswani et al., "Attention is all you need", 2017.

    Shapes: B sequences (the axis may be left out) of T queries and S keys, N heads of queries and K
    of keys, N a multiple of K, H features.

    Args:
      query: array [B, T, N, H].
      key, value: arrays [B, S, K, H].
      bias: added to the products; broadcasts to [B, N, T, S].
      mask: booleans that broadcast to [B, N, T, S]: which keys a query sees.
      scale: 1 / sqrt(H) if None.
      is_causal: whether query t sees only keys up to t.
      query_seq_lengths, key_value_seq_lengths: int32 [B]: how long each sequence is.
      local_window_size: how many keys to the left and right of its own a query sees.
      implementation: None or "xla"; there is one way.
      return_residual: whether to return the logarithms of the softmax's denominators too.

    Returns:
      An array of query's shape; with return_residual also one of shape [B, T, N].

    >>> x = pnp.ones((2, 5, 4, 8))  # 2 sequences of 5, 4 heads of 8 features
    >>> pb.nn.dot_product_attention(x, x, x, is_causal=True).shape
    (2, 5, 4, 8)
    """
    if implementation not in (None, "xla"):
        raise ValueError(f"{NAME}: implementation must be None or 'xla', got {implementation!r}")
    given = as_array(NAME, query)
    q, k, v = (_with_batch(x) for x in (given, key, value))
    lengths = [None if x is None else as_array(NAME, x) for x in
               (query_seq_lengths, key_value_seq_lengths)]  # fmt: skip
    _check(q, k, v, mask, lengths)
    heads = k.shape[2]
    q = pnp.reshape(q, (*q.shape[:2], heads, q.shape[2] // heads, q.shape[3]))
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    logits = _logits(q, k, _grouped(bias, heads), scale)
    seen = _seen(logits, _grouped(mask, heads), is_causal, lengths, local_window_size)
    if seen is not None:
        least = -0.7 * float(dtypes.info(logits.dtype).max)
        logits = pnp.where(seen, logits, pnp.asarray(least, logits.dtype))
    weights = softmax(logits, axis=-1).astype(k.dtype)
    out = pnp.einsum("BKGTS,BSKH->BTKGH", weights, v)
    if lengths[0] is not None:
        out = out * _before(lengths[0], q.shape[1])[:, :, None, None, None].astype(out.dtype)
    out = pnp.reshape(out, given.shape)
    if not return_residual:
        return out
    residual = pnp.moveaxis(logsumexp(logits, axis=-1).astype(k.dtype), 3, 1)
    return out, stop_gradient(pnp.reshape(residual, given.shape[:-1]))


def _with_batch(x: Any) -> Any:
    x = as_array(NAME, x)
    return x if x.ndim >= 4 else pnp.expand_dims(x, tuple(range(4 - x.ndim)))


def _check(q: Any, k: Any, v: Any, mask: Any, lengths: list[Any]) -> None:
    types = ", ".join(type_name(get_aval(x)) for x in (q, k, v))
    if any(x.ndim != 4 for x in (q, k, v)) or k.shape != v.shape or q.shape[0] != k.shape[0]:
        raise ValueError(
            f"{NAME}: query [B, T, N, H], key and value [B, S, K, H] are wanted, got {types}"
        )
    if q.shape[3] != k.shape[3] or q.dtype != k.dtype or k.dtype != v.dtype:
        raise ValueError(f"{NAME}: features and dtypes must be those of key, got {types}")
    if q.shape[2] % k.shape[2]:
        raise ValueError(
            "The number of query heads must be a multiple of key/value heads, but got"
            f" {q.shape[2]} vs {k.shape[2]}"
        )
    if mask is not None and as_array(NAME, mask).dtype != dtypes.bool_:
        raise ValueError(f"{NAME}: mask must be booleans; add an additive mask as bias")
    for x in lengths:
        if x is not None and (x.shape != q.shape[:1] or x.dtype != dtypes.int32):
            raise ValueError(
                f"{NAME}: lengths must be int32[{q.shape[0]}], got {type_name(get_aval(x))}"
            )


def _grouped(x: Any, heads: int) -> Any:
    """An array that broadcasts to [B, N, T, S] as one that broadcasts to [B, K, N / K, T, S]."""
    if x is None:
        return None
    x = _with_batch(x)
    b, n, t, s = x.shape
    return pnp.reshape(x, (b, 1, 1, t, s) if n == 1 else (b, heads, n // heads, t, s))


def _logits(q: Any, k: Any, bias: Any, scale: Any) -> Any:
    dtype = dtypes.promote_types(q.dtype, dtypes.float32)
    logits = pnp.einsum("BTKGH,BSKH->BKGTS", q, k, preferred_element_type=dtype)
    logits = logits * pnp.asarray(scale, dtype)
    return logits if bias is None else (logits + bias).astype(dtype)


def _seen(logits: Any, mask: Any, causal: bool, lengths: list[Any], window: Any) -> Any:
    """Which keys each query sees; None for all."""
    t, s = logits.shape[-2:]
    query, key = pnp.arange(t)[:, None], pnp.arange(s)[None, :]
    tests = [] if mask is None else [mask]
    if causal:
        tests.append(key <= query)
    if window is not None:
        left, right = (window, window) if isinstance(window, int) else window
        tests.append((query <= key + left) & (query >= key - right))
    if lengths[0] is not None:
        tests.append(_before(lengths[0], t)[:, None, None, :, None])
    if lengths[1] is not None:
        tests.append(_before(lengths[1], s)[:, None, None, None, :])
    seen = None
    for test in tests:
        seen = test if seen is None else seen & test
    return seen


def _before(lengths: Any, size: int) -> Any:
    """Which of `size` places lie in each sequence."""
    return pnp.arange(size)[None, :] < lengths[:, None]
