"""Initial weights: functions that return functions of (key, shape, dtype)."""

from collections.abc import Callable, Sequence
from math import prod, sqrt
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from .. import dtypes, random
from .. import numpy as pnp
from ..numpy.divided import divides

Axes = int | Sequence[int]


@runtime_checkable
class Initializer(Protocol):
    """What makes initial weights of a key, a shape and a dtype.

    >>> init: pb.nn.initializers.Initializer = pb.nn.initializers.zeros
    >>> init(pb.random.key(0), (2,), np.float32)
    Array([0., 0.], dtype=float32)
    """

    def __call__(
        self, key: Any, shape: Sequence[int], dtype: Any = None, out_sharding: Any = None
    ) -> Any:
        """The weights."""
        ...


# The standard deviation of a normal distribution cut at two standard deviations.
TRUNCATED_STD = 0.87962566103423978
# And of a complex one truncated to 2.
TRUNCATED_COMPLEX_STD = 0.95311164380491208


def _dtype(given: Any, default: Any) -> Any:
    chosen = default if given is None else given
    return dtypes.canonicalize_dtype(np.float64 if chosen is None else chosen)


@divides
def zeros(key: Any, shape: Sequence[int], dtype: Any = None, out_sharding: Any = None) -> Any:
    """An array of zeros; the key is not used.

    >>> import pullback as pb
    >>> pb.nn.initializers.zeros(pb.random.key(0), (2,))
    Array([0., 0.], dtype=float32)
    """
    return pnp.zeros(shape, _dtype(dtype, None))


@divides
def ones(key: Any, shape: Sequence[int], dtype: Any = None, out_sharding: Any = None) -> Any:
    """An array of ones; the key is not used.

    >>> pb.nn.initializers.ones(pb.random.key(0), (2,))
    Array([1., 1.], dtype=float32)
    """
    return pnp.ones(shape, _dtype(dtype, None))


def constant(value: Any, dtype: Any = None) -> Initializer:
    """Arrays filled with `value`.

    >>> pb.nn.initializers.constant(0.5)(pb.random.key(0), (3,))
    Array([0.5, 0.5, 0.5], dtype=float32)
    """

    @divides
    def init(key: Any, shape: Sequence[int], dtype: Any = dtype, out_sharding: Any = None) -> Any:
        return pnp.full(shape, value, dtype=_dtype(dtype, None))

    return init


def uniform(scale: Any = 1e-2, dtype: Any = None) -> Initializer:
    """Uniform on [0, scale).

    >>> pb.nn.initializers.uniform(0.1)(pb.random.key(0), (2, 3)).shape
    (2, 3)
    """

    @divides
    def init(key: Any, shape: Sequence[int], dtype: Any = dtype, out_sharding: Any = None) -> Any:
        wanted = _dtype(dtype, None)
        return random.uniform(key, shape, wanted) * pnp.asarray(scale, wanted)

    return init


def normal(stddev: Any = 1e-2, dtype: Any = None) -> Initializer:
    """Normal with mean 0 and this standard deviation.

    >>> pb.nn.initializers.normal(0.1)(pb.random.key(0), (2, 3)).shape
    (2, 3)
    """

    @divides
    def init(key: Any, shape: Sequence[int], dtype: Any = dtype, out_sharding: Any = None) -> Any:
        wanted = _dtype(dtype, None)
        return random.normal(key, shape, wanted) * pnp.asarray(stddev, wanted)

    return init


def truncated_normal(
    stddev: Any = 1e-2, dtype: Any = None, lower: Any = -2.0, upper: Any = 2.0
) -> Initializer:
    """Normal cut to [lower, upper], times stddev.

    >>> pb.nn.initializers.truncated_normal(0.1)(pb.random.key(0), (2, 3)).shape
    (2, 3)
    """

    @divides
    def init(key: Any, shape: Sequence[int], dtype: Any = dtype, out_sharding: Any = None) -> Any:
        wanted = _dtype(dtype, None)
        drawn = random.truncated_normal(key, lower, upper, shape, wanted)
        return drawn * pnp.asarray(stddev, wanted)

    return init


