"""Convolutions: the general one and its ordinary, transposed, local and patch-making forms."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from .. import dtypes
from ..core.primitive import registry
from ..numpy.divided import divides
from ..numpy.values import as_array
from ..primitives import contract, pieces, shape
from ..primitives import conv as _conv
from ..primitives.conv import ConvDimensionNumbers, sizes_at
from ..primitives.precision import canonical_precision
from ..primitives.sliding import dilated, pads_of, window_counts
from .elementwise import checked, operands

ConvGeneralDilatedDimensionNumbers = None | ConvDimensionNumbers | tuple[str, str, str]
Padding = str | Sequence[tuple[int, int]]
# The two axes of each array that are not of space.
LETTERS = ("NC", "OI", "NC")


def conv_general_permutations(dimension_numbers: Sequence[str]) -> list[tuple[int, ...]]:
    """The axes of each array from three strings: the two lettered ones, then those of space.

    >>> pb.lax.conv_general_permutations(("NHWC", "HWIO", "NHWC"))
    [(0, 3, 1, 2), (3, 2, 0, 1), (0, 3, 1, 2)]
    """
    if len(dimension_numbers) != 3 or not all(isinstance(s, str) for s in dimension_numbers):
        raise TypeError(
            "conv: dimension_numbers must be three strings like ('NHWC', 'HWIO', 'NHWC'), got"
            f" {dimension_numbers!r}"
        )
    for spec, letters in zip(dimension_numbers, LETTERS, strict=True):
        if len(set(spec)) != len(spec) or not set(letters) <= set(spec):
            raise TypeError(
                f"conv: {spec!r} in dimension_numbers must name each axis by a letter of its own,"
                f" {letters[0]!r} and {letters[1]!r} among them"
            )
    spaces = [set(s) - set(c) for s, c in zip(dimension_numbers, LETTERS, strict=True)]
    if not spaces[0] == spaces[1] == spaces[2]:
        raise TypeError(
            f"conv: dimension_numbers {tuple(dimension_numbers)} must name the same axes of space"
        )
    order = [c for c in dimension_numbers[1] if c in spaces[1]]
    specs = zip(dimension_numbers, LETTERS, strict=True)
    return [tuple(spec.index(c) for c in (*letters, *order)) for spec, letters in specs]


def conv_dimension_numbers(
    lhs_shape: Sequence[int], rhs_shape: Sequence[int], dimension_numbers: Any
) -> ConvDimensionNumbers:
    """`dimension_numbers` as axes.

    Args:
      lhs_shape, rhs_shape: shapes of the operands.
      dimension_numbers: three strings of a letter an axis, like ("NHWC", "HWIO", "NHWC"); None for
        ("NCHW...", "OIHW...", "NCHW..."); or a ConvDimensionNumbers, which stays.

    >>> import pullback as pb
    >>> pb.lax.conv_dimension_numbers((1, 5, 3), (2, 3, 4), ("NWC", "WIO", "NWC"))
    ConvDimensionNumbers(lhs_spec=(0, 2, 1), rhs_spec=(2, 1, 0), out_spec=(0, 2, 1))
    """
    if isinstance(dimension_numbers, ConvDimensionNumbers):
        return ConvDimensionNumbers(*map(tuple, dimension_numbers))
    ndim = len(lhs_shape)
    if len(rhs_shape) != ndim:
        raise TypeError(
            f"conv: the operands must have one rank, got shapes {lhs_shape} and {rhs_shape}"
        )
    if dimension_numbers is None:
        return ConvDimensionNumbers(*[tuple(range(ndim))] * 3)
    specs = conv_general_permutations(dimension_numbers)
    if any(len(s) != ndim for s in specs):
        raise TypeError(
            f"conv: dimension_numbers {tuple(dimension_numbers)} must name {ndim} axes, those of"
            f" shapes {tuple(lhs_shape)} and {tuple(rhs_shape)}"
        )
    return ConvDimensionNumbers(*specs)


def padtype_to_pads(
    in_shape: Sequence[int],
    window_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: Any,
) -> list[tuple[int, int]]:
    """The pairs of padding that "SAME", "SAME_LOWER" or "VALID" stand for.

    >>> import pullback as pb
    >>> pb.lax.padtype_to_pads((5,), (2,), (1,), "SAME")
    [(0, 1)]
    """
    pads = pads_of("padtype_to_pads", in_shape, window_shape, window_strides, str(padding))
    return list(pads)


@divides
def conv_general_dilated(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: Padding,
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: ConvGeneralDilatedDimensionNumbers = None,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
    precision: Any = None,
    preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Any:
    """Correlation of windows of `lhs` with `rhs`: XLA's convolution.

    Args:
      lhs: array of a batch of inputs.
      rhs: array of weights.
      window_strides: the distance of windows on each axis of space.
      padding: "SAME", "SAME_LOWER", "VALID", or a (low, high) pair for each axis of space.
      lhs_dilation: distances at which elements of lhs stand (a transposed convolution).
      rhs_dilation: distances at which weights stand.
      dimension_numbers: as in `conv_dimension_numbers`.
      feature_group_count: groups of features that do not mix.
      batch_group_count: groups of the batch, each convolved with its own output features.
      precision: accepted; products are of full precision.
      preferred_element_type: dtype of the result.
      out_sharding: how the result is divided, as `with_sharding_constraint` takes it.

    Returns:
      Array of the batch, rhs's output features, and the windows' counts.

    Raises:
      TypeError, ValueError: shapes, dtypes or parameters do not fit together.

    >>> import pullback as pb
    >>> x = pb.numpy.arange(5.0).reshape(1, 1, 5)
    >>> pb.lax.conv_general_dilated(x, pb.numpy.array([[[1.0, -1.0]]]), (2,), "VALID")
    Array([[[-1., -1.]]], dtype=float32)
    """
    x, w = operands("conv_general_dilated", lhs, rhs)
    numbers = conv_dimension_numbers(x.shape, w.shape, dimension_numbers)
    ones = (1,) * (x.ndim - 2)
    strides = _ints(window_strides)
    spread = ones if rhs_dilation is None else _ints(rhs_dilation)
    params = {
        "window_strides": strides,
        "padding": _pads(x, w, numbers, strides, spread, padding),
        "lhs_dilation": ones if lhs_dilation is None else _ints(lhs_dilation),
        "rhs_dilation": spread,
        "dimension_numbers": numbers,
        "feature_group_count": int(feature_group_count),
        "batch_group_count": int(batch_group_count),
        "precision": canonical_precision(precision),
        "preferred_element_type": _dtype(preferred_element_type),
    }
    checked("conv_general_dilated", registry["conv_general_dilated"], [x, w], **params)
    return _conv.conv_general_dilated(x, w, **params)


def _ints(values: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(v) for v in values)


def _dtype(dtype: Any) -> Any:
    return None if dtype is None else dtypes.canonicalize_dtype(dtype)


def _pads(x: Any, w: Any, numbers: Any, strides: Any, spread: Any, padding: Any) -> Any:
    space = sizes_at(x.shape, numbers.lhs_spec[2:])
    taps = sizes_at(w.shape, numbers.rhs_spec[2:])
    if len(spread) != len(taps) or len(strides) != len(taps):
        raise TypeError(
            "conv_general_dilated: window_strides and rhs_dilation must have one entry for each of"
            f" {len(taps)} axes of space, got {strides} and {spread}"
        )
    reach = [dilated(k, r) for k, r in zip(taps, spread, strict=True)]
    return pads_of("conv_general_dilated", space, reach, strides, padding)


def conv(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: str,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Any:
    """`conv_general_dilated` of (batch, features, space) with (out, in, space).

    >>> pb.lax.conv(pnp.ones((1, 2, 5)), pnp.ones((3, 2, 2)), (1,), "VALID").shape
    (1, 3, 4)
    """
    return conv_general_dilated(
        lhs,
        rhs,
        window_strides,
        padding,
        precision=precision,
        preferred_element_type=preferred_element_type,
    )


def conv_with_general_padding(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: Padding,
    lhs_dilation: Sequence[int] | None,
    rhs_dilation: Sequence[int] | None,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Any:
    """`conv` with explicit padding and dilation.

    >>> x, w = pnp.ones((1, 1, 4)), pnp.ones((1, 1, 2))
    >>> pb.lax.conv_with_general_padding(x, w, (1,), [(1, 1)], None, None)
    Array([[[1., 2., 2., 2., 1.]]], dtype=float32)
    """
    return conv_general_dilated(
        lhs,
        rhs,
        window_strides,
        padding,
        lhs_dilation,
        rhs_dilation,
        precision=precision,
        preferred_element_type=preferred_element_type,
    )


# The axes of transposed convolutions by rank, as TensorFlow orders them.
TRANSPOSED = {
    2: ("NC", "IO", "NC"),
    3: ("NHC", "HIO", "NHC"),
    4: ("NHWC", "HWIO", "NHWC"),
    5: ("NHWDC", "HWDIO", "NHWDC"),
}


def conv_transpose(
    lhs: Any,
    rhs: Any,
    strides: Sequence[int],
    padding: Padding,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: ConvGeneralDilatedDimensionNumbers = None,
    transpose_kernel: bool = False,
    precision: Any = None,
    preferred_element_type: Any = None,
    use_consistent_padding: bool = False,
) -> Any:
    """A convolution whose windows advance by less than one element: it makes space larger.

    Args:
      lhs: array of a batch of inputs; by default (batch, space, features).
      rhs: array of weights; by default (space, in, out).
      strides: how much larger each axis of space becomes.
      padding: "SAME" or "VALID", of the convolution of which this is the transpose; or pairs.
      rhs_dilation: distances at which weights stand.
      dimension_numbers: as in `conv_dimension_numbers`.
      transpose_kernel: turn the kernel around and exchange its features, as a gradient does.
      precision, preferred_element_type: as in `conv_general_dilated`.
      use_consistent_padding: whether pairs, too, are those of the convolution that is transposed.

    Returns:
      Array.

    >>> pb.lax.conv_transpose(pnp.ones((1, 5, 2)), pnp.ones((3, 2, 4)), (2,), "SAME").shape
    (1, 10, 4)
    """
    x, w = operands("conv_transpose", lhs, rhs)
    if dimension_numbers is None:
        if x.ndim not in TRANSPOSED:
            raise ValueError(f"conv_transpose: give dimension_numbers for rank {x.ndim}")
        dimension_numbers = TRANSPOSED[x.ndim]
    numbers = conv_dimension_numbers(x.shape, w.shape, dimension_numbers)
    taps = sizes_at(w.shape, numbers.rhs_spec[2:])
    spread = (1,) * len(taps) if rhs_dilation is None else _ints(rhs_dilation)
    if use_consistent_padding or (isinstance(padding, str) and padding in ("SAME", "VALID")):
        each = [padding] * len(taps) if isinstance(padding, str) else padding
        reach = [dilated(k, r) for k, r in zip(taps, spread, strict=True)]
        padding = [_transposed_pads(*a) for a in zip(reach, strides, each, strict=True)]
    if transpose_kernel:
        order = list(range(w.ndim))
        out, into = numbers.rhs_spec[:2]
        order[out], order[into] = into, out
        w = shape.transpose(pieces.rev(w, numbers.rhs_spec[2:]), order)
    return conv_general_dilated(
        x,
        w,
        (1,) * len(taps),
        padding,
        strides,
        spread,
        numbers,
        precision=precision,
        preferred_element_type=preferred_element_type,
    )


def _transposed_pads(k: int, stride: int, padding: Any) -> tuple[int, int]:
    """The padding of a transposed convolution from that of the convolution."""
    if padding == "SAME":
        total = k + stride - 2
        low = k - 1 if stride > k - 1 else -(-total // 2)
    elif padding == "VALID":
        total, low = k + stride - 2 + max(k - stride, 0), k - 1
    elif isinstance(padding, tuple) and len(padding) == 2:
        low = k - padding[0] - 1
        total = low + k - padding[1] - 1
    else:
        raise ValueError(
            f'conv_transpose: padding must be "SAME", "VALID" or tuples of two, got {padding!r}'
        )
    return low, total - low


def conv_general_dilated_patches(
    lhs: Any,
    filter_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: Padding,
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: ConvGeneralDilatedDimensionNumbers = None,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Any:
    """The windows that `conv_general_dilated` sees, each as the features of one place.

    Features are ordered by lhs's features, then by the window's axes of `filter_shape`.

    >>> x = pnp.arange(4.0).reshape(1, 1, 4)
    >>> pb.lax.conv_general_dilated_patches(x, (2,), (1,), "VALID")
    Array([[[0., 1., 2.],
            [1., 2., 3.]]], dtype=float32)
    """
    (x,) = operands("conv_general_dilated_patches", lhs)
    taps = _ints(filter_shape)
    numbers = conv_dimension_numbers(x.shape, (1, 1, *taps), dimension_numbers)
    channels, count = x.shape[numbers.lhs_spec[1]], prod(taps)
    eye = np.broadcast_to(np.eye(count, dtype=x.dtype), (channels, count, count))
    kernel = eye.reshape(channels * count, 1, *taps).transpose(np.argsort(numbers.rhs_spec))
    return conv_general_dilated(
        x,
        as_array("conv_general_dilated_patches", np.ascontiguousarray(kernel)),
        window_strides,
        padding,
        lhs_dilation,
        rhs_dilation,
        numbers,
        feature_group_count=channels,
        precision=precision,
        preferred_element_type=preferred_element_type,
    )


def conv_general_dilated_local(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: Padding,
    filter_shape: Sequence[int],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: ConvGeneralDilatedDimensionNumbers = None,
    precision: Any = None,
) -> Any:
    """A convolution whose weights differ from place to place.

    Args:
      rhs: weights; its axes of space are those of the result, and its input features those of
        `conv_general_dilated_patches`.
      lhs, window_strides, padding, filter_shape, lhs_dilation, rhs_dilation, dimension_numbers,
        precision: as in `conv_general_dilated_patches`.

    >>> x, w = pnp.arange(4.0).reshape(1, 1, 4), pnp.array([1.0, 10.0, 100.0]).reshape(1, 1, 3)
    >>> pb.lax.conv_general_dilated_local(x, pnp.tile(w, (1, 2, 1)), (1,), "VALID", (2,))
    Array([[[  1.,  30., 500.]]], dtype=float32)
    """
    x, w = operands("conv_general_dilated_local", lhs, rhs)
    numbers = conv_dimension_numbers(x.shape, (1, 1, *filter_shape), dimension_numbers)
    patches = conv_general_dilated_patches(
        x, filter_shape, window_strides, padding, lhs_dilation, rhs_dilation, numbers
    )
    out, taps = numbers.out_spec, numbers.rhs_spec
    places = sorted(zip(out[2:], taps[2:], strict=True))
    batch = tuple(a for a, _ in places), tuple(b for _, b in places)
    pair = canonical_precision(precision)
    z = contract.dot_general(patches, w, (((out[1],), (taps[1],)), batch), pair, None)
    # Space comes first, then the batch and the features.
    order = [0] * z.ndim
    order[out[0]], order[out[1]] = z.ndim - 2, z.ndim - 1
    for k, (axis, _) in enumerate(places):
        order[axis] = k
    return shape.transpose(z, order)


def conv_shape_tuple(
    lhs_shape: Sequence[int],
    rhs_shape: Sequence[int],
    strides: Sequence[int],
    pads: Padding,
    batch_group_count: int = 1,
) -> tuple[int, ...]:
    """The shape of a convolution of (batch, features, space) with (out, in, space).

    >>> pb.lax.conv_shape_tuple((1, 3, 8, 8), (16, 3, 3, 3), (1, 1), [(0, 0), (0, 0)])
    (1, 16, 6, 6)
    """
    space, taps = tuple(lhs_shape[2:]), tuple(rhs_shape[2:])
    ones = (1,) * len(space)
    pairs = pads_of("conv_shape_tuple", space, taps, strides, pads)
    counts = window_counts(space, taps, _ints(strides), pairs, ones, ones)
    return (lhs_shape[0] // batch_group_count, rhs_shape[0], *counts)


def conv_general_shape_tuple(
    lhs_shape: Sequence[int],
    rhs_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: Padding,
    dimension_numbers: Sequence[str],
) -> tuple[int, ...]:
    """The shape of a convolution with these dimension numbers.

    >>> axes = ("NHWC", "HWIO", "NHWC")
    >>> pb.lax.conv_general_shape_tuple((1, 8, 8, 3), (3, 3, 3, 16), (2, 2), "SAME", axes)
    (1, 4, 4, 16)
    """
    lhs, rhs, out = conv_general_permutations(dimension_numbers)
    x, w = sizes_at(lhs_shape, lhs), sizes_at(rhs_shape, rhs)
    return _placed(conv_shape_tuple(x, w, window_strides, padding), out)


def conv_transpose_shape_tuple(
    lhs_shape: Sequence[int],
    rhs_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: Padding,
    dimension_numbers: Sequence[str],
) -> tuple[int, ...]:
    """The shape of a transposed convolution with these dimension numbers.

    >>> axes = ("NHWC", "HWIO", "NHWC")
    >>> pb.lax.conv_transpose_shape_tuple((1, 4, 4, 3), (2, 2, 3, 16), (2, 2), "SAME", axes)
    (1, 8, 8, 16)
    """
    lhs, rhs, out = conv_general_permutations(dimension_numbers)
    x, w = sizes_at(lhs_shape, lhs), sizes_at(rhs_shape, rhs)
    each = [padding] * len(window_strides) if isinstance(padding, str) else padding
    axes = list(zip(x[2:], w[2:], window_strides, each, strict=True))
    pads = [_transposed_pads(k, s, p) if isinstance(p, str) else p for _, k, s, p in axes]
    space = [(n - 1) * s - k + 2 + sum(pad) for (n, k, s, _), pad in zip(axes, pads, strict=True)]
    return _placed((x[0], w[0], *space), out)


def _placed(sizes: Sequence[int], axes: Sequence[int]) -> tuple[int, ...]:
    found = dict(zip(axes, sizes, strict=True))
    return tuple(found[a] for a in range(len(axes)))
