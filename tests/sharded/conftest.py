"""These tests need eight devices: `tests/test_sharded.py` runs them in a process that has them."""

import os

import jax
import numpy as np
import pytest

import pullback as pb

COUNT = 8
collect_ignore_glob = [] if os.environ.get("PULLBACK_NUM_CPU_DEVICES") == str(COUNT) else ["*.py"]


@pytest.fixture(scope="session")
def mesh():
    """Four by two devices."""
    return pb.make_mesh((4, 2), ("x", "y"), devices=pb.devices("xla"))


@pytest.fixture(scope="session")
def line():
    """Eight devices in a row."""
    return pb.make_mesh((8,), ("i",), devices=pb.devices("xla"))


@pytest.fixture(scope="session")
def jax_mesh():
    """The same as `mesh`, for JAX."""
    return jax.sharding.Mesh(np.array(jax.devices()).reshape(4, 2), ("x", "y"))


@pytest.fixture(scope="session")
def jax_line():
    """The same as `line`, for JAX."""
    return jax.sharding.Mesh(np.array(jax.devices()), ("i",))
