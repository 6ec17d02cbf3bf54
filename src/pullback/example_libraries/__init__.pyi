"""Small libraries of optimizers and of layers, under the names of `jax.example_libraries`."""

# Written by tools/stubs.py.

from . import optimizers as optimizers
from . import stax as stax
