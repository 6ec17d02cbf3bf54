"""What the docstrings of functions of series show, found by the function's name."""

from ..shown import by_name

SHOWN = by_name("""
>>> pnp.polynomial.polynomial.polyadd(pnp.array([1.0, 2.0]), pnp.array([1.0]))
Array([2., 2.], dtype=float32)

>>> pnp.polynomial.polynomial.polysub(pnp.array([1.0, 2.0]), pnp.array([1.0]))
Array([0., 2.], dtype=float32)

>>> pnp.polynomial.polynomial.polymulx(pnp.array([1.0, 2.0]))
Array([0., 1., 2.], dtype=float32)

>>> pnp.polynomial.polynomial.polymul(pnp.array([1.0, 2.0]), pnp.array([3.0, 1.0]))
Array([3., 7., 2.], dtype=float32)

>>> pnp.polynomial.polynomial.polydiv(pnp.array([1.0, 2.0, 2.0]), pnp.array([0.0, 1.0]))
(Array([2., 2.], dtype=float32), Array([1.], dtype=float32))

>>> pnp.polynomial.polynomial.polypow(pnp.array([1.0, 2.0]), 2)
Array([1., 4., 4.], dtype=float32)

>>> pnp.polynomial.polynomial.polyval(pnp.array([0.0, 0.5]), pnp.array([1.0, 2.0, 4.0]))
Array([1., 3.], dtype=float32)

>>> pnp.polynomial.polynomial.polyval2d(0.5, 2.0, pnp.array([[1.0, 2.0], [3.0, 4.0]]))
Array(10.5, dtype=float32)

>>> pnp.polynomial.polynomial.polyval3d(0.5, 2.0, 1.0, pnp.ones((2, 2, 2)))
Array(9., dtype=float32)

>>> poly = pnp.polynomial.polynomial
>>> poly.polygrid2d(pnp.array([0.0, 1.0]), pnp.array([0.0, 2.0]), pnp.ones((2, 2)))
Array([[1., 3.],
       [2., 6.]], dtype=float32)

>>> pnp.polynomial.polynomial.polygrid3d(*3 * [pnp.arange(2.0)], pnp.ones((2, 2, 2))).shape
(2, 2, 2)

>>> pnp.polynomial.polynomial.polyvander(pnp.array([0.5, 2.0]), 2)
Array([[1.  , 0.5 , 0.25],
       [1.  , 2.  , 4.  ]], dtype=float32)

>>> pnp.polynomial.polynomial.polyvander2d(pnp.array([0.5]), pnp.array([2.0]), [1, 1])
Array([[1. , 2. , 0.5, 1. ]], dtype=float32)

>>> pnp.polynomial.polynomial.polyvander3d(*3 * [pnp.ones(2)], [1, 1, 1]).shape
(2, 8)

>>> pnp.polynomial.polynomial.polyder(pnp.array([1.0, 2.0, 3.0]))
Array([2., 6.], dtype=float32)

>>> pnp.polynomial.polynomial.polyint(pnp.array([1.0, 2.0]))
Array([0., 1., 1.], dtype=float32)

>>> pnp.polynomial.polynomial.polyfromroots(pnp.array([1.0, -2.0]))
Array([-2.,  1.,  1.], dtype=float32)

>>> pnp.polynomial.polynomial.polyroots(pnp.array([-1.0, 0.0, 1.0])).round(3)
Array([-1.+0.j,  1.+0.j], dtype=complex64)

>>> pnp.polynomial.polynomial.polycompanion(pnp.array([1.0, 2.0, 4.0])).round(3)
Array([[ 0.  , -0.25],
       [ 1.  , -0.5 ]], dtype=float32)

>>> poly = pnp.polynomial.polynomial
>>> poly.polyfit(pnp.array([-1.0, 0.0, 1.0]), pnp.array([1.0, 3.0, 5.0]), 1).round(3)
Array([3., 2.], dtype=float32)

>>> pnp.polynomial.polynomial.polyline(1.0, 2.0)
Array([1., 2.], dtype=float32)

>>> pnp.polynomial.polynomial.polytrim(pnp.array([1.0, 2.0, 0.0]))
Array([1., 2.], dtype=float32)

>>> pnp.polynomial.polynomial.polyvalfromroots(3.0, pnp.array([1.0, 2.0]))
Array(2., dtype=float32)

>>> pnp.polynomial.chebyshev.chebadd(pnp.array([1.0, 2.0]), pnp.array([1.0]))
Array([2., 2.], dtype=float32)

>>> pnp.polynomial.chebyshev.chebsub(pnp.array([1.0, 2.0]), pnp.array([1.0]))
Array([0., 2.], dtype=float32)

>>> pnp.polynomial.chebyshev.chebmulx(pnp.array([1.0, 2.0]))
Array([1., 1., 1.], dtype=float32)

>>> pnp.polynomial.chebyshev.chebmul(pnp.array([1.0, 2.0]), pnp.array([3.0, 1.0]))
Array([4., 7., 1.], dtype=float32)

>>> pnp.polynomial.chebyshev.chebdiv(pnp.array([1.0, 2.0, 2.0]), pnp.array([0.0, 1.0]))
(Array([2., 4.], dtype=float32), Array([-1.], dtype=float32))

>>> pnp.polynomial.chebyshev.chebpow(pnp.array([1.0, 2.0]), 2)
Array([3., 4., 2.], dtype=float32)

>>> pnp.polynomial.chebyshev.chebval(pnp.array([0.0, 0.5]), pnp.array([1.0, 2.0, 4.0]))
Array([-3.,  0.], dtype=float32)

>>> pnp.polynomial.chebyshev.chebval2d(0.5, 2.0, pnp.array([[1.0, 2.0], [3.0, 4.0]]))
Array(10.5, dtype=float32)

>>> pnp.polynomial.chebyshev.chebval3d(0.5, 2.0, 1.0, pnp.ones((2, 2, 2)))
Array(9., dtype=float32)

>>> cheb = pnp.polynomial.chebyshev
>>> cheb.chebgrid2d(pnp.array([0.0, 1.0]), pnp.array([0.0, 2.0]), pnp.ones((2, 2)))
Array([[1., 3.],
       [2., 6.]], dtype=float32)

>>> pnp.polynomial.chebyshev.chebgrid3d(*3 * [pnp.arange(2.0)], pnp.ones((2, 2, 2))).shape
(2, 2, 2)

>>> pnp.polynomial.chebyshev.chebvander(pnp.array([0.5, 2.0]), 2)
Array([[ 1. ,  0.5, -0.5],
       [ 1. ,  2. ,  7. ]], dtype=float32)

>>> pnp.polynomial.chebyshev.chebvander2d(pnp.array([0.5]), pnp.array([2.0]), [1, 1])
Array([[1. , 2. , 0.5, 1. ]], dtype=float32)

>>> pnp.polynomial.chebyshev.chebvander3d(*3 * [pnp.ones(2)], [1, 1, 1]).shape
(2, 8)

>>> pnp.polynomial.chebyshev.chebder(pnp.array([1.0, 2.0, 3.0]))
Array([ 2., 12.], dtype=float32)

>>> pnp.polynomial.chebyshev.chebint(pnp.array([1.0, 2.0]))
Array([0.5, 1. , 0.5], dtype=float32)

>>> pnp.polynomial.chebyshev.chebfromroots(pnp.array([1.0, -2.0]))
Array([-1.5,  1. ,  0.5], dtype=float32)

>>> pnp.polynomial.chebyshev.chebroots(pnp.array([-1.0, 0.0, 1.0])).round(3)
Array([-1.+0.j,  1.+0.j], dtype=complex64)

>>> pnp.polynomial.chebyshev.chebcompanion(pnp.array([1.0, 2.0, 4.0])).round(3)
Array([[ 0.   ,  0.53 ],
       [ 0.707, -0.25 ]], dtype=float32)

>>> cheb = pnp.polynomial.chebyshev
>>> cheb.chebfit(pnp.array([-1.0, 0.0, 1.0]), pnp.array([1.0, 3.0, 5.0]), 1).round(3)
Array([3., 2.], dtype=float32)

>>> pnp.polynomial.chebyshev.chebline(1.0, 2.0)
Array([1., 2.], dtype=float32)

>>> pnp.polynomial.chebyshev.chebtrim(pnp.array([1.0, 2.0, 0.0]))
Array([1., 2.], dtype=float32)

>>> pnp.polynomial.chebyshev.cheb2poly(pnp.array([0.0, 0.0, 1.0]))
Array([-1.,  0.,  2.], dtype=float32)

>>> pnp.polynomial.chebyshev.poly2cheb(pnp.array([0.0, 0.0, 1.0]))
Array([0.5, 0. , 0.5], dtype=float32)

>>> pnp.polynomial.chebyshev.chebgauss(1)
(Array([6.123234e-17], dtype=float32), Array([3.1415927], dtype=float32))

>>> pnp.polynomial.chebyshev.chebweight(pnp.array([0.0, 0.5])).round(3)
Array([1.   , 1.155], dtype=float32)

>>> pnp.polynomial.legendre.legadd(pnp.array([1.0, 2.0]), pnp.array([1.0]))
Array([2., 2.], dtype=float32)

>>> pnp.polynomial.legendre.legsub(pnp.array([1.0, 2.0]), pnp.array([1.0]))
Array([0., 2.], dtype=float32)

>>> pnp.polynomial.legendre.legmulx(pnp.array([1.0, 2.0]))
Array([0.6666667, 1.       , 1.3333334], dtype=float32)

>>> pnp.polynomial.legendre.legmul(pnp.array([1.0, 2.0]), pnp.array([3.0, 1.0]))
Array([3.6666667, 7.       , 1.3333334], dtype=float32)

>>> pnp.polynomial.legendre.legdiv(pnp.array([1.0, 2.0, 2.0]), pnp.array([0.0, 1.0]))
(Array([2., 3.], dtype=float32), Array([0.], dtype=float32))

>>> pnp.polynomial.legendre.legpow(pnp.array([1.0, 2.0]), 2)
Array([2.3333335, 4.       , 2.6666667], dtype=float32)

>>> pnp.polynomial.legendre.legval(pnp.array([0.0, 0.5]), pnp.array([1.0, 2.0, 4.0]))
Array([-1. ,  1.5], dtype=float32)

>>> pnp.polynomial.legendre.legval2d(0.5, 2.0, pnp.array([[1.0, 2.0], [3.0, 4.0]]))
Array(10.5, dtype=float32)

>>> pnp.polynomial.legendre.legval3d(0.5, 2.0, 1.0, pnp.ones((2, 2, 2)))
Array(9., dtype=float32)

>>> leg = pnp.polynomial.legendre
>>> leg.leggrid2d(pnp.array([0.0, 1.0]), pnp.array([0.0, 2.0]), pnp.ones((2, 2)))
Array([[1., 3.],
       [2., 6.]], dtype=float32)

>>> pnp.polynomial.legendre.leggrid3d(*3 * [pnp.arange(2.0)], pnp.ones((2, 2, 2))).shape
(2, 2, 2)

>>> pnp.polynomial.legendre.legvander(pnp.array([0.5, 2.0]), 2)
Array([[ 1.        ,  0.5       , -0.12500001],
       [ 1.        ,  2.        ,  5.5       ]], dtype=float32)

>>> pnp.polynomial.legendre.legvander2d(pnp.array([0.5]), pnp.array([2.0]), [1, 1])
Array([[1. , 2. , 0.5, 1. ]], dtype=float32)

>>> pnp.polynomial.legendre.legvander3d(*3 * [pnp.ones(2)], [1, 1, 1]).shape
(2, 8)

>>> pnp.polynomial.legendre.legder(pnp.array([1.0, 2.0, 3.0]))
Array([2., 9.], dtype=float32)

>>> pnp.polynomial.legendre.legint(pnp.array([1.0, 2.0]))
Array([0.33333334, 1.        , 0.6666667 ], dtype=float32)

>>> pnp.polynomial.legendre.legfromroots(pnp.array([1.0, -2.0]))
Array([-1.6666666,  1.       ,  0.6666667], dtype=float32)

>>> pnp.polynomial.legendre.legroots(pnp.array([-1.0, 0.0, 1.0])).round(3)
Array([-1.+0.j,  1.+0.j], dtype=complex64)

>>> pnp.polynomial.legendre.legcompanion(pnp.array([1.0, 2.0, 4.0])).round(3)
Array([[ 0.   ,  0.289],
       [ 0.577, -0.333]], dtype=float32)

>>> leg = pnp.polynomial.legendre
>>> leg.legfit(pnp.array([-1.0, 0.0, 1.0]), pnp.array([1.0, 3.0, 5.0]), 1).round(3)
Array([3., 2.], dtype=float32)

>>> pnp.polynomial.legendre.legline(1.0, 2.0)
Array([1., 2.], dtype=float32)

>>> pnp.polynomial.legendre.legtrim(pnp.array([1.0, 2.0, 0.0]))
Array([1., 2.], dtype=float32)

>>> pnp.polynomial.legendre.leg2poly(pnp.array([0.0, 0.0, 1.0]))
Array([-0.5,  0. ,  1.5], dtype=float32)

>>> pnp.polynomial.legendre.poly2leg(pnp.array([0.0, 0.0, 1.0]))
Array([0.33333334, 0.        , 0.6666667 ], dtype=float32)

>>> pnp.polynomial.legendre.leggauss(1)
(Array([0.], dtype=float32), Array([2.], dtype=float32))

>>> pnp.polynomial.legendre.legweight(pnp.array([0.0, 0.5])).round(3)
Array([1., 1.], dtype=float32)

>>> pnp.polynomial.laguerre.lagadd(pnp.array([1.0, 2.0]), pnp.array([1.0]))
Array([2., 2.], dtype=float32)

>>> pnp.polynomial.laguerre.lagsub(pnp.array([1.0, 2.0]), pnp.array([1.0]))
Array([0., 2.], dtype=float32)

>>> pnp.polynomial.laguerre.lagmulx(pnp.array([1.0, 2.0]))
Array([-1.,  5., -4.], dtype=float32)

>>> pnp.polynomial.laguerre.lagmul(pnp.array([1.0, 2.0]), pnp.array([3.0, 1.0]))
Array([5., 3., 4.], dtype=float32)

>>> pnp.polynomial.laguerre.lagdiv(pnp.array([1.0, 2.0, 2.0]), pnp.array([0.0, 1.0]))
(Array([4., 1.], dtype=float32), Array([0.], dtype=float32))

>>> pnp.polynomial.laguerre.lagpow(pnp.array([1.0, 2.0]), 2)
Array([ 5., -4.,  8.], dtype=float32)

>>> pnp.polynomial.laguerre.lagval(pnp.array([0.0, 0.5]), pnp.array([1.0, 2.0, 4.0]))
Array([7. , 2.5], dtype=float32)

>>> pnp.polynomial.laguerre.lagval2d(0.5, 2.0, pnp.array([[1.0, 2.0], [3.0, 4.0]]))
Array(-1.5, dtype=float32)

>>> pnp.polynomial.laguerre.lagval3d(0.5, 2.0, 1.0, pnp.ones((2, 2, 2)))
Array(0., dtype=float32)

>>> lag = pnp.polynomial.laguerre
>>> lag.laggrid2d(pnp.array([0.0, 1.0]), pnp.array([0.0, 2.0]), pnp.ones((2, 2)))
Array([[4., 0.],
       [2., 0.]], dtype=float32)

>>> pnp.polynomial.laguerre.laggrid3d(*3 * [pnp.arange(2.0)], pnp.ones((2, 2, 2))).shape
(2, 2, 2)

>>> pnp.polynomial.laguerre.lagvander(pnp.array([0.5, 2.0]), 2)
Array([[ 1.   ,  0.5  ,  0.125],
       [ 1.   , -1.   , -1.   ]], dtype=float32)

>>> pnp.polynomial.laguerre.lagvander2d(pnp.array([0.5]), pnp.array([2.0]), [1, 1])
Array([[ 1. , -1. ,  0.5, -0.5]], dtype=float32)

>>> pnp.polynomial.laguerre.lagvander3d(*3 * [pnp.ones(2)], [1, 1, 1]).shape
(2, 8)

>>> pnp.polynomial.laguerre.lagder(pnp.array([1.0, 2.0, 3.0]))
Array([-5., -3.], dtype=float32)

>>> pnp.polynomial.laguerre.lagint(pnp.array([1.0, 2.0]))
Array([ 1.,  1., -2.], dtype=float32)

>>> pnp.polynomial.laguerre.lagfromroots(pnp.array([1.0, -2.0]))
Array([ 1., -5.,  2.], dtype=float32)

>>> pnp.polynomial.laguerre.lagroots(pnp.array([-1.0, 0.0, 1.0])).round(3)
Array([0.+0.j, 4.+0.j], dtype=complex64)

>>> pnp.polynomial.laguerre.lagcompanion(pnp.array([1.0, 2.0, 4.0])).round(3)
Array([[ 1. , -0.5],
       [-1. ,  4. ]], dtype=float32)

>>> lag = pnp.polynomial.laguerre
>>> lag.lagfit(pnp.array([-1.0, 0.0, 1.0]), pnp.array([1.0, 3.0, 5.0]), 1).round(3)
Array([ 5., -2.], dtype=float32)

>>> pnp.polynomial.laguerre.lagline(1.0, 2.0)
Array([ 3., -2.], dtype=float32)

>>> pnp.polynomial.laguerre.lagtrim(pnp.array([1.0, 2.0, 0.0]))
Array([1., 2.], dtype=float32)

>>> pnp.polynomial.laguerre.lag2poly(pnp.array([0.0, 0.0, 1.0]))
Array([ 1. , -2. ,  0.5], dtype=float32)

>>> pnp.polynomial.laguerre.poly2lag(pnp.array([0.0, 0.0, 1.0]))
Array([ 2., -4.,  2.], dtype=float32)

>>> pnp.polynomial.laguerre.laggauss(1)
(Array([1.], dtype=float32), Array([1.], dtype=float32))

>>> pnp.polynomial.laguerre.lagweight(pnp.array([0.0, 0.5])).round(3)
Array([1.   , 0.607], dtype=float32)

>>> pnp.polynomial.hermite.hermadd(pnp.array([1.0, 2.0]), pnp.array([1.0]))
Array([2., 2.], dtype=float32)

>>> pnp.polynomial.hermite.hermsub(pnp.array([1.0, 2.0]), pnp.array([1.0]))
Array([0., 2.], dtype=float32)

>>> pnp.polynomial.hermite.hermmulx(pnp.array([1.0, 2.0]))
Array([2. , 0.5, 1. ], dtype=float32)

>>> pnp.polynomial.hermite.hermmul(pnp.array([1.0, 2.0]), pnp.array([3.0, 1.0]))
Array([7., 7., 2.], dtype=float32)

>>> pnp.polynomial.hermite.hermdiv(pnp.array([1.0, 2.0, 2.0]), pnp.array([0.0, 1.0]))
(Array([2., 2.], dtype=float32), Array([-3.], dtype=float32))

>>> pnp.polynomial.hermite.hermpow(pnp.array([1.0, 2.0]), 2)
Array([9., 4., 4.], dtype=float32)

>>> pnp.polynomial.hermite.hermval(pnp.array([0.0, 0.5]), pnp.array([1.0, 2.0, 4.0]))
Array([-7., -1.], dtype=float32)

>>> pnp.polynomial.hermite.hermval2d(0.5, 2.0, pnp.array([[1.0, 2.0], [3.0, 4.0]]))
Array(28., dtype=float32)

>>> pnp.polynomial.hermite.hermval3d(0.5, 2.0, 1.0, pnp.ones((2, 2, 2)))
Array(30., dtype=float32)

>>> herm = pnp.polynomial.hermite
>>> herm.hermgrid2d(pnp.array([0.0, 1.0]), pnp.array([0.0, 2.0]), pnp.ones((2, 2)))
Array([[ 1.,  5.],
       [ 3., 15.]], dtype=float32)

>>> pnp.polynomial.hermite.hermgrid3d(*3 * [pnp.arange(2.0)], pnp.ones((2, 2, 2))).shape
(2, 2, 2)

>>> pnp.polynomial.hermite.hermvander(pnp.array([0.5, 2.0]), 2)
Array([[ 1.,  1., -1.],
       [ 1.,  4., 14.]], dtype=float32)

>>> pnp.polynomial.hermite.hermvander2d(pnp.array([0.5]), pnp.array([2.0]), [1, 1])
Array([[1., 4., 1., 4.]], dtype=float32)

>>> pnp.polynomial.hermite.hermvander3d(*3 * [pnp.ones(2)], [1, 1, 1]).shape
(2, 8)

>>> pnp.polynomial.hermite.hermder(pnp.array([1.0, 2.0, 3.0]))
Array([ 4., 12.], dtype=float32)

>>> pnp.polynomial.hermite.hermint(pnp.array([1.0, 2.0]))
Array([1. , 0.5, 0.5], dtype=float32)

>>> pnp.polynomial.hermite.hermfromroots(pnp.array([1.0, -2.0]))
Array([-1.5 ,  0.5 ,  0.25], dtype=float32)

>>> pnp.polynomial.hermite.hermroots(pnp.array([-1.0, 0.0, 1.0])).round(3)
Array([-0.86600006+0.j,  0.86600006+0.j], dtype=complex64)

>>> pnp.polynomial.hermite.hermcompanion(pnp.array([1.0, 2.0, 4.0])).round(3)
Array([[ 0.   ,  0.619],
       [ 0.707, -0.25 ]], dtype=float32)

>>> herm = pnp.polynomial.hermite
>>> herm.hermfit(pnp.array([-1.0, 0.0, 1.0]), pnp.array([1.0, 3.0, 5.0]), 1).round(3)
Array([3., 1.], dtype=float32)

>>> pnp.polynomial.hermite.hermline(1.0, 2.0)
Array([1., 1.], dtype=float32)

>>> pnp.polynomial.hermite.hermtrim(pnp.array([1.0, 2.0, 0.0]))
Array([1., 2.], dtype=float32)

>>> pnp.polynomial.hermite.herm2poly(pnp.array([0.0, 0.0, 1.0]))
Array([-2.,  0.,  4.], dtype=float32)

>>> pnp.polynomial.hermite.poly2herm(pnp.array([0.0, 0.0, 1.0]))
Array([0.5 , 0.  , 0.25], dtype=float32)

>>> pnp.polynomial.hermite.hermgauss(1)
(Array([0.], dtype=float32), Array([1.7724539], dtype=float32))

>>> pnp.polynomial.hermite.hermweight(pnp.array([0.0, 0.5])).round(3)
Array([1.   , 0.779], dtype=float32)

>>> pnp.polynomial.hermite_e.hermeadd(pnp.array([1.0, 2.0]), pnp.array([1.0]))
Array([2., 2.], dtype=float32)

>>> pnp.polynomial.hermite_e.hermesub(pnp.array([1.0, 2.0]), pnp.array([1.0]))
Array([0., 2.], dtype=float32)

>>> pnp.polynomial.hermite_e.hermemulx(pnp.array([1.0, 2.0]))
Array([2., 1., 2.], dtype=float32)

>>> pnp.polynomial.hermite_e.hermemul(pnp.array([1.0, 2.0]), pnp.array([3.0, 1.0]))
Array([5., 7., 2.], dtype=float32)

>>> pnp.polynomial.hermite_e.hermediv(pnp.array([1.0, 2.0, 2.0]), pnp.array([0.0, 1.0]))
(Array([2., 2.], dtype=float32), Array([-1.], dtype=float32))

>>> pnp.polynomial.hermite_e.hermepow(pnp.array([1.0, 2.0]), 2)
Array([5., 4., 4.], dtype=float32)

>>> pnp.polynomial.hermite_e.hermeval(pnp.array([0.0, 0.5]), pnp.array([1.0, 2.0, 4.0]))
Array([-3., -1.], dtype=float32)

>>> pnp.polynomial.hermite_e.hermeval2d(0.5, 2.0, pnp.array([[1.0, 2.0], [3.0, 4.0]]))
Array(10.5, dtype=float32)

>>> pnp.polynomial.hermite_e.hermeval3d(0.5, 2.0, 1.0, pnp.ones((2, 2, 2)))
Array(9., dtype=float32)

>>> herme = pnp.polynomial.hermite_e
>>> herme.hermegrid2d(pnp.array([0.0, 1.0]), pnp.array([0.0, 2.0]), pnp.ones((2, 2)))
Array([[1., 3.],
       [2., 6.]], dtype=float32)

>>> pnp.polynomial.hermite_e.hermegrid3d(*3 * [pnp.arange(2.0)], pnp.ones((2, 2, 2))).shape
(2, 2, 2)

>>> pnp.polynomial.hermite_e.hermevander(pnp.array([0.5, 2.0]), 2)
Array([[ 1.  ,  0.5 , -0.75],
       [ 1.  ,  2.  ,  3.  ]], dtype=float32)

>>> pnp.polynomial.hermite_e.hermevander2d(pnp.array([0.5]), pnp.array([2.0]), [1, 1])
Array([[1. , 2. , 0.5, 1. ]], dtype=float32)

>>> pnp.polynomial.hermite_e.hermevander3d(*3 * [pnp.ones(2)], [1, 1, 1]).shape
(2, 8)

>>> pnp.polynomial.hermite_e.hermeder(pnp.array([1.0, 2.0, 3.0]))
Array([2., 6.], dtype=float32)

>>> pnp.polynomial.hermite_e.hermeint(pnp.array([1.0, 2.0]))
Array([1., 1., 1.], dtype=float32)

>>> pnp.polynomial.hermite_e.hermefromroots(pnp.array([1.0, -2.0]))
Array([-1.,  1.,  1.], dtype=float32)

>>> pnp.polynomial.hermite_e.hermeroots(pnp.array([-1.0, 0.0, 1.0])).round(3)
Array([-1.414+0.j,  1.414+0.j], dtype=complex64)

>>> pnp.polynomial.hermite_e.hermecompanion(pnp.array([1.0, 2.0, 4.0])).round(3)
Array([[ 0.  ,  0.75],
       [ 1.  , -0.5 ]], dtype=float32)

>>> herme = pnp.polynomial.hermite_e
>>> herme.hermefit(pnp.array([-1.0, 0.0, 1.0]), pnp.array([1.0, 3.0, 5.0]), 1).round(3)
Array([3., 2.], dtype=float32)

>>> pnp.polynomial.hermite_e.hermeline(1.0, 2.0)
Array([1., 2.], dtype=float32)

>>> pnp.polynomial.hermite_e.hermetrim(pnp.array([1.0, 2.0, 0.0]))
Array([1., 2.], dtype=float32)

>>> pnp.polynomial.hermite_e.herme2poly(pnp.array([0.0, 0.0, 1.0]))
Array([-1.,  0.,  1.], dtype=float32)

>>> pnp.polynomial.hermite_e.poly2herme(pnp.array([0.0, 0.0, 1.0]))
Array([1., 0., 1.], dtype=float32)

>>> pnp.polynomial.hermite_e.hermegauss(1)
(Array([0.], dtype=float32), Array([2.5066283], dtype=float32))

>>> pnp.polynomial.hermite_e.hermeweight(pnp.array([0.0, 0.5])).round(3)
Array([1.   , 0.882], dtype=float32)
""")
