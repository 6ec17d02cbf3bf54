"""What the docstrings of functions made by tables show, found by the function's name."""

from ...numpy.shown import by_name

SHOWN = by_name("""
>>> pb.scipy.special.dawsn(pnp.array([0.0, 1.0])).round(4)
Array([0.    , 0.5381], dtype=float32)

>>> pb.scipy.special.digamma(pnp.array([1.0, 2.0])).round(4)
Array([-0.5772,  0.4228], dtype=float32)

>>> pb.scipy.special.erf(pnp.array([0.0, 1.0])).round(4)
Array([0.    , 0.8427], dtype=float32)

>>> pb.scipy.special.erfc(pnp.array([0.0, 1.0])).round(4)
Array([1.    , 0.1573], dtype=float32)

>>> pb.scipy.special.erfcx(pnp.array([0.0, 100.0])).round(4)
Array([1.    , 0.0056], dtype=float32)

>>> pb.scipy.special.erfinv(pnp.array([0.0, 0.5])).round(4)
Array([0.    , 0.4769], dtype=float32)

>>> pb.scipy.special.exp1(pnp.array([1.0, 2.0])).round(4)
Array([0.2194, 0.0489], dtype=float32)

>>> pb.scipy.special.expi(pnp.array([1.0, 2.0])).round(4)
Array([1.8951, 4.9542], dtype=float32)

>>> pb.scipy.special.expit(pnp.array([0.0, 1.0])).round(4)
Array([0.5   , 0.7311], dtype=float32)

>>> pb.scipy.special.expn(2, pnp.array([0.0, 1.0])).round(4)
Array([1.    , 0.1485], dtype=float32)

>>> pb.scipy.special.gammainc(2.0, pnp.array([0.0, 2.0])).round(4)
Array([0.   , 0.594], dtype=float32)

>>> pb.scipy.special.gammaincc(2.0, pnp.array([0.0, 2.0])).round(4)
Array([1.   , 0.406], dtype=float32)

>>> pb.scipy.special.gammaln(pnp.array([1.0, 5.0])).round(4)
Array([0.    , 3.1781], dtype=float32)

>>> pb.scipy.special.i0e(pnp.array([0.0, 1.0])).round(4)
Array([1.    , 0.4658], dtype=float32)

>>> pb.scipy.special.i1e(pnp.array([0.0, 1.0])).round(4)
Array([0.    , 0.2079], dtype=float32)

>>> pb.scipy.special.poch(3.0, 2.0).round(4)
Array(12., dtype=float32)

>>> pb.scipy.special.polygamma(1, pnp.array([1.0, 2.0])).round(4)
Array([1.6449, 0.6449], dtype=float32)

>>> pb.scipy.special.spence(pnp.array([0.0, 1.0])).round(4)
Array([1.6449, 0.    ], dtype=float32)
""")
