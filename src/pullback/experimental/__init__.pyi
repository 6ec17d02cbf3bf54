"""What JAX has under `jax.experimental`."""

# Written by tools/stubs.py.

from collections.abc import Callable
from typing import Any

from . import checkify as checkify
from . import jet as jet
from . import mesh_utils as mesh_utils
from . import multihost_utils as multihost_utils
from . import ode as ode
from . import pjit as pjit
from . import random as random
from . import shard_map as shard_map
from . import sparse as sparse

def io_callback(
    callback: Callable[..., Any],
    result_shape_dtypes: Any,
    *args: Any,
    sharding: Any = None,
    ordered: bool = False,
    **kwargs: Any,
) -> Any: ...
