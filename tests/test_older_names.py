"""Names that JAX has deprecated and still has: they work here too, with a warning."""

import numpy as np
import pytest

import pullback as pb
from pullback.sharding import Mesh, PartitionSpec


def test_shard_map_by_position() -> None:
    with pytest.warns(DeprecationWarning, match=r"write pullback\.shard_map"):
        shard_map = pb.experimental.shard_map.shard_map
    mesh = Mesh(np.array(pb.devices()[:1]), ("i",))
    spec = PartitionSpec("i")
    f = shard_map(lambda x: pb.lax.psum(x, "i"), mesh, (spec,), PartitionSpec(), check_rep=False)
    np.testing.assert_array_equal(f(pb.numpy.arange(4)), np.arange(4))


def test_pjit() -> None:
    with pytest.warns(DeprecationWarning, match=r"write pullback\.jit"):
        pjit = pb.experimental.pjit.pjit
    f = pjit(lambda x, n: x * n, None, None, static_argnums=1)
    np.testing.assert_array_equal(f(pb.numpy.arange(4), 3), 3 * np.arange(4))


@pytest.mark.parametrize("name", ["shard_map", "pjit"])
def test_other_names_are_not_there(name: str) -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = getattr(pb.experimental, name).nothing