def _fans(
    shape: Sequence[int], in_axis: Axes, out_axis: Axes, batch_axis: Axes
) -> tuple[float, float]:
    """Inputs and outputs of each unit: the receptive field counts for both."""
    if len(shape) <= 1 and in_axis == -2:
        raise ValueError(
            f"variance_scaling needs a shape of at least two axes, got {tuple(shape)}, or in_axis"
        )
    in_size, out_size, batch = (_size(shape, a) for a in (in_axis, out_axis, batch_axis))
    field = prod(shape) / in_size / out_size / batch
    return in_size * field, out_size * field


def _size(shape: Sequence[int], axes: Axes) -> int:
    return shape[axes] if isinstance(axes, int) else prod(shape[a] for a in axes)


def variance_scaling(
    scale: Any,
    mode: Literal["fan_in", "fan_out", "fan_avg", "fan_geo_avg"],
    distribution: Literal["truncated_normal", "normal", "uniform"],
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    dtype: Any = None,
) -> Initializer:
    """Mean 0 and variance scale / fan, where `mode` says which fan.

    Args:
      scale: positive number.
      mode: the number of inputs, of outputs, or their arithmetic or geometric mean.
      distribution: which distribution to draw from.
      in_axis, out_axis, batch_axis: axes of inputs, outputs, and independent copies.
      dtype: of the arrays; by default the default float.

    >>> init = pb.nn.initializers.variance_scaling(2.0, "fan_in", "normal")
    >>> init(pb.random.key(0), (100, 50)).shape
    (100, 50)
    """

    @divides
    def init(key: Any, shape: Sequence[int], dtype: Any = dtype, out_sharding: Any = None) -> Any:
        wanted = _dtype(dtype, None)
        fan_in, fan_out = _fans(shape, in_axis, out_axis, batch_axis)
        fan = {
            "fan_in": fan_in,
            "fan_out": fan_out,
            "fan_avg": (fan_in + fan_out) / 2,
            "fan_geo_avg": sqrt(fan_in * fan_out),
        }.get(mode)
        if fan is None:
            raise ValueError(f"variance_scaling: unknown mode {mode!r}")
        return _draw(key, shape, wanted, scale / fan, distribution)

    return init


def _draw(key: Any, shape: Sequence[int], dtype: Any, variance: float, distribution: str) -> Any:
    deviation = np.sqrt(np.array(variance, dtype))
    is_complex = dtypes.kind(np.dtype(dtype)) == "complex"
    if distribution == "normal":
        return random.normal(key, shape, dtype) * deviation
    if distribution == "uniform":
        if is_complex:
            return _disk(key, shape, dtype, lambda u: pnp.sqrt(2 * u)) * deviation
        width = np.sqrt(np.array(3 * variance, dtype))
        return random.uniform(key, shape, dtype, -1) * width
    if distribution == "truncated_normal":
        scale = deviation / np.array(TRUNCATED_COMPLEX_STD if is_complex else TRUNCATED_STD, dtype)
        if is_complex:
            return _disk(key, shape, dtype, _truncated_radius) * scale
        return random.truncated_normal(key, -2, 2, shape, dtype) * scale
    raise ValueError(f"variance_scaling: unknown distribution {distribution!r}")


def _disk(key: Any, shape: Sequence[int], dtype: Any, radius: Callable[[Any], Any]) -> Any:
    """Complex numbers of uniform angle, whose radius is a function of uniform numbers."""
    to_radius, to_angle = random.split(key)
    real = np.zeros((), dtype).real.dtype
    r = radius(random.uniform(to_radius, shape, real)).astype(dtype)
    angle = 2 * np.pi * random.uniform(to_angle, shape, real).astype(dtype)
    return r * pnp.exp(1j * angle)


def _truncated_radius(u: Any) -> Any:
    """The radius of a normal number in the plane that is at most 2, by the inverse of its law."""
    return pnp.sqrt(-pnp.log(1 - (1 - np.exp(-4.0)).astype(u.dtype) * u))


