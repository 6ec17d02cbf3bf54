"""Vector quantization."""

from typing import Any

from ... import numpy as pnp
from ...numpy.values import describe, promote_arrays_inexact


def vq(obs: Any, code_book: Any, check_finite: bool = True) -> tuple[Any, Any]:
    """For each observation, a row of (n, d), the nearest row of the code book and its distance.

    >>> from pullback import numpy as pnp
    >>> from pullback.scipy.cluster.vq import vq
    >>> vq(pnp.array([[0.0, 1.0]]), pnp.array([[5.0, 5.0], [0.0, 0.0]]))
    (Array([1], dtype=int32), Array([1.], dtype=float32))
    """
    points, codes = promote_arrays_inexact("vq", obs, code_book)
    if points.ndim != codes.ndim:
        raise ValueError(
            "vq: Observation and code_book should have the same rank, got"
            f" {describe(points)} and {describe(codes)}"
        )
    if points.ndim == 1:
        points, codes = points[:, None], codes[:, None]
    if points.ndim != 2:
        raise ValueError(f"vq: ndim different than 1 or 2 are not supported, got {points.ndim}")
    distances = pnp.linalg.norm(points[:, None] - codes, axis=-1)
    nearest = pnp.argmin(distances, axis=-1)
    return nearest, pnp.take_along_axis(distances, nearest[:, None], axis=-1)[:, 0]


__all__ = ["vq"]
