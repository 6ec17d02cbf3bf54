"""JAX's older place of what keeps compiled objects on disk."""

# Written by tools/stubs.py.

from . import compilation_cache as compilation_cache
