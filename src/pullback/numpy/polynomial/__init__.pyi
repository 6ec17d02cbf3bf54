"""Series of orthogonal polynomials and of powers, as in `numpy.polynomial`: a module a basis."""

# Written by tools/stubs.py.

from . import chebyshev as chebyshev
from . import hermite as hermite
from . import hermite_e as hermite_e
from . import laguerre as laguerre
from . import legendre as legendre
from . import polynomial as polynomial
