"""What the docstrings of functions made by tables show, found by the function's name."""


def by_name(text: str) -> dict[str, str]:
    """The examples of a text, parted by blank lines, by the name of what their last line calls."""
    return {_called(example): f"\n{example}\n" for example in text.strip().split("\n\n")}


def _called(example: str) -> str:
    call = example.rpartition(">>> ")[2].partition("(")[0]
    return call.rpartition(".")[2]


SHOWN = by_name("""
>>> pnp.absolute(pnp.array([-2, 3]))
Array([2, 3], dtype=int32)
>>> pnp.absolute(3 + 4j)
Array(5., dtype=float32, weak_type=True)

>>> pnp.arccos(pnp.array([1.0, 0.0, 2.0]))
Array([0.       , 1.5707964,       nan], dtype=float32)

>>> pnp.arccosh(pnp.array([1.0, 2.0]))
Array([0.      , 1.316958], dtype=float32)

>>> pnp.arcsin(pnp.array([0.0, 1.0]))
Array([0.       , 1.5707964], dtype=float32)

>>> pnp.arcsinh(pnp.array([0.0, 1.0]))
Array([0.       , 0.8813736], dtype=float32)

>>> pnp.arctan(pnp.array([0.0, 1.0]))
Array([0.       , 0.7853982], dtype=float32)

>>> pnp.arctanh(pnp.array([0.0, 0.5, 1.0]))
Array([0.        , 0.54930615,        inf], dtype=float32)

>>> pnp.cbrt(pnp.array([8, -1]))
Array([ 2., -1.], dtype=float32)

>>> pnp.cos(pnp.array([0.0, np.pi]))
Array([ 1., -1.], dtype=float32)

>>> pnp.cosh(pnp.array([0.0, 1.5]))
Array([1.       , 2.3524096], dtype=float32)

>>> pnp.exp(pnp.array([0, 1]))
Array([1.      , 2.718282], dtype=float32)

>>> pnp.exp2(pnp.array([3, -1]))
Array([8. , 0.5], dtype=float32)

>>> pnp.expm1(pnp.array([0.0, 1e-10]))
Array([0.e+00, 1.e-10], dtype=float32)

>>> pnp.log(pnp.array([1.0, np.e, 0.0]))
Array([  0.,   1., -inf], dtype=float32)

>>> pnp.log1p(pnp.array([0.0, 1e-10]))
Array([0.e+00, 1.e-10], dtype=float32)

>>> pnp.log2(pnp.array([8.0, 0.5]))
Array([ 3., -1.], dtype=float32)

>>> pnp.log10(pnp.array([1000, 10]))
Array([3., 1.], dtype=float32)

>>> pnp.sin(pnp.array([0.0, np.pi / 2]))
Array([0., 1.], dtype=float32)

>>> pnp.sinh(pnp.array([0.0, 1.0]))
Array([0.       , 1.1752012], dtype=float32)

>>> pnp.sqrt(pnp.array([4, 2, -1]))
Array([2.       , 1.4142135,       nan], dtype=float32)

>>> pnp.tan(pnp.array([0.0, 0.5]))
Array([0.       , 0.5463025], dtype=float32)

>>> pnp.tanh(pnp.array([0.0, 0.5, 20.0]))
Array([0.       , 0.4621172, 1.       ], dtype=float32)

>>> pnp.deg2rad(180)
Array(3.1415927, dtype=float32, weak_type=True)

>>> pnp.rad2deg(pnp.array([np.pi, np.pi / 2]))
Array([180.,  90.], dtype=float32)

>>> pnp.radians(90)
Array(1.5707964, dtype=float32, weak_type=True)

>>> pnp.degrees(pnp.array(np.pi))
Array(180., dtype=float32, weak_type=True)

>>> pnp.reciprocal(pnp.array([4, 8]))
Array([0.25 , 0.125], dtype=float32)

>>> pnp.sinc(pnp.array([0.0, 0.5]))
Array([1.        , 0.63661975], dtype=float32)

>>> pnp.spacing(pnp.array([1.0, 2.0]))
Array([1.1920929e-07, 2.3841858e-07], dtype=float32)

>>> pnp.fabs(pnp.array([-2, 3]))
Array([2., 3.], dtype=float32)

>>> pnp.negative(pnp.array([1, -2]))
Array([-1,  2], dtype=int32)

>>> pnp.positive(pnp.array([1, -2]))
Array([ 1, -2], dtype=int32)

>>> pnp.sign(pnp.array([-3.0, 0.0, 2.0]))
Array([-1.,  0.,  1.], dtype=float32)

>>> pnp.square(pnp.array([3, -2]))
Array([9, 4], dtype=int32)

>>> pnp.ceil(pnp.array([1.2, -1.2]))
Array([ 2., -1.], dtype=float32)

>>> pnp.floor(pnp.array([1.2, -1.2]))
Array([ 1., -2.], dtype=float32)

>>> pnp.conjugate(pnp.array([1 + 2j, 3.0]))
Array([1.-2.j, 3.-0.j], dtype=complex64)

>>> pnp.real(pnp.array([1 + 2j, 3.0]))
Array([1., 3.], dtype=float32)

>>> pnp.imag(pnp.array([1 + 2j, 3.0]))
Array([2., 0.], dtype=float32)

>>> pnp.logical_not(pnp.array([0, 2]))
Array([ True, False], dtype=bool)

>>> pnp.bitwise_not(pnp.array([0, 5]))
Array([-1, -6], dtype=int32)

>>> pnp.bitwise_count(pnp.array([7, -8]))
Array([3, 1], dtype=uint8)

>>> pnp.isnan(pnp.array([np.nan, np.inf, 1.0]))
Array([ True, False, False], dtype=bool)

>>> pnp.isfinite(pnp.array([np.nan, np.inf, 1.0]))
Array([False, False,  True], dtype=bool)

>>> pnp.isinf(pnp.array([np.nan, -np.inf, 1.0]))
Array([False,  True, False], dtype=bool)

>>> pnp.signbit(pnp.array([-0.0, 0.0, -1.0]))
Array([ True, False,  True], dtype=bool)

>>> pnp.add(pnp.array([1, 2]), 0.5)
Array([1.5, 2.5], dtype=float32, weak_type=True)

>>> pnp.subtract(pnp.array([1, 2]), pnp.array([[3], [4]]))
Array([[-2, -1],
       [-3, -2]], dtype=int32)

>>> pnp.multiply(pnp.array([1, 2]), 3)
Array([3, 6], dtype=int32)

>>> pnp.divide(pnp.array([1, 6]), 4)
Array([0.25, 1.5 ], dtype=float32)

>>> pnp.floor_divide(pnp.array([7, -7]), 2)
Array([ 3, -4], dtype=int32)

>>> pnp.remainder(pnp.array([7, -7]), 3)
Array([1, 2], dtype=int32)

>>> pnp.fmod(pnp.array([7, -7]), 3)
Array([ 1, -1], dtype=int32)

>>> pnp.maximum(pnp.array([1.0, np.nan]), 2.0)
Array([ 2., nan], dtype=float32)

>>> pnp.minimum(pnp.array([1.0, np.nan]), 2.0)
Array([ 1., nan], dtype=float32)

>>> pnp.arctan2(pnp.array([1.0, -1.0]), pnp.array([0.0, -1.0]))
Array([ 1.5707964, -2.3561945], dtype=float32)

>>> pnp.hypot(3, 4)
Array(5., dtype=float32, weak_type=True)

>>> pnp.copysign(pnp.array([1.0, -2.0]), -0.0)
Array([-1., -2.], dtype=float32)

>>> pnp.nextafter(pnp.float32(1), 2)
Array(1.0000001, dtype=float32)

>>> pnp.logaddexp(pnp.array([0.0, 1000.0]), 0.0)
Array([6.931472e-01, 1.000000e+03], dtype=float32)

>>> pnp.logaddexp2(pnp.array([0.0, 3.0]), pnp.array([0.0, 3.0]))
Array([1., 4.], dtype=float32)

>>> pnp.heaviside(pnp.array([-1.0, 0.0, 2.0]), 0.5)
Array([0. , 0.5, 1. ], dtype=float32)

>>> pnp.equal(pnp.array([1, 2]), 2)
Array([False,  True], dtype=bool)

>>> pnp.not_equal(pnp.array([1, 2]), 2)
Array([ True, False], dtype=bool)

>>> pnp.greater(pnp.array([1, 2]), 1)
Array([False,  True], dtype=bool)

>>> pnp.greater_equal(pnp.array([1, 2]), 2)
Array([False,  True], dtype=bool)

>>> pnp.less(pnp.array([1, 2]), 2)
Array([ True, False], dtype=bool)

>>> pnp.less_equal(pnp.array([1, 2]), 1)
Array([ True, False], dtype=bool)

>>> pnp.logical_and(pnp.array([0, 2]), True)
Array([False,  True], dtype=bool)

>>> pnp.logical_or(pnp.array([0, 2]), False)
Array([False,  True], dtype=bool)

>>> pnp.logical_xor(pnp.array([0, 2]), True)
Array([ True, False], dtype=bool)

>>> pnp.bitwise_and(pnp.array([6, 3]), 5)
Array([4, 1], dtype=int32)

>>> pnp.bitwise_or(pnp.array([6, 3]), 1)
Array([7, 3], dtype=int32)

>>> pnp.bitwise_xor(pnp.array([6, 3]), 5)
Array([3, 6], dtype=int32)

>>> pnp.left_shift(pnp.array([1, 3]), 2)
Array([ 4, 12], dtype=int32)

>>> pnp.right_shift(pnp.array([8, -3]), 1)
Array([ 4, -2], dtype=int32)

>>> pnp.empty((2, 2))
Array([[0., 0.],
       [0., 0.]], dtype=float32)

>>> pnp.ones((2, 2), int)
Array([[1, 1],
       [1, 1]], dtype=int32)

>>> pnp.ones_like(pnp.array([5, 6]), dtype=float)
Array([1., 1.], dtype=float32)

>>> pnp.zeros((2, 2))
Array([[0., 0.],
       [0., 0.]], dtype=float32)

>>> pnp.zeros_like(pnp.array([5, 6]))
Array([0, 0], dtype=int32)

>>> pnp.cumulative_prod(pnp.array([2, 3, 4]))
Array([ 2,  6, 24], dtype=int32)

>>> pnp.cumulative_sum(pnp.array([1, 2, 3]), include_initial=True)
Array([0, 1, 3, 6], dtype=int32)

>>> pnp.dsplit(pnp.array([[[1, 2]]]), 2)
[Array([[[1]]], dtype=int32), Array([[[2]]], dtype=int32)]

>>> pnp.hsplit(pnp.array([[1, 2]]), 2)
[Array([[1]], dtype=int32), Array([[2]], dtype=int32)]

>>> pnp.vsplit(pnp.array([[1, 2], [3, 4]]), 2)
[Array([[1, 2]], dtype=int32), Array([[3, 4]], dtype=int32)]

>>> pnp.atleast_1d(5)
Array([5], dtype=int32, weak_type=True)

>>> pnp.atleast_2d(pnp.array([1, 2]))
Array([[1, 2]], dtype=int32)

>>> pnp.atleast_3d(pnp.array([1, 2])).shape
(1, 2, 1)

>>> pnp.bartlett(5)
Array([0. , 0.5, 1. , 0.5, 0. ], dtype=float32)

>>> pnp.blackman(5).round(2)
Array([-0.  ,  0.34,  1.  ,  0.34, -0.  ], dtype=float32)

>>> pnp.hamming(5).round(2)
Array([0.08, 0.54, 1.  , 0.54, 0.08], dtype=float32)

>>> pnp.hanning(5)
Array([0. , 0.5, 1. , 0.5, 0. ], dtype=float32)
""")
