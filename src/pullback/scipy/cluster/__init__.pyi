"""Clusters of points."""

# Written by tools/stubs.py.

from . import vq as vq
