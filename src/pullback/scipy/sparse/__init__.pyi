"""Equations whose matrix is only known by its products."""

# Written by tools/stubs.py.

from . import linalg as linalg
