"""Resampling: an image times a matrix of weights along each axis."""

import enum
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .. import dtypes
from .. import numpy as pnp
from ..core.aval import Shape, canonical_axis
from ..jit import jit
from ..numpy.creation import canonical_shape
from ..numpy.values import as_array, promote_arrays_inexact
from ..primitives.precision import Precision
from . import kernels

Kernel = Callable[[Any], Any]


class ResizeMethod(enum.Enum):
    """How the pixels between those of the input are found.

    >>> pb.image.resize(pnp.array([0.0, 2.0]), (4,), pb.image.ResizeMethod.NEAREST)
    Array([0., 0., 2., 2.], dtype=float32)
    """

    NEAREST = 0
    LINEAR = 1
    LANCZOS3 = 2
    LANCZOS5 = 3
    CUBIC = 4
    CUBIC_PYTORCH = 5
    AREA = 6

    @staticmethod
    def from_string(s: str) -> "ResizeMethod":
        """The method of a name, such as "bilinear"."""
        found = [method for method, names in NAMES.items() if s in names]
        if not found:
            known = ", ".join(name for names in NAMES.values() for name in names)
            raise ValueError(f'Unknown resize method "{s}": write one of {known}')
        return found[0]


NAMES = {
    ResizeMethod.NEAREST: ("nearest",),
    ResizeMethod.LINEAR: ("linear", "bilinear", "trilinear", "triangle"),
    ResizeMethod.LANCZOS3: ("lanczos3",),
    ResizeMethod.LANCZOS5: ("lanczos5",),
    ResizeMethod.CUBIC: ("cubic", "bicubic", "tricubic"),
    ResizeMethod.CUBIC_PYTORCH: ("cubic-pytorch", "bicubic-pytorch"),
    ResizeMethod.AREA: ("area",),
}
KERNELS: dict[ResizeMethod, Kernel] = {
    ResizeMethod.LINEAR: kernels.triangle,
    ResizeMethod.LANCZOS3: partial(kernels.lanczos, 3.0),
    ResizeMethod.LANCZOS5: partial(kernels.lanczos, 5.0),
    ResizeMethod.CUBIC: kernels.keys_cubic,
    ResizeMethod.CUBIC_PYTORCH: kernels.sharp_cubic,
}
# The greatest distance at which the kernel that repeats the edges has weight.
RADIUS = 2
# Sums of weights below this are none.
LEAST = 1000 * float(np.finfo(np.float32).eps)


def resize(
    image: Any,
    shape: Sequence[int],
    method: str | ResizeMethod,
    antialias: bool = True,
    precision: Any = Precision.HIGHEST,
) -> Any:
    """An image of another size.

    Args:
      image: array of any number of axes.
      shape: the result's shape, with as many axes; those of equal size are left alone.
      method: "nearest", "linear", "cubic", "cubic-pytorch", "lanczos3", "lanczos5" or "area".
      antialias: whether the kernel widens where the image shrinks.
      precision: of the products.

    >>> from pullback import image, numpy as pnp
    >>> image.resize(pnp.array([1.0, 3.0]), (4,), "linear")
    Array([1. , 1.5, 2.5, 3. ], dtype=float32)
    """
    image = as_array("resize", image)
    shape = _shape_like("resize", image, shape)
    return _resize(image, shape, _method(method), antialias, precision)


@partial(jit, static_argnums=(1, 2, 3, 4))
def _resize(image: Any, shape: Shape, method: Any, antialias: bool, precision: Any) -> Any:
    axes = [d for d, n in enumerate(shape) if n != image.shape[d]]
    if method is ResizeMethod.NEAREST:
        return _nearest(image, shape, axes)
    (image,) = promote_arrays_inexact("resize", image)
    scales = [shape[d] / image.shape[d] if shape[d] else 1.0 for d in axes]
    shifts = [0.0] * len(axes)
    return _resampled(image, shape, axes, scales, shifts, method, antialias, precision)