def _scaled(scale: float, mode: Any, distribution: Any, name: str, doc: str) -> Any:
    def make(
        in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: Any = None
    ) -> Initializer:
        return variance_scaling(scale, mode, distribution, in_axis, out_axis, batch_axis, dtype)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = f"""{doc}

    >>> init = pb.nn.initializers.{name}()
    >>> init(pb.random.key(0), (5, 3)).shape
    (5, 3)
    """
    return make


xavier_uniform = glorot_uniform = _scaled(
    1.0, "fan_avg", "uniform", "glorot_uniform", "Uniform, variance 1 / fan_avg (Glorot 2010)."
)
xavier_normal = glorot_normal = _scaled(
    1.0, "fan_avg", "truncated_normal", "glorot_normal", "Cut normal, variance 1 / fan_avg."
)
lecun_uniform = _scaled(
    1.0, "fan_in", "uniform", "lecun_uniform", "Uniform, variance 1 / fan_in (LeCun 1998)."
)
lecun_normal = _scaled(
    1.0, "fan_in", "truncated_normal", "lecun_normal", "Cut normal, variance 1 / fan_in."
)
kaiming_uniform = he_uniform = _scaled(
    2.0, "fan_in", "uniform", "he_uniform", "Uniform, variance 2 / fan_in (He 2015)."
)
kaiming_normal = he_normal = _scaled(
    2.0, "fan_in", "truncated_normal", "he_normal", "Cut normal, variance 2 / fan_in."
)


def orthogonal(scale: Any = 1.0, column_axis: int = -1, dtype: Any = None) -> Initializer:
    """Matrices with orthonormal columns, or rows if those are fewer, times scale.

    Args:
      scale: number.
      column_axis: the axis of the columns; all others together are the rows.
      dtype: of the arrays; by default the default float.

    >>> q = pb.nn.initializers.orthogonal()(pb.random.key(0), (3, 3))
    >>> pnp.allclose(q @ q.T, pnp.eye(3), atol=1e-5)
    Array(True, dtype=bool)
    """

    @divides
    def init(key: Any, shape: Sequence[int], dtype: Any = dtype, out_sharding: Any = None) -> Any:
        wanted = _dtype(dtype, None)
        if len(shape) < 2:
            raise ValueError(f"orthogonal needs a shape of at least two axes, got {tuple(shape)}")
        if 0 in shape:
            return pnp.zeros(shape, wanted)
        columns, rest = shape[column_axis], list(shape)
        del rest[column_axis]
        q = random.orthogonal(key, prod(rest), (), wanted, columns)
        q = pnp.moveaxis(pnp.reshape(q, (*rest, columns)), -1, column_axis)
        return pnp.asarray(scale, wanted) * q

    return init


def delta_orthogonal(scale: Any = 1.0, column_axis: int = -1, dtype: Any = None) -> Initializer:
    """Convolution kernels that are an orthogonal matrix at their centre and zero elsewhere.

    Xiao et al., "Dynamical isometry and a mean field theory of CNNs", 2018.

    Args:
      scale, column_axis, dtype: as for `orthogonal`, of the last two axes of the shape; before
        these stand one to three axes of space.

    >>> kernel = pb.nn.initializers.delta_orthogonal()(pb.random.key(0), (3, 2, 2))
    >>> kernel[0]
    Array([[0., 0.],
           [0., 0.]], dtype=float32)
    """

    @divides
    def init(key: Any, shape: Sequence[int], dtype: Any = dtype, out_sharding: Any = None) -> Any:
        wanted = _dtype(dtype, None)
        if len(shape) not in (3, 4, 5):
            raise ValueError(f"delta_orthogonal needs 3, 4 or 5 axes, got {tuple(shape)}")
        if shape[-1] < shape[-2]:
            raise ValueError(
                f"delta_orthogonal: the last axis must be at least as long as the one before it,"
                f" got {tuple(shape)}"
            )
        centre = tuple((n - 1) // 2 for n in shape[:-2])
        matrix = orthogonal(scale, column_axis, wanted)(key, shape[-2:])
        return pnp.zeros(shape, wanted).at[centre].set(matrix)

    return init
