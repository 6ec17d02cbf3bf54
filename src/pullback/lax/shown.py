"""What the docstrings of functions made by tables show, found by the function's name."""

from ..numpy.shown import by_name

SHOWN = by_name("""
>>> pb.lax.abs(pnp.array([-2.0, 3.0]))
Array([2., 3.], dtype=float32)

>>> pb.lax.acos(pnp.array([1.0, 0.0]))
Array([0.       , 1.5707964], dtype=float32)

>>> pb.lax.acosh(pnp.array([1.0, 2.0]))
Array([0.      , 1.316958], dtype=float32)

>>> pb.lax.asin(pnp.array([0.0, 1.0]))
Array([0.       , 1.5707964], dtype=float32)

>>> pb.lax.asinh(pnp.array([0.0, 1.0]))
Array([0.       , 0.8813736], dtype=float32)

>>> pb.lax.atan(pnp.array([0.0, 1.0]))
Array([0.       , 0.7853982], dtype=float32)

>>> pb.lax.atanh(pnp.array([0.0, 0.5]))
Array([0.        , 0.54930615], dtype=float32)

>>> pb.lax.bitwise_not(pnp.array([0, 5]))
Array([-1, -6], dtype=int32)

>>> pb.lax.ceil(pnp.array([1.2, -1.2]))
Array([ 2., -1.], dtype=float32)

>>> pb.lax.clz(pnp.array([1, 16]))
Array([31, 27], dtype=int32)

>>> pb.lax.cosh(pnp.array([0.0, 1.5]))
Array([1.       , 2.3524096], dtype=float32)

>>> pb.lax.digamma(pnp.array([1.0, 2.0]))
Array([-0.5772157 ,  0.42278433], dtype=float32)

>>> pb.lax.erf(pnp.array([0.0, 1.0]))
Array([0.       , 0.8427008], dtype=float32)

>>> pb.lax.erf_inv(pnp.array([0.0, 1.0]))
Array([ 0., inf], dtype=float32)

>>> pb.lax.erfc(pnp.array([0.0, 1.0]))
Array([1.       , 0.1572992], dtype=float32)

>>> pb.lax.floor(pnp.array([1.2, -1.2]))
Array([ 1., -2.], dtype=float32)

>>> pb.lax.imag(pnp.array([1 + 2j]))
Array([2.], dtype=float32)

>>> pb.lax.is_finite(pnp.array([np.nan, 1.0]))
Array([False,  True], dtype=bool)

>>> pb.lax.lgamma(pnp.array([1.0, 5.0]))
Array([0.       , 3.1780539], dtype=float32)

>>> pb.lax.neg(pnp.array([1, -2]))
Array([-1,  2], dtype=int32)

>>> pb.lax.population_count(pnp.array([7, 8]))
Array([3, 1], dtype=int32)

>>> pb.lax.real(pnp.array([1 + 2j]))
Array([1.], dtype=float32)

>>> pb.lax.sign(pnp.array([-3.0, 0.0]))
Array([-1.,  0.], dtype=float32)

>>> pb.lax.sinh(pnp.array([0.0, 1.0]))
Array([0.       , 1.1752012], dtype=float32)

>>> pb.lax.square(pnp.array([3, -2]))
Array([9, 4], dtype=int32)

>>> pb.lax.cbrt(pnp.array([8.0, -1.0]))
Array([ 2., -1.], dtype=float32)

>>> pb.lax.cos(pnp.array([0.0, np.pi]))
Array([ 1., -1.], dtype=float32)

>>> pb.lax.exp(pnp.array([0.0, 1.0]))
Array([1.      , 2.718282], dtype=float32)

>>> pb.lax.exp2(pnp.array([3.0, -1.0]))
Array([8. , 0.5], dtype=float32)

>>> pb.lax.expm1(pnp.array([0.0, 1e-10]))
Array([0.e+00, 1.e-10], dtype=float32)

>>> pb.lax.log(pnp.array([1.0, np.e]))
Array([0., 1.], dtype=float32)

>>> pb.lax.log1p(pnp.array([0.0, 1e-10]))
Array([0.e+00, 1.e-10], dtype=float32)

>>> pb.lax.logistic(pnp.array([0.0, 100.0]))
Array([0.5, 1. ], dtype=float32)

>>> pb.lax.rsqrt(pnp.array([4.0, 16.0]))
Array([0.5 , 0.25], dtype=float32)

>>> pb.lax.sin(pnp.array([0.0, np.pi / 2]))
Array([0., 1.], dtype=float32)

>>> pb.lax.sqrt(pnp.array([4.0, 2.0]))
Array([2.       , 1.4142135], dtype=float32)

>>> pb.lax.tan(pnp.array([0.0, 0.5]))
Array([0.       , 0.5463025], dtype=float32)

>>> pb.lax.tanh(pnp.array([0.0, 0.5]))
Array([0.       , 0.4621172], dtype=float32)

>>> pb.lax.add(pnp.array([1, 2]), 3)
Array([4, 5], dtype=int32)

>>> pb.lax.atan2(pnp.array([1.0, 0.0]), pnp.array([0.0, 1.0]))
Array([1.5707964, 0.       ], dtype=float32)

>>> pb.lax.bitwise_and(pnp.array([6, 3]), 5)
Array([4, 1], dtype=int32)

>>> pb.lax.bitwise_or(pnp.array([6, 3]), 1)
Array([7, 3], dtype=int32)

>>> pb.lax.bitwise_xor(pnp.array([6, 3]), 5)
Array([3, 6], dtype=int32)

>>> pb.lax.complex(pnp.array([1.0, 2.0]), pnp.array([3.0, 4.0]))
Array([1.+3.j, 2.+4.j], dtype=complex64)

>>> pb.lax.div(pnp.array([7, -7]), 2)
Array([ 3, -3], dtype=int32)

>>> pb.lax.eq(pnp.array([1, 2]), 2)
Array([False,  True], dtype=bool)

>>> pb.lax.ge(pnp.array([1, 2]), 2)
Array([False,  True], dtype=bool)

>>> pb.lax.gt(pnp.array([1, 2]), 1)
Array([False,  True], dtype=bool)

>>> pb.lax.le(pnp.array([1, 2]), 1)
Array([ True, False], dtype=bool)

>>> pb.lax.lt(pnp.array([1, 2]), 2)
Array([ True, False], dtype=bool)

>>> pb.lax.max(pnp.array([1.0, np.nan]), 2.0)
Array([ 2., nan], dtype=float32)

>>> pb.lax.min(pnp.array([1.0, np.nan]), 2.0)
Array([ 1., nan], dtype=float32)

>>> pb.lax.ne(pnp.array([1, 2]), 2)
Array([ True, False], dtype=bool)

>>> pb.lax.rem(pnp.array([7, -7]), 3)
Array([ 1, -1], dtype=int32)

>>> pb.lax.shift_left(pnp.array([1, 3]), 2)
Array([ 4, 12], dtype=int32)

>>> pb.lax.shift_right_arithmetic(pnp.array([8, -8]), 1)
Array([ 4, -4], dtype=int32)

>>> pb.lax.shift_right_logical(pnp.array([8, -8]), 1)
Array([         4, 2147483644], dtype=int32)

>>> pb.lax.sub(pnp.array([1, 2]), 3)
Array([-2, -1], dtype=int32)

>>> axes = pb.lax.ScatterDimensionNumbers((), (0,), (0,))
>>> pb.lax.scatter(pnp.ones(4), pnp.array([[0], [2]]), pnp.array([5.0, 7.0]), axes)
Array([5., 1., 7., 1.], dtype=float32)

>>> axes = pb.lax.ScatterDimensionNumbers((), (0,), (0,))
>>> pb.lax.scatter_add(pnp.ones(4), pnp.array([[0], [0]]), pnp.array([5.0, 7.0]), axes)
Array([13.,  1.,  1.,  1.], dtype=float32)

>>> axes = pb.lax.ScatterDimensionNumbers((), (0,), (0,))
>>> pb.lax.scatter_sub(pnp.ones(4), pnp.array([[0], [0]]), pnp.array([5.0, 7.0]), axes)
Array([-11.,   1.,   1.,   1.], dtype=float32)

>>> axes = pb.lax.ScatterDimensionNumbers((), (0,), (0,))
>>> pb.lax.scatter_mul(pnp.ones(4), pnp.array([[0], [0]]), pnp.array([5.0, 7.0]), axes)
Array([35.,  1.,  1.,  1.], dtype=float32)

>>> axes = pb.lax.ScatterDimensionNumbers((), (0,), (0,))
>>> pb.lax.scatter_min(pnp.ones(4), pnp.array([[0], [2]]), pnp.array([5.0, -7.0]), axes)
Array([ 1.,  1., -7.,  1.], dtype=float32)

>>> axes = pb.lax.ScatterDimensionNumbers((), (0,), (0,))
>>> pb.lax.scatter_max(pnp.ones(4), pnp.array([[0], [2]]), pnp.array([5.0, -7.0]), axes)
Array([5., 1., 1., 1.], dtype=float32)

>>> pb.lax.argmax(pnp.array([3, 9, 9]), 0, "int32")
Array(1, dtype=int32)

>>> pb.lax.argmin(pnp.array([3, 9, 1]), 0, "int32")
Array(2, dtype=int32)

>>> pb.lax.cumlogsumexp(pnp.zeros(3))
Array([0.       , 0.6931472, 1.0986123], dtype=float32)

>>> pb.lax.cummax(pnp.array([1, 3, 2]))
Array([1, 3, 3], dtype=int32)

>>> pb.lax.cummin(pnp.array([3, 1, 2]))
Array([3, 1, 1], dtype=int32)

>>> pb.lax.cumprod(pnp.array([2, 3, 4]))
Array([ 2,  6, 24], dtype=int32)

>>> pb.lax.cumsum(pnp.array([1, 2, 3]), reverse=True)
Array([6, 5, 3], dtype=int32)

>>> pb.lax.reduce_and(pnp.array([[6, 3], [7, 5]]), (0,))
Array([6, 1], dtype=int32)

>>> pb.lax.reduce_max(pnp.array([[6, 3], [7, 5]]), (0,))
Array([7, 5], dtype=int32)

>>> pb.lax.reduce_min(pnp.array([[6, 3], [7, 5]]), (1,))
Array([3, 5], dtype=int32)

>>> pb.lax.reduce_or(pnp.array([[6, 3], [4, 1]]), (0,))
Array([6, 3], dtype=int32)

>>> pb.lax.reduce_sum(pnp.array([[6, 3], [7, 5]]), (0,))
Array([13,  8], dtype=int32)

>>> pb.lax.reduce_prod(pnp.array([[6, 3], [7, 5]]), (0, 1))
Array(630, dtype=int32)

>>> pb.lax.reduce_xor(pnp.array([[6, 3], [7, 5]]), (0,))
Array([1, 6], dtype=int32)
""")
