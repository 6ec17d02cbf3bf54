"""Taylor mode: the derivatives of a function along a curve, to any order, in one pass.

A value is a truncated power series of a parameter. Each operation takes series to series, by
Griewank and Walther, Evaluating Derivatives (2nd ed.), chapter 13.
"""

from . import programs, rules
from .api import jet
from .trace import RULES

__all__ = ["RULES", "jet", "programs", "rules"]
