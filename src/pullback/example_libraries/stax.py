"""Layers as pairs of functions, and what puts them together.

A layer is (init, apply): `init(key, input_shape) -> (output_shape, params)` and
`apply(params, inputs, **kwargs) -> outputs`, where layers that draw numbers take `rng=`.

>>> import pullback as pb
>>> from pullback.example_libraries import stax
>>> init, apply = stax.serial(stax.Dense(8), stax.Relu, stax.Dense(2))
>>> shape, params = init(pb.random.key(0), (5, 3))
>>> shape, apply(params, pb.numpy.ones((5, 3))).shape
((5, 2), (5, 2))
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any

from .. import lax, random
from .. import numpy as pnp
from ..nn import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    selu,
    sigmoid,
    softmax,
    softplus,
    standardize,
)
from ..nn.initializers import glorot_normal, normal, ones, zeros

__all__ = [
    "AvgPool", "BatchNorm", "Conv", "Conv1DTranspose", "ConvTranspose", "Dense", "Dropout", "Elu",
    "Exp", "FanInConcat", "FanInSum", "FanOut", "Flatten", "Gelu", "GeneralConv",
    "GeneralConvTranspose", "Identity", "LeakyRelu", "LogSoftmax", "MaxPool", "Relu", "Selu",
    "Sigmoid", "Softmax", "Softplus", "SumPool", "Tanh", "elementwise", "parallel", "serial",
    "shape_dependent",
]  # fmt: skip

GLOROT, NORMAL, SMALL = glorot_normal(), normal(), normal(1e-6)
Function = Callable[..., Any]
Layer = tuple[Function, Function]
Shape = tuple[int, ...]
Specs = tuple[str, str, str]


def _plain(shape: Function, apply: Function) -> Layer:
    """A layer without parameters, by what it does to shapes and to values."""
    return (
        lambda rng, input_shape: (shape(input_shape), ()),
        lambda params, inputs, **kwargs: apply(inputs),
    )


def Dense(out_dim: int, W_init: Function = GLOROT, b_init: Function = NORMAL) -> Layer:
    """inputs @ W + b.

    >>> from pullback.example_libraries import stax
    >>> init, apply = stax.Dense(4)
    >>> shape, params = init(pb.random.key(0), (5, 3))
    >>> apply(params, pnp.ones((5, 3))).shape
    (5, 4)
    """

    def init(rng: Any, input_shape: Shape) -> Any:
        k1, k2 = random.split(rng)
        params = W_init(k1, (input_shape[-1], out_dim)), b_init(k2, (out_dim,))
        return (*input_shape[:-1], out_dim), params

    return init, lambda params, inputs, **kwargs: pnp.dot(inputs, params[0]) + params[1]


def GeneralConv(
    dimension_numbers: Specs,
    out_chan: int,
    filter_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    padding: Any = "VALID",
    W_init: Function | None = None,
    b_init: Function = SMALL,
) -> Layer:
    """A convolution, with a bias for each channel.

    >>> from pullback.example_libraries import stax
    >>> init, apply = stax.GeneralConv(("NHWC", "HWIO", "NHWC"), 4, (3, 3), padding="SAME")
    >>> init(pb.random.key(0), (1, 8, 8, 3))[0]
    (1, 8, 8, 4)
    """
    steps = strides or (1,) * len(filter_shape)
    specs = dimension_numbers

    def apply(params: Any, inputs: Any, **kwargs: Any) -> Any:
        out = lax.conv_general_dilated(inputs, params[0], steps, padding, dimension_numbers=specs)
        return out + params[1]

    shape = _positional(lax.conv_general_shape_tuple, steps, padding, specs)
    return _conv_init(specs, out_chan, filter_shape, shape, W_init, b_init), apply


def GeneralConvTranspose(
    dimension_numbers: Specs,
    out_chan: int,
    filter_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    padding: Any = "VALID",
    W_init: Function | None = None,
    b_init: Function = SMALL,
) -> Layer:
    """A transposed convolution, with a bias for each channel.

    >>> from pullback.example_libraries import stax
    >>> init, apply = stax.GeneralConvTranspose(("NHWC", "HWIO", "NHWC"), 4, (2, 2), (2, 2))
    >>> init(pb.random.key(0), (1, 4, 4, 3))[0]
    (1, 8, 8, 4)
    """
    steps = strides or (1,) * len(filter_shape)
    specs = dimension_numbers

    def apply(params: Any, inputs: Any, **kwargs: Any) -> Any:
        out = lax.conv_transpose(inputs, params[0], steps, padding, dimension_numbers=specs)
        return out + params[1]

    shape = _positional(lax.conv_transpose_shape_tuple, steps, padding, specs)
    return _conv_init(specs, out_chan, filter_shape, shape, W_init, b_init), apply


def _positional(f: Function, *last: Any) -> Function:
    return lambda *first: f(*first, *last)


def _conv_init(
    specs: Specs,
    out_chan: int,
    filter_shape: Sequence[int],
    out_shape: Function,
    W_init: Function | None,
    b_init: Function,
) -> Function:
    """The parameters of a convolution, whose shapes the letters of `specs` tell."""
    lhs, rhs, out = specs
    draw = W_init or glorot_normal(rhs.index("I"), rhs.index("O"))

    def init(rng: Any, input_shape: Shape) -> Any:
        sizes = iter(filter_shape)
        known = {"O": out_chan, "I": input_shape[lhs.index("C")]}
        kernel = [known[c] if c in known else next(sizes) for c in rhs]
        bias = [out_chan if c == "C" else 1 for c in out]
        k1, k2 = random.split(rng)
        return out_shape(input_shape, kernel), (draw(k1, kernel), b_init(k2, bias))

    return init


Conv = partial(GeneralConv, ("NHWC", "HWIO", "NHWC"))
Conv1DTranspose = partial(GeneralConvTranspose, ("NHC", "HIO", "NHC"))
ConvTranspose = partial(GeneralConvTranspose, ("NHWC", "HWIO", "NHWC"))


def BatchNorm(
    axis: Any = (0, 1, 2),
    epsilon: float = 1e-5,
    center: bool = True,
    scale: bool = True,
    beta_init: Function = zeros,
    gamma_init: Function = ones,
) -> Layer:
    """Mean 0 and variance 1 over some axes, then a scale and a shift for each place of the rest.

    >>> from pullback.example_libraries import stax
    >>> init, apply = stax.BatchNorm(axis=0)
    >>> shape, params = init(pb.random.key(0), (2, 1))
    >>> apply(params, pnp.array([[1.0], [3.0]])).round(3)
    Array([[-1.],
           [ 1.]], dtype=float32)
    """
    axes = (axis,) if pnp.isscalar(axis) else tuple(axis)

    def init(rng: Any, input_shape: Shape) -> Any:
        shape = tuple([n for i, n in enumerate(input_shape) if i not in axes])
        k1, k2 = random.split(rng)
        beta = beta_init(k1, shape) if center else ()
        return input_shape, (beta, gamma_init(k2, shape) if scale else ())

    def apply(params: Any, x: Any, **kwargs: Any) -> Any:
        beta, gamma = params
        spread = tuple([None if i in axes else slice(None) for i in range(pnp.ndim(x))])
        z = standardize(x, axes, epsilon=epsilon)
        z = gamma[spread] * z if scale else z
        return z + beta[spread] if center else z

    return init, apply


def elementwise(fun: Function, **fun_kwargs: Any) -> Layer:
    """A function of each element, or one that keeps the shape.

    >>> from pullback.example_libraries import stax
    >>> init, apply = stax.elementwise(pnp.abs)
    >>> apply((), pnp.array([-1.0, 2.0]))
    Array([1., 2.], dtype=float32)
    """
    return _plain(lambda shape: shape, partial(fun, **fun_kwargs))


Tanh = elementwise(pnp.tanh)
Relu = elementwise(relu)
Exp = elementwise(pnp.exp)
LogSoftmax = elementwise(log_softmax, axis=-1)
Softmax = elementwise(softmax, axis=-1)
Softplus = elementwise(softplus)
Sigmoid = elementwise(sigmoid)
Elu = elementwise(elu)
LeakyRelu = elementwise(leaky_relu)
Selu = elementwise(selu)
Gelu = elementwise(gelu)


def MaxPool(
    window_shape: Shape, strides: Shape | None = None, padding: Any = "VALID", spec: Any = None
) -> Layer:
    """The greatest of each window. `spec` names the axes, as in "NHWC".

    >>> from pullback.example_libraries import stax
    >>> init, apply = stax.MaxPool((2, 2))
    >>> apply((), pnp.arange(4.0).reshape(1, 2, 2, 1)).ravel()
    Array([3.], dtype=float32)
    """
    return _pool(lax.max, -pnp.inf, False, window_shape, strides, padding, spec)


def SumPool(
    window_shape: Shape, strides: Shape | None = None, padding: Any = "VALID", spec: Any = None
) -> Layer:
    """The sum of each window.

    >>> from pullback.example_libraries import stax
    >>> init, apply = stax.SumPool((2, 2))
    >>> apply((), pnp.arange(4.0).reshape(1, 2, 2, 1)).ravel()
    Array([6.], dtype=float32)
    """
    return _pool(lax.add, 0.0, False, window_shape, strides, padding, spec)


def AvgPool(
    window_shape: Shape, strides: Shape | None = None, padding: Any = "VALID", spec: Any = None
) -> Layer:
    """The mean of each window, over the elements that are not padding.

    >>> from pullback.example_libraries import stax
    >>> init, apply = stax.AvgPool((2, 2))
    >>> apply((), pnp.arange(4.0).reshape(1, 2, 2, 1)).ravel()
    Array([1.5], dtype=float32)
    """
    return _pool(lax.add, 0.0, True, window_shape, strides, padding, spec)


def _pool(
    reducer: Function,
    start: float,
    mean: bool,
    window_shape: Shape,
    strides: Shape | None,
    padding: Any,
    spec: Any,
) -> Layer:
    n = len(window_shape)
    apart = (0, n + 1) if spec is None else (spec.index("N"), spec.index("C"))
    spatial = [i for i in range(n + 2) if i not in apart]
    window, steps = [1] * (n + 2), [1] * (n + 2)
    for i, size, step in zip(spatial, window_shape, strides or (1,) * n, strict=True):
        window[i], steps[i] = size, step

    def apply(inputs: Any) -> Any:
        out = lax.reduce_window(inputs, start, reducer, window, steps, padding)
        if not mean:
            return out
        one = pnp.ones([m if i in spatial else 1 for i, m in enumerate(inputs.shape)], inputs.dtype)
        return out / lax.reduce_window(one, 0.0, lax.add, window, steps, padding)

    def shape(input_shape: Shape) -> Shape:
        pads = lax.padtype_to_pads(input_shape, window, steps, padding)
        one = (1,) * (n + 2)
        return tuple(lax.reduce_window_shape_tuple(input_shape, window, steps, pads, one, one))

    return _plain(shape, apply)


Flatten = _plain(
    lambda shape: (shape[0], prod(shape[1:])), lambda x: pnp.reshape(x, (x.shape[0], -1))
)
Identity = _plain(lambda shape: shape, lambda x: x)
FanInSum = _plain(lambda shapes: shapes[0], sum)


def FanOut(num: int) -> Layer:
    """The inputs several times, as a list.

    >>> from pullback.example_libraries import stax
    >>> init, apply = stax.FanOut(2)
    >>> apply((), 3.0)
    [3.0, 3.0]
    """
    return _plain(lambda shape: [shape] * num, lambda x: [x] * num)


def FanInConcat(axis: int = -1) -> Layer:
    """Several inputs, one after the other along an axis.

    >>> from pullback.example_libraries import stax
    >>> init, apply = stax.FanInConcat()
    >>> apply((), (pnp.array([1.0]), pnp.array([2.0])))
    Array([1., 2.], dtype=float32)
    """

    def shape(shapes: Sequence[Shape]) -> Shape:
        first = list(shapes[0])
        first[axis] = sum(s[axis] for s in shapes)
        return tuple(first)

    return _plain(shape, lambda inputs: pnp.concatenate(inputs, axis))


def Dropout(rate: float, mode: str = "train") -> Layer:
    """Each element kept with probability `rate`, and scaled by 1 / rate; all of them in tests.

    >>> from pullback.example_libraries import stax
    >>> init, apply = stax.Dropout(0.5, mode="test")
    >>> apply((), pnp.ones(3), rng=pb.random.key(0))
    Array([1., 1., 1.], dtype=float32)
    """

    def apply(params: Any, inputs: Any, **kwargs: Any) -> Any:
        rng = kwargs.get("rng")
        if rng is None:
            raise ValueError("Dropout: apply wants a random key: apply(params, inputs, rng=key)")
        if mode != "train":
            return inputs
        return pnp.where(random.bernoulli(rng, rate, inputs.shape), inputs / rate, 0)

    return (lambda rng, input_shape: (input_shape, ())), apply


def serial(*layers: Layer) -> Layer:
    """One layer after the other.

    >>> from pullback.example_libraries import stax
    >>> init, apply = stax.serial(stax.Dense(8), stax.Relu, stax.Dense(2))
    >>> shape, params = init(pb.random.key(0), (5, 3))
    >>> shape
    (5, 2)
    """

    def init(rng: Any, input_shape: Any) -> Any:
        params: list[Any] = []
        for layer_init, _ in layers:
            rng, key = random.split(rng)
            input_shape, own = layer_init(key, input_shape)
            params.append(own)
        return input_shape, params

    def apply(params: Any, inputs: Any, **kwargs: Any) -> Any:
        keys = _keys(kwargs.pop("rng", None), len(layers))
        for (_, layer), own, key in zip(layers, params, keys, strict=True):
            inputs = layer(own, inputs, rng=key, **kwargs)
        return inputs

    return init, apply


def parallel(*layers: Layer) -> Layer:
    """Each layer on one of several inputs.

    >>> from pullback.example_libraries import stax
    >>> init, apply = stax.parallel(stax.Identity, stax.Relu)
    >>> apply(((), ()), [pnp.array([-1.0]), pnp.array([-1.0])])
    [Array([-1.], dtype=float32), Array([0.], dtype=float32)]
    """

    def init(rng: Any, input_shape: Any) -> Any:
        keys = random.split(rng, len(layers))
        made = [f(key, s) for (f, _), key, s in zip(layers, keys, input_shape, strict=True)]
        return tuple([m[0] for m in made]), tuple([m[1] for m in made])

    def apply(params: Any, inputs: Any, **kwargs: Any) -> Any:
        keys = _keys(kwargs.pop("rng", None), len(layers))
        each = zip(layers, params, inputs, keys, strict=True)
        return [f(own, x, rng=key, **kwargs) for (_, f), own, x, key in each]

    return init, apply


def _keys(rng: Any, n: int) -> Any:
    return (None,) * n if rng is None else random.split(rng, n)


def shape_dependent(make_layer: Callable[[Any], Layer]) -> Layer:
    """The layer that a function makes of the input's shape.

    >>> from pullback.example_libraries import stax
    >>> init, apply = stax.shape_dependent(lambda shape: stax.Dense(2 * shape[-1]))
    >>> init(pb.random.key(0), (5, 3))[0]
    (5, 6)
    """

    def init(rng: Any, input_shape: Any) -> Any:
        return make_layer(input_shape)[0](rng, input_shape)

    def apply(params: Any, inputs: Any, **kwargs: Any) -> Any:
        return make_layer(inputs.shape)[1](params, inputs, **kwargs)

    return init, apply
