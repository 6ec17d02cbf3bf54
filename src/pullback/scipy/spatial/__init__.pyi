"""Geometry."""

# Written by tools/stubs.py.

from . import transform as transform
