"""Trees level by level, leaves chosen by their paths, trees as vectors; dtypes as JAX tells."""

import dataclasses
import functools
import gc
import weakref
from collections import OrderedDict, defaultdict, namedtuple

import jax
import jax.flatten_util
import numpy as np
import pytest

import pullback as pb
from pullback import dtypes, tree_util
from pullback.flatten_util import ravel_pytree

Point = namedtuple("Point", "x y")
TREE = {"b": [1, (2, None)], "a": Point(3, {"c": 4})}
NODES = ({"b": 1, "a": [2]}, (1, [2]), [1, 2], None, Point(1, 2), OrderedDict(z=1, a=2))


def as_text(keys):
    return tree_util.keystr(keys)


@pytest.mark.parametrize("node", NODES)
def test_one_level(node):
    children, data = tree_util.flatten_one_level(node)
    wanted, wanted_data = jax.tree_util.flatten_one_level(node)
    assert tuple(children) == tuple(wanted)
    assert data == wanted_data
    keys = [as_text((k,)) for k, _ in tree_util.flatten_one_level_with_keys(node)[0]]
    # JAX names the first field of a named tuple for all of them.
    theirs = jax.tree_util.tree_leaves_with_path(node, is_leaf=lambda x: x is not node)
    assert keys == [jax.tree_util.keystr(p) for p, _ in theirs]


def test_a_leaf_has_no_level():
    with pytest.raises(ValueError, match="can't tree-flatten type"):
        tree_util.flatten_one_level(3)


CHOICES = (
    lambda path, x: len(path) == 1,
    lambda path, x: as_text(path).endswith("[1]"),
    lambda path, x: x is None,
    lambda path, x: False,
)


@pytest.mark.parametrize("is_leaf", CHOICES)
def test_leaves_chosen_by_path(is_leaf):
    def theirs(path, x):
        return is_leaf(tuple(map(_ours, path)), x)

    got, treedef = tree_util.tree_flatten_with_path(TREE, is_leaf, is_leaf_takes_path=True)
    wanted, _ = jax.tree_util.tree_flatten_with_path(TREE, theirs, is_leaf_takes_path=True)
    texts = [(jax.tree_util.keystr(p), x) for p, x in wanted]
    assert [(as_text(p), x) for p, x in got] == texts
    assert treedef.unflatten([x for _, x in got]) == TREE
    same = tree_util.tree_map_with_path(
        lambda p, x: x, TREE, is_leaf=is_leaf, is_leaf_takes_path=True
    )
    assert same == TREE


def _ours(key):
    names = {"DictKey": "key", "SequenceKey": "idx", "GetAttrKey": "name"}
    name = type(key).__name__
    return getattr(tree_util, name)(getattr(key, names[name]))


def test_static_fields():
    @tree_util.register_dataclass
    @dataclasses.dataclass
    class Layer:
        weight: float
        name: str = pb.tree.static(default="dense")

    assert pb.tree.leaves(Layer(2.0, "x")) == [2.0]
    assert pb.tree.map(lambda w: w + 1, Layer(2.0, "x")) == Layer(3.0, "x")


VECTORS = (
    {"a": np.ones((2, 3), np.float32), "b": 2.0},
    {"a": np.arange(3, dtype=np.int32), "b": [1.5, np.float32(2)]},
    [np.arange(3, dtype=np.int32), 4],
    [],
    (np.zeros((0, 2), np.float32),),
)


@pytest.mark.parametrize("tree", VECTORS)
def test_trees_as_vectors(tree):
    flat, unravel = ravel_pytree(tree)
    wanted, unravel_jax = jax.flatten_util.ravel_pytree(tree)
    assert flat.dtype == wanted.dtype
    np.testing.assert_array_equal(flat, wanted)
    pairs = zip(pb.tree.leaves(unravel(flat)), jax.tree.leaves(unravel_jax(wanted)), strict=True)
    for g, w in pairs:
        assert (g.shape, g.dtype) == (w.shape, w.dtype)
        np.testing.assert_array_equal(g, w)


def test_vectors_under_transformations():
    tree = {"w": np.ones((2, 2), np.float32), "b": np.zeros(2, np.float32)}
    flat, unravel = ravel_pytree(tree)

    def loss(v):
        p = unravel(v)
        return pb.numpy.sum(p["w"] ** 2) + pb.numpy.sum(3 * p["b"])

    np.testing.assert_allclose(pb.jit(pb.grad(loss))(flat), [3, 3, 2, 2, 2, 2])
    assert unravel == ravel_pytree(tree)[1]
    assert hash(unravel) == hash(ravel_pytree(tree)[1])
    batch = pb.vmap(unravel)(pb.numpy.ones((5, 6)))
    assert batch["w"].shape == (5, 2, 2)


