"""Pytrees: what jax.tree and jax.tree_util do with the same trees."""

import collections
import dataclasses
import functools
from typing import NamedTuple

import jax
import pytest

import pullback as pb

Point = collections.namedtuple("Point", "x y")
TREES = [
    1,
    None,
    (),
    {"b": [1, (2, None)], "a": Point(3, {"z": 4})},
    collections.OrderedDict([("b", 1), ("a", 2)]),
    [Point(1, 2), [], [3]],
]


@pytest.mark.parametrize("tree", TREES, ids=str)
def test_as_jax(tree):
    assert pb.tree.leaves(tree) == jax.tree.leaves(tree)
    leaves, treedef = pb.tree.flatten(tree)
    assert pb.tree.unflatten(treedef, leaves) == tree

    def double(x):
        return 2 * x

    assert pb.tree.map(double, tree) == jax.tree.map(double, tree)
    assert pb.tree.map(lambda a, b: a + b, tree, tree) == pb.tree.map(double, tree)
    ours, theirs = pb.tree.leaves_with_path(tree), jax.tree.leaves_with_path(tree)
    assert [(pb.tree_util.keystr(p), x) for p, x in ours] == [
        (jax.tree_util.keystr(p), x) for p, x in theirs
    ]
    simple = functools.partial(pb.tree_util.keystr, simple=True, separator="/")
    assert [simple(p) for p, _ in ours] == [
        jax.tree_util.keystr(p, simple=True, separator="/") for p, _ in theirs
    ]
    assert pb.tree.reduce(lambda a, b: a + b, tree, 0) == jax.tree.reduce(
        lambda a, b: a + b, tree, 0
    )
    assert pb.tree.all(tree) == jax.tree.all(tree)


def test_transpose_and_broadcast():
    tree = [(1, 2), (3, 4), (5, 6)]
    outer, inner = pb.tree.structure([0, 0, 0]), pb.tree.structure((0, 0))
    assert pb.tree.transpose(outer, inner, tree) == ([1, 3, 5], [2, 4, 6])
    assert pb.tree.transpose(outer, None, tree) == ([1, 3, 5], [2, 4, 6])
    assert pb.tree.broadcast((1, 2), ([0, 0], 0)) == jax.tree.broadcast((1, 2), ([0, 0], 0))


def test_what_is_a_leaf_of_a_prefix_is_none_of_what_is_below():
    prefix, whole = (None, 3), (None, (None, 1))
    ours, theirs = (t.broadcast(prefix, whole, lambda x: x is None) for t in (pb.tree, jax.tree))
    assert ours == theirs == (None, (None, 3))


def test_shardings_of_results_that_hold_none():
    f = pb.jit(lambda x: (x, {"a": None, "b": x + 1}), out_shardings=(None, None))
    assert f(1.0) == (1.0, {"a": None, "b": 2.0})
    assert f(x=1.0) == f(1.0)


def test_is_leaf_and_mismatch():
    assert pb.tree.leaves([(1, 2), 3], is_leaf=lambda x: isinstance(x, tuple)) == [(1, 2), 3]
    with pytest.raises(ValueError, match=r"arity|mismatch|expected"):
        pb.tree.map(lambda a, b: a, [1, 2], [1])


def test_registered_nodes():
    class Box:
        def __init__(self, item, label):
            self.item, self.label = item, label

    pb.tree_util.register_pytree_with_keys(
        Box,
        lambda b: (((pb.tree_util.GetAttrKey("item"), b.item),), b.label),
        lambda label, children: Box(*children, label),
    )
    out = pb.tree.map(lambda x: x + 1, {"box": Box(1, "small")})
    assert out["box"].item == 2 and out["box"].label == "small"
    assert pb.tree.paths({"box": Box(1, "small")}) == ["['box'].item"]
    assert pb.tree_util.is_tree_node(Box) and not pb.tree_util.is_tree_node(int)
    with pytest.raises(ValueError, match="already registered"):
        pb.tree_util.register_pytree_node(Box, lambda b: ((), None), lambda *_: None)


def test_dataclasses_through_transformations():
    @pb.tree_util.register_dataclass
    @dataclasses.dataclass
    class Params:
        weight: object
        name: str = dataclasses.field(metadata={"static": True})

    g = pb.grad(lambda p: p.weight**2 if p.name == "square" else p.weight)
    assert g(Params(3.0, "square")).weight == 6.0
    assert pb.jit(g)(Params(3.0, "plain")).weight == 1.0
    batch = pb.vmap(lambda p: p.weight * 2)(Params(pb.numpy.arange(3.0), "x"))
    assert batch.tolist() == [0.0, 2.0, 4.0]


def test_static_nodes_and_partial():
    @pb.tree_util.register_static
    @dataclasses.dataclass(frozen=True)
    class Mode:
        name: str

    assert pb.tree.leaves(Mode("fast")) == []
    assert pb.jit(lambda x, mode: x * len(mode.name))(2.0, Mode("fast")) == 8.0
    apply = pb.jit(lambda f, x: f(x))
    assert apply(pb.tree_util.Partial(pb.numpy.power, 2.0), 3.0) == 8.0


def test_reduce_associative():
    assert pb.tree.reduce_associative(lambda a, b: a + b, {"a": 1, "b": [2, 3, 4, 5]}) == 15
    assert pb.tree.reduce_associative(lambda a, b: a + b, [], identity=0) == 0
    with pytest.raises(TypeError, match="identity"):
        pb.tree.reduce_associative(lambda a, b: a + b, [])


def test_named_tuples_may_be_registered():
    class Pair(NamedTuple):
        kept: object
        rest: object

    pb.tree_util.register_pytree_node(
        Pair, lambda p: ((p.kept,), p.rest), lambda rest, kept: Pair(*kept, rest)
    )
    leaves, treedef = pb.tree.flatten(Pair(1.0, "text"))
    assert leaves == [1.0] and pb.tree.unflatten(treedef, [2.0]) == Pair(2.0, "text")
