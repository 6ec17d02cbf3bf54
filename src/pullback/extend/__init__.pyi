"""What JAX has under `jax.extend`: operations of a program's own, and programs as data."""

# Written by tools/stubs.py.

from . import backend as backend
from . import core as core
from . import linear_util as linear_util
from . import random as random
from . import source_info_util as source_info_util
