"""Names of `jax.api_util` and of the registry of trees, against JAX's."""

from collections import namedtuple

import jax
import jax.extend.linear_util
import pytest

import pullback as pb

Point = namedtuple("Point", "x y")


def run(m):
    """What is asked of both."""
    util = m.api_util
    leaves, tree = m.tree.flatten((([1, 2], 3), {"x": 4, "y": 5}))
    axes = util.flatten_axes("axes", tree, (0, {"x": None, "y": 1}))
    donated = util.donation_vector((0,), ("y",), tree)
    f, given = util.argnums_partial(
        m.extend.linear_util.wrap_init(
            lambda *a: a, debug_info=util.debug_info("test", pow, (1, 2, 3, 4), {})
        ),
        (0, -1),
        (1, 2, 3, 4),
    )
    called = f.call_wrapped(*[10 * v for v in given])
    return leaves, axes, donated, given, called, util.rebase_donate_argnums((5, 3), (0, 4))


def test_api_util():
    assert run(pb) == run(jax)


def test_errors():
    for m in (pb, jax):
        with pytest.raises(ValueError, match=r"both|intersect"):
            m.api_util.rebase_donate_argnums((1,), (1,))
        with pytest.raises(ValueError, match="axes"):
            m.api_util.flatten_axes("axes", m.tree.structure((1, 2)), (0, 1, 2))


def test_registry():
    def asked(m):
        registry = m.tree_util.default_registry
        nodes = [registry.is_node(t) for t in (list, dict, type(None), Point, int)]
        levels = [registry.flatten_one_level(v) for v in ([1, [2]], {"a": 1}, 3, None, Point(1, 2))]
        keyed = registry.flatten_one_level_with_keys({"a": 1})
        shown = [(tuple(children), data) if pair else pair for pair in levels
                 for children, data in [pair or ((), ())]]  # fmt: skip
        return nodes, shown, repr(keyed), registry.flatten([1, [2]])[0]

    assert asked(pb) == asked(jax)


def test_scalar_types_are_classes():
    class Step(pb.numpy.int8):
        FIRST = pb.numpy.asarray(0, pb.numpy.int8)

    assert Step.FIRST.dtype == Step.dtype == pb.numpy.int8
    assert Step(3).dtype == "int8"
    assert isinstance(pb.numpy.int8, type)
    assert pb.numpy.zeros(2, pb.numpy.int8).dtype == "int8"
    assert repr(pb.numpy.int8) == "pullback.numpy.int8"
    assert pb.numpy.int8.__name__ == "int8"


def test_options_are_updated_by_jax_keywords():
    pb.config.update(name="jax_enable_x64", val=False)
    with pytest.raises(AttributeError, match="no option"):
        pb.config.update(name="jax_no_such", val=1)


def test_backends():
    backend = pb.extend.backend
    default = backend.get_backend()
    assert default.platform == pb.default_backend()
    assert default.devices() == pb.devices() and default.device_count() == pb.device_count()
    assert default.local_devices() == pb.local_devices()
    assert (default.local_device_count(), default.process_index()) == (pb.local_device_count(), 0)
    assert backend.get_default_device() == pb.devices()[0]
    found = backend.backends()
    assert found[default.platform] == default
    assert set(found) <= {"cpu", "xla", "cuda", "tpu"}
    with pytest.raises(RuntimeError, match="platforms are"):
        backend.get_backend("no_such")
    f = pb.jit(lambda x: x + 1)
    assert f(1) == 2
    backend.clear_in_memory_compilation_cache()
    assert f(1) == 2