def test_wrong_vectors():
    _, unravel = ravel_pytree([np.ones(2, np.float32), 1])
    with pytest.raises(ValueError, match="a vector of 3 elements"):
        unravel(pb.numpy.ones(4))
    with pytest.raises(TypeError, match="a vector of float32"):
        unravel(pb.numpy.ones(3, "int32"))


TYPES = ("bool", "int4", "uint8", "int32", "bfloat16", "float32", "complex64", "float8_e4m3fn")


@pytest.mark.parametrize("name", TYPES)
def test_what_dtypes_are(name):
    theirs = jax.numpy.dtype(name)
    assert dtypes.itemsize_bits(theirs) == jax.dtypes.itemsize_bits(theirs)
    assert dtypes.scalar_type_of(np.zeros(2, theirs)) is jax.dtypes.scalar_type_of(
        np.zeros(2, theirs)
    )


OPERANDS = ((1, 2.0), (np.int8(1), 2.5), ("int8", "uint8"), (np.ones(2, np.float32), 1), (True, 1))
OPERANDS += ((None,), (None, "int8"), ("bfloat16", None))


@pytest.mark.parametrize("args", OPERANDS)
def test_result_types(args):
    got = dtypes.result_type(*args, return_weak_type_flag=True)
    assert got == tuple(jax.dtypes.result_type(*args, return_weak_type_flag=True))
    assert dtypes.result_type(*args) == jax.dtypes.result_type(*args)
    assert pb.numpy.result_type(*args) == jax.numpy.result_type(*args)


def test_dtypes_of_keys():
    dtype = pb.random.key(0).dtype
    theirs = jax.random.key(0).dtype
    for name in ("extended", "prng_key"):
        ours, jax_class = getattr(dtypes, name), getattr(jax.dtypes, name)
        assert dtypes.issubdtype(dtype, ours) == jax.dtypes.issubdtype(theirs, jax_class)
        assert dtypes.issubdtype("float32", ours) == jax.dtypes.issubdtype("float32", jax_class)
    with pytest.raises(ValueError, match="a dtype of numbers"):
        dtypes.itemsize_bits(dtype)


def test_a_traced_mask_is_an_index_error():
    def f(x):
        return x[x > 0]

    for error in (IndexError, TypeError, pb.errors.JAXIndexError):
        with pytest.raises(error):
            pb.jit(f)(np.ones(3, np.float32))


def test_partial_functions():
    """`Partial` is a `functools.partial`, and one of a partial function keeps it whole."""
    inner = functools.partial(max, 1)
    for s in (pb, jax):
        p = s.tree_util.Partial(inner, 2)
        assert isinstance(p, functools.partial) and p.args == (2,) and p(0) == 2
        assert repr(s.tree_util.Partial(max, 1, key=abs)).endswith(
            "Partial(<built-in function max>, 1, key=<built-in function abs>)"
        )
        same = s.tree_util.Partial(inner, 3)
        assert s.tree.structure(p) == s.tree.structure(same)
        assert s.tree.map(lambda x: x + 1, p).args == (3,)


@pytest.mark.parametrize("node", [*NODES, 1, (), [], {}])
def test_structures_of_one_node(node):
    ours, theirs = pb.tree.structure(node), jax.tree.structure(node)
    assert tree_util.treedef_is_leaf(ours) == jax.tree_util.treedef_is_leaf(theirs)


class Pair:
    def __init__(self, a, b, data=None):
        self.a, self.b, self.data = a, b, data


class Keyed(Pair):
    pass


@dataclasses.dataclass
class Layer:
    weight: object
    bias: object
    name: object = "dense"


for library in (jax.tree_util, tree_util):
    key = library.GetAttrKey
    library.register_pytree_node(Pair, lambda p: ([p.a, p.b], p.data), lambda d, c: Pair(*c, d))
    library.register_pytree_with_keys(
        Keyed,
        lambda p, key=key: ([(key("a"), p.a), (key("b"), p.b)], p.data),
        lambda d, c: Keyed(*c, d),
    )
    library.register_dataclass(Layer, ["weight", "bias"], ["name"])

