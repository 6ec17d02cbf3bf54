"""Arrays of devices are JAX's."""

from types import SimpleNamespace

import numpy as np
import pytest
from jax.experimental import mesh_utils as theirs

import pullback as pb
from pullback.experimental import mesh_utils as ours


def device(i, **more):
    return SimpleNamespace(id=i, platform="cpu", device_kind="cpu", **more)


def test_devices_in_order():
    found = [device(i) for i in range(6)]
    got = ours.create_device_mesh((2, 3), found)
    assert got.dtype == object
    np.testing.assert_array_equal(got, theirs.create_device_mesh((2, 3), found))
    gpus = [SimpleNamespace(id=i, platform="gpu", device_kind="x") for i in (2, 0, 1)]
    np.testing.assert_array_equal(
        ours.create_device_mesh((3, 1), gpus), theirs.create_device_mesh((3, 1), gpus)
    )
    assert list(ours.create_device_mesh((len(pb.devices()),))) == list(pb.devices())


@pytest.mark.parametrize("order", [True, False])
@pytest.mark.parametrize("inner,outer", [((2, 2), (3, 1)), ((4, 1), (1, 3)), ((1, 4), (3, 1))])
@pytest.mark.parametrize("attribute", ["slice_index", "process_index"])
def test_groups_of_devices(inner, outer, attribute, order):
    found = [device(i, **{attribute: (2, 0, 1)[i % 3]}) for i in range(12)]
    options = {
        "process_is_granule": attribute == "process_index",
        "should_sort_granules_by_key": order,
    }
    np.testing.assert_array_equal(
        ours.create_hybrid_device_mesh(inner, outer, found, **options),
        theirs.create_hybrid_device_mesh(inner, outer, found, **options),
    )


def test_errors():
    found = [device(i, process_index=0) for i in range(4)]
    with pytest.raises(ValueError, match="has 6 places, and there are 4 devices"):
        ours.create_device_mesh((2, 3), found)
    with pytest.raises(ValueError, match="has no slice_index"):
        ours.create_hybrid_device_mesh((2, 2), (1, 1), found)
    with pytest.raises(ValueError, match="places for 1 groups"):
        ours.create_hybrid_device_mesh((2, 2), (2, 1), found, process_is_granule=True)
    tpus = [SimpleNamespace(id=i, platform="tpu") for i in range(2)]
    with pytest.raises(NotImplementedError, match="torus of TPUs"):
        ours.create_device_mesh((2,), tpus)
