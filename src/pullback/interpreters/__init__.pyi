"""What JAX has under `jax.interpreters`: tables of the rules of operations."""

# Written by tools/stubs.py.

from . import ad as ad
from . import batching as batching
from . import mlir as mlir
from . import partial_eval as partial_eval
from . import xla as xla
