"""Where arrays lie: addresses, sizes and platforms, on the host and on XLA's devices."""

import jax.numpy as jnp
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp

PLACES = ["cpu", "xla"]


@pytest.mark.parametrize("platform", PLACES)
def test_arrays_tell_their_platform(platform: str) -> None:
    """The name under which `devices` finds it."""
    x = pb.device_put(np.ones((2, 3), np.float32), pb.devices(platform)[0])
    assert x.platform() == platform


@pytest.mark.parametrize("platform", PLACES)
@pytest.mark.parametrize("dtype", ["float32", "int8", "bool"])
def test_arrays_tell_the_bytes_they_take(platform: str, dtype: str) -> None:
    """As `nbytes` where there is one part."""
    x = pb.device_put(np.ones((2, 3), dtype), pb.devices(platform)[0])
    assert x.on_device_size_in_bytes() == x.nbytes == 6 * np.dtype(dtype).itemsize


@pytest.mark.parametrize("platform", PLACES)
def test_arrays_tell_where_they_begin(platform: str) -> None:
    """The bytes there are the values."""
    x = pb.device_put(np.arange(4, dtype=np.int32), pb.devices(platform)[0])
    address = x.unsafe_buffer_pointer()
    there = (np.ctypeslib.ctypes.c_int32 * 4).from_address(address)
    assert list(there) == [0, 1, 2, 3]


def test_parts_are_shown_as_in_jax() -> None:
    """With their values as text."""
    (ours,), (theirs,) = (m.arange(3.0).addressable_shards for m in (pnp, jnp))
    assert repr(ours) == repr(theirs)


def test_arrays_on_the_host_share_their_address_with_numpy() -> None:
    """NumPy's view of an array is its memory."""
    x = pnp.arange(5.0)
    assert x.unsafe_buffer_pointer() == np.asarray(x).ctypes.data