OF_MANY_KINDS = (
    3.5,
    None,
    "text",
    [[], (), {}, None],
    {"b": 1, "a": (2, [3, None])},
    {2: "x", 1: {"z": 1, "y": np.ones(2)}},
    OrderedDict(z=1, a=[2]),
    defaultdict(list, {"q": 1, "p": 2}),
    [Point(1, {"k": 2}), Point(Point(3, 4), None)],
    [Pair(1, [2, 3]), Pair(4, Pair(5, 6), "data")],
    {"k": Keyed(1, Keyed(2, 3, ("data",)))},
    (Layer(1, {"z": 2}), Layer(Pair(1, 2), 3, "last")),
)


@pytest.mark.parametrize("tree", OF_MANY_KINDS)
def test_paths_and_leaves_of_many_kinds(tree):
    for _ in range(2):  # the second time the structure is known
        pairs, treedef = tree_util.tree_flatten_with_path(tree)
        wanted = jax.tree_util.tree_leaves_with_path(tree)
        assert [as_text(p) for p, _ in pairs] == [jax.tree_util.keystr(p) for p, _ in wanted]
        assert all(a is b for (_, a), (_, b) in zip(pairs, wanted, strict=True))
        leaves, same = tree_util.tree_flatten(tree)
        assert same is tree_util.tree_structure(tree)
        assert same == treedef
        assert all(a is b for a, (_, b) in zip(leaves, pairs, strict=True))
        assert tree_util.tree_structure(same.unflatten(leaves)) == same


def test_structures_keep_keys_and_data_as_they_are():
    for one, other in (({1: 0}, {True: 0}), ({(1,): 0}, {(1.0,): 0})):
        assert repr(tree_util.tree_map(id, one)).split(":")[0] == repr(one).split(":")[0]
        assert repr(tree_util.tree_map(id, other)).split(":")[0] == repr(other).split(":")[0]
    assert list(tree_util.tree_map(str, {"b": 1, "a": 2})) == ["b", "a"]
    assert list(tree_util.tree_map(str, {"a": 1, "b": 2})) == ["a", "b"]
    for data in (1, True, 1.0, 0.0, -0.0, (0,), (False,), [3], [3]):
        made = tree_util.tree_map(str, Pair(1, 2, data))
        assert repr(made.data) == repr(data)
        assert made.data is data


def test_a_class_may_become_a_node_after_it_was_a_leaf():
    class Late:
        x = 1

    assert tree_util.tree_leaves([Late]) == [Late]
    late = Late()
    assert tree_util.tree_flatten([late])[0] == [late]
    assert pb.jit(lambda xs: xs[0] + 1)([2.0]) == 3
    tree_util.register_pytree_node(Late, lambda p: ((p.x,), None), lambda _, c: Late())
    assert tree_util.tree_flatten([late])[0] == [1]
    assert pb.jit(lambda p: p[0].x + 1)([late]) == 2


def test_errors_of_nodes_come_through():
    class Bad:
        pass

    def raises(_):
        raise KeyError("bad")

    tree_util.register_pytree_node(Bad, raises, lambda *_: Bad())
    with pytest.raises(KeyError, match="bad"):
        tree_util.tree_leaves([1, Bad()])
    nested = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(RecursionError):
        tree_util.tree_leaves(nested)
    deep = []
    deep.append(deep)
    with pytest.raises(RecursionError):
        tree_util.tree_structure(deep)


def test_compiled_functions_of_nodes():
    @pb.jit
    def total(tree):
        names.append(tree["layer"].name)
        return tree["layer"].weight + tree["point"].x * tree["pair"].b

    names = []
    for name in ("a", "a", "b"):
        tree = {"layer": Layer(1.0, 0, name), "point": Point(2.0, 0), "pair": Pair(0, 3.0)}
        assert total(tree) == 7
    assert names == ["a", "b"]
    for _ in range(2):  # data without a hash
        assert total(tree | {"layer": Layer(1.0, 0, [])}) == 7
    assert names == ["a", "b", []]


def test_structures_keep_nobody_alive():
    class Large:
        def method(self, x):
            return x

    owner = Large()
    gone = weakref.ref(owner)
    assert pb.tree.leaves(pb.tree.map(abs, pb.tree_util.Partial(owner.method, -1))) == [1]
    del owner
    gc.collect()
    assert gone() is None
