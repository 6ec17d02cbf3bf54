"""Meshes without devices: what they say of shapes, and the mesh in context that stands for them."""

import jax
import numpy as np
import pytest

import pullback as pb
from pullback import P
from pullback import numpy as pnp
from pullback.sharding import (
    AbstractDevice,
    AbstractMesh,
    AxisType,
    auto_axes,
    explicit_axes,
    get_abstract_mesh,
    get_mesh,
    make_single_device_sharding,
    use_abstract_mesh,
)

MESH = pb.make_mesh((2, 4), ("x", "y"), devices=pb.devices("xla"))
X = np.arange(16.0, dtype="float32").reshape(8, 2)


def divided(x: object, spec: P) -> bool:
    return x.sharding.is_equivalent_to(pb.NamedSharding(MESH, spec), 2)


def test_text_and_sizes_are_jaxs() -> None:
    types = (
        (AxisType.Auto, AxisType.Explicit),
        (jax.sharding.AxisType.Auto, jax.sharding.AxisType.Explicit),
    )
    ours = AbstractMesh((2, 3), ("a", "b"), types[0])
    theirs = jax.sharding.AbstractMesh((2, 3), ("a", "b"), types[1])
    for name in "shape shape_tuple size empty axis_sizes axis_names".split():
        assert getattr(ours, name) == getattr(theirs, name), name
    assert repr(ours) == repr(theirs)
    assert repr(ours.update(axis_sizes=(4, 3))) == repr(theirs.update(axis_sizes=(4, 3)))
    assert repr(get_abstract_mesh()) == repr(jax.sharding.get_abstract_mesh())
    assert repr(AbstractDevice("a", 1, "b")) == repr(jax.sharding.AbstractDevice("a", 1, "b"))
    assert (
        len({ours, AbstractMesh((2, 3), ("a", "b"), types[0]), AbstractMesh((3, 2), ("a", "b"))})
        == 2
    )
    assert pb.NamedSharding(ours, P("b")).shard_shape((6, 5)) == (2, 5)


def test_the_mesh_in_context_has_the_devices() -> None:
    sharding = pb.NamedSharding(MESH.abstract_mesh, P("x"))
    with pb.set_mesh(MESH):
        assert get_abstract_mesh() == MESH.abstract_mesh
        y = pb.jit(lambda x: pb.lax.with_sharding_constraint(x * 2, sharding))(X)
        z = pb.device_put(X, sharding)
        total = pb.shard_map(
            lambda x: pb.lax.psum(x, "y"), mesh=get_abstract_mesh(), in_specs=P("y"), out_specs=P()
        )(X)
    assert divided(y, P("x"))
    assert divided(z, P("x"))
    np.testing.assert_array_equal(y, 2 * X)
    np.testing.assert_array_equal(total, X.reshape(4, 2, 2).sum(0))
    with pytest.raises(ValueError, match="has no devices: write `with set_mesh"):
        pb.device_put(X, sharding)
    with pb.set_mesh(pb.make_mesh((8,), ("x",), devices=pb.devices("xla"))):
        with pytest.raises(ValueError, match="with a mesh of these axes"):
            pb.device_put(X, sharding)
    with pytest.raises(ValueError, match="has no devices"):
        assert sharding.device_set


def test_axes_for_shapes_alone() -> None:
    abstract = AbstractMesh((2,), ("x",))
    with use_abstract_mesh(abstract):
        assert get_abstract_mesh() == abstract
        assert get_mesh() is None
        with pytest.raises(ValueError, match="has no devices"):
            pb.jit(lambda x: pb.lax.with_sharding_constraint(x, P("x")))(X)
    with pytest.raises(ValueError, match="wants an AbstractMesh"):
        use_abstract_mesh(MESH)
    with pytest.raises(ValueError, match="is there twice"):
        AbstractMesh((2, 2), ("x", "x"))
    with pytest.raises(ValueError, match="need as many axis names"):
        AbstractMesh((2, 2), ("x",))


def test_functions_with_shardings_at_their_ends() -> None:
    with pb.set_mesh(MESH):
        y = auto_axes(lambda x: x + 1, out_sharding=P("x"))(pnp.asarray(X))
        z = explicit_axes(axes="x", in_sharding=P(None, "x"))(lambda x: x)(pnp.asarray(X))
    assert divided(y, P("x"))
    assert divided(z, P(None, "x"))
    np.testing.assert_array_equal(y, X + 1)
    assert make_single_device_sharding(MESH.flat[3]).device_set == {MESH.flat[3]}


@pytest.mark.parametrize("kind", ["Auto", "Explicit", "Manual"])
def test_kinds_of_all_axes(kind: str) -> None:
    for sizes in ((2, 3), ()):
        made = [
            mesh(sizes, ("a", "b")[: len(sizes)], (getattr(types, kind),) * len(sizes))
            for mesh, types in (
                (AbstractMesh, AxisType),
                (jax.sharding.AbstractMesh, jax.sharding.AxisType),
            )
        ]
        for name in ("auto", "explicit", "manual"):
            ours, theirs = [getattr(mesh, f"are_all_axes_{name}") for mesh in made]
            assert ours is theirs


def test_types_have_shardings_that_divide_nothing() -> None:
    types = jax.sharding.AxisType
    jax_mesh = jax.make_mesh((2, 4), ("x", "y"), axis_types=(types.Auto,) * 2)
    mesh = pb.make_mesh(
        (2, 4), ("x", "y"), axis_types=(AxisType.Auto,) * 2, devices=pb.devices("xla")
    )
    for x in (1.0, X):
        ours, theirs = pb.typeof(x).sharding, jax.typeof(x).sharding
        assert repr(ours) == repr(theirs)
        assert ours.is_fully_replicated
    with pb.set_mesh(mesh):
        ours = pb.typeof(pnp.ones((2, 4))).sharding
    with jax.set_mesh(jax_mesh):
        theirs = jax.typeof(jax.numpy.ones((2, 4))).sharding
    assert str(ours.spec) == str(theirs.spec)
    assert ours.mesh.shape == theirs.mesh.shape


PRODUCTS = {
    "dot": lambda f, how: f(X.T, X, out_sharding=how),
    "matmul": lambda f, how: f(X.T, X, out_sharding=how),
    "tensordot": lambda f, how: f(X.T, X, 1, out_sharding=how),
    "einsum": lambda f, how: f("ij,jk->ik", X.T, X, out_sharding=how),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_are_divided_as_asked(name: str) -> None:
    f = getattr(pnp, name)
    with pb.set_mesh(MESH):
        y = pb.jit(lambda: PRODUCTS[name](f, P("x")))()
    assert y.sharding.is_equivalent_to(pb.NamedSharding(MESH, P("x")), 2)
    np.testing.assert_allclose(y, X.T @ X)
    assert PRODUCTS[name](f, None).shape == (2, 2)
