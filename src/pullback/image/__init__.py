"""Images of other sizes: resampling by separable kernels."""

from .resize import ResizeMethod, resize, scale_and_translate

__all__ = ["ResizeMethod", "resize", "scale_and_translate"]
