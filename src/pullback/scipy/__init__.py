"""SciPy's functions on arrays that can be differentiated, batched and compiled."""

from typing import TYPE_CHECKING

from ..lazy import later

if TYPE_CHECKING:
    from . import (
        cluster,
        fft,
        integrate,
        interpolate,
        linalg,
        ndimage,
        optimize,
        signal,
        sparse,
        spatial,
        special,
        stats,
    )

__all__ = [
    "cluster", "fft", "integrate", "interpolate", "linalg", "ndimage", "optimize", "signal",
    "sparse", "spatial", "special", "stats",
]  # fmt: skip
__getattr__, __dir__ = later(__name__, __all__)