def scale_and_translate(
    image: Any,
    shape: Sequence[int],
    spatial_dims: Sequence[int],
    scale: Any,
    translation: Any,
    method: str | ResizeMethod,
    antialias: bool = True,
    precision: Any = Precision.HIGHEST,
) -> Any:
    """An image scaled and moved: what was at position p is at p * scale + translation.

    Pixels are centred at half integers. What comes from outside of the image is zero.

    Args:
      image: array of any number of axes.
      shape: the result's shape, with as many axes.
      spatial_dims: the axes that are scaled and moved.
      scale, translation: vectors, a number for each of these axes.
      method: as for `resize`, but not "nearest".
      antialias: whether the kernel widens where the image shrinks.
      precision: of the products.

    >>> x = pnp.array([1.0, 2.0, 3.0])
    >>> pb.image.scale_and_translate(x, (3,), (0,), pnp.ones(1), pnp.ones(1), "linear")
    Array([0., 1., 2.], dtype=float32)
    """
    image = as_array("scale_and_translate", image)
    shape = _shape_like("scale_and_translate", image, shape)
    method = _method(method)
    if method is ResizeMethod.NEAREST:
        raise ValueError("scale_and_translate: the method 'nearest' is for `resize` alone")
    (image,) = promote_arrays_inexact("scale_and_translate", image)
    scale, translation = promote_arrays_inexact("scale_and_translate", scale, translation)
    return _resampled(image, shape, spatial_dims, scale, translation, method, antialias, precision)


def _method(method: str | ResizeMethod) -> ResizeMethod:
    return ResizeMethod.from_string(method) if isinstance(method, str) else method


def _shape_like(name: str, image: Any, shape: Sequence[int]) -> Shape:
    shape = canonical_shape(name, shape)
    if len(shape) != image.ndim:
        raise ValueError(
            f"{name}: shape must have a size for each axis of the image, got {shape} for an image"
            f" of shape {image.shape}"
        )
    return shape


def _nearest(image: Any, shape: Shape, axes: Sequence[int]) -> Any:
    for d in axes:
        n, m = shape[d], image.shape[d]
        places = (pnp.arange(n, dtype=dtypes.float32) + 0.5) * m / n
        image = pnp.take(image, pnp.floor(places).astype(dtypes.int32), d)
    return image


def _resampled(
    image: Any,
    shape: Shape,
    axes: Sequence[int],
    scales: Any,
    shifts: Any,
    method: ResizeMethod,
    antialias: bool,
    precision: Any,
) -> Any:
    """The image times the weights along each of the axes."""
    rank = image.ndim
    out = list(range(rank))
    operands: list[Any] = [image, list(range(rank))]
    for k, axis in enumerate(axes):
        d = canonical_axis(axis, rank, "resize")
        size = (image.shape[d], shape[d])
        weights = _weights(*size, scales[k], shifts[k], method, antialias)
        operands += [weights.astype(image.dtype), [d, rank + k]]
        out[d] = rank + k
    return pnp.einsum(*operands, out, precision=precision) if axes else image


def _weights(m: int, n: int, scale: Any, shift: Any, method: ResizeMethod, antialias: bool) -> Any:
    """The weights [m, n] of m input pixels in n output pixels."""
    scale, shift = promote_arrays_inexact("resize", scale, shift)
    step, places = 1.0 / scale, pnp.arange(n, dtype=scale.dtype)
    centres = (places + 0.5) * step - shift * step - 0.5
    if method is ResizeMethod.CUBIC_PYTORCH and not antialias:
        return _edges_repeated(m, centres)
    if method is ResizeMethod.AREA:
        weights = _overlaps(m, places * step - shift * step, step)
    else:
        smooth = method is ResizeMethod.CUBIC_PYTORCH
        kernel = KERNELS[ResizeMethod.CUBIC if smooth else method]
        width = pnp.maximum(step, 1.0) if antialias else 1.0
        pixels = pnp.arange(m, dtype=centres.dtype)
        weights = kernel(pnp.abs(centres[None, :] - pixels[:, None]) / width)
    inside = (centres >= -0.5) & (centres <= m - 0.5)
    return pnp.where(inside[None, :], _normalized(weights), 0)


def _overlaps(m: int, left: Any, width: Any) -> Any:
    """How much of each input pixel lies in [left, left + width]."""
    pixels = pnp.arange(m, dtype=left.dtype)[:, None]
    ends = pnp.minimum(left + width, pixels + 1.0), pnp.maximum(left, pixels)
    return pnp.maximum(0.0, ends[0] - ends[1])


def _edges_repeated(m: int, centres: Any) -> Any:
    """Weights of a kernel that reaches beyond the image, where the edges go on."""
    pixels = pnp.arange(-RADIUS, m + RADIUS, dtype=centres.dtype)
    reach = kernels.sharp_cubic(pnp.abs(centres[None, :] - pixels[:, None]))
    rows = np.clip(np.arange(-RADIUS, m + RADIUS), 0, m - 1)
    weights = pnp.zeros((m, *centres.shape), centres.dtype).at[rows].add(reach)
    return _normalized(weights)


def _normalized(weights: Any) -> Any:
    """Columns of sum 1, or of zeros."""
    total = pnp.sum(weights, axis=0, keepdims=True)
    whole = weights / pnp.where(total != 0, total, 1)
    return pnp.where(pnp.abs(total) > LEAST, whole, 0)
