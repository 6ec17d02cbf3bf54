"""Series of orthogonal polynomials and of powers, as in `numpy.polynomial`: a module a basis."""

from ...lazy import later

__all__ = ["chebyshev", "hermite", "hermite_e", "laguerre", "legendre", "polynomial"]
__getattr__, __dir__ = later(__name__, tuple(__all__), {})
