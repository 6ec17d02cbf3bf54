"""JitFunction: which calls are one program, what reaches `miss`, and what comes back."""

import gc
import inspect
import threading
import weakref
from collections import OrderedDict, deque, namedtuple

import numpy as np
import optree
import pytest
from native_programs import new, program

from pullback import _native
from pullback._native import ArrayImpl, JitFunction

Point = namedtuple("Point", "x y")


def to_array(leaf):
    """Float arrays and numbers only; the ndarray is not copied."""
    if isinstance(leaf, (np.ndarray, np.generic)):
        return ArrayImpl(leaf)
    return None


class Copy:
    """A jit of the function that returns its arguments' tree of float scalars, counting misses."""

    def __init__(self, static_argnums=(), static_argnames=()):
        self.misses = []
        self.static = (static_argnums, static_argnames)
        self.jit = JitFunction(
            self.fun, self.miss, to_array, static_argnums, static_argnames, "pullback"
        )

    @staticmethod
    def fun(*args, **kwargs):
        """The function itself."""

    def miss(self, jit, args, kwargs):
        assert jit is self.jit
        self.misses.append((args, kwargs))
        nums, names = self.static
        args = tuple(x for i, x in enumerate(args) if i not in nums)
        kwargs = {k: x for k, x in kwargs.items() if k not in names}
        leaves, tree = optree.tree_flatten((args, kwargs), namespace="pullback")
        if not _native.is_eager() or any(isinstance(leaf, str) for leaf in leaves):
            return None, "not compiled"
        n = len(leaves)
        return program("copy_all", [new()] * n, n=n, num_args=n, out_tree=tree) if n else None, None

    def __call__(self, *args, **kwargs):
        return self.jit(*args, **kwargs)


def plain(tree):
    """The tree with Python's floats for arrays."""
    return optree.tree_map(float, tree, namespace="pullback")


X = ArrayImpl(np.float32(1))
TREES = [
    1.0,
    X,
    (1.0, X),
    [1.0, [2.0, (3.0,)], X],
    {"b": 1.0, "a": X, "c": {"z": 2.0, "y": 3.0}},
    {"a": 1.0, "b": 2.0},
    {2: 1.0, 1: 2.0},
    {(1, 2): 1.0, (0, 1): 2.0},
    {"a": 1.0, 1: 2.0},
    (None, 1.0, [None]),
    Point(1.0, [2.0]),
    OrderedDict(b=1.0, a=2.0),
    deque([1.0, 2.0]),
    [{"k": (Point(1.0, 2.0), None)}, 3.0],
    np.float32(2),
    np.ones((), np.float32),
]


@pytest.mark.parametrize("tree", TREES, ids=str)
def test_trees_come_back(tree):
    f = Copy()
    for _ in range(3):
        (out,), kwargs = f(tree)
        assert plain(out) == plain(tree) and kwargs == {}
        assert optree.tree_structure(out) == optree.tree_structure(tree)
    assert len(f.misses) == 1 and f.jit._cache_size() == 1


@pytest.mark.parametrize("tree", TREES, ids=str)
def test_keywords(tree):
    f = Copy()
    for _ in range(2):
        (one,), kwargs = f(1.0, z=tree, a=2.0)
        assert float(one) == 1 and plain(kwargs) == {"a": 2, "z": plain(tree)}
    f(1.0, a=3.0, z=tree)
    assert len(f.misses) == 1


def test_the_order_of_keys_does_not_matter():
    f = Copy()
    f({"a": 1.0, "b": 2.0})
    ((out,), _) = f({"b": 4.0, "a": 3.0})
    assert plain(out) == {"a": 3, "b": 4} and len(f.misses) == 1


DIFFERENT = [
    1.0,
    X,
    np.ones(1, np.float32),
    (1.0,),
    [1.0],
    [[1.0]],
    {"a": 1.0},
    {"b": 1.0},
    {1: 1.0},
    {1.0: 1.0},
    {True: 1.0},
    (1.0, 1.0),
    (1.0, None),
    (None, 1.0),
    (1.0, [], ()),
    (1.0, (), []),
    Point(1.0, 1.0),
    OrderedDict(a=1.0),
    {"a": Point(1.0, 1.0)},
    {"b": Point(1.0, 1.0)},
    True,
    1,
    1j,
]


def test_different_trees_and_types_are_different_programs():
    f = Copy()
    for repeat in range(2):
        for tree in DIFFERENT:
            f(tree)
        f(1.0, 1.0)
        f(1.0, a=1.0)
        f(1.0, b=1.0)
        f(a=1.0)
        f({"a": 1.0}, ())
        assert f.jit._cache_size() == len(f.misses) == len(DIFFERENT) + 5, repeat


def test_static_arguments():
    f = Copy((1,), ("mode", "other"))
    calls = [
        ((1.0, "a"), {}),
        ((1.0, "b"), {}),
        ((1.0, 1), {}),
        ((1.0, 1.0), {}),
        ((1.0, True), {}),
        ((1.0,), {}),
        ((1.0,), {"mode": "a"}),
        ((1.0,), {"other": "a"}),
        ((1.0,), {"mode": "a", "x": 2.0}),
        ((1.0, "a"), {"mode": "a", "x": 2.0}),
    ]
    for _ in range(2):
        for args, kwargs in calls:
            out, named = f(*args, **kwargs)
            assert plain(out) == (1.0,) and plain(named) == ({"x": 2.0} if "x" in kwargs else {})
        assert len(f.misses) == len(calls)
    assert f.misses[0] == ((1.0, "a"), {})
    assert f.misses[6] == ((1.0,), {"mode": "a"})


def test_static_values_are_compared_not_identified():
    class Size:
        def __init__(self, n):
            self.n = n

        def __hash__(self):
            return 0

        def __eq__(self, other):
            return self.n == other.n

    f = Copy((0,))
    for n in (1, 2, 3, 1, 2, 3):
        f(Size(n), 1.0)
    assert len(f.misses) == 3


def test_comparisons_may_raise_or_clear_the_cache():
    class Odd:
        action = staticmethod(lambda: False)

        def __hash__(self):
            return 0

        def __eq__(self, other):
            return self.action()

    def refuse():
        raise ValueError("no comparison")

    f = Copy((0,))
    f(Odd(), 1.0)
    Odd.action = staticmethod(refuse)
    with pytest.raises(ValueError, match="no comparison"):
        f(Odd(), 1.0)
    Odd.action = staticmethod(lambda: f.jit._clear_cache() or False)
    f(Odd(), 1.0)
    assert f.jit._cache_size() == 1


def test_static_values_without_a_hash_reach_miss():
    f = Copy((0,))
    f.jit = JitFunction(f.fun, lambda *_: (None, "refused"), to_array, (0,), (), "")
    assert f([1], 1.0) == "refused" and f.jit._cache_size() == 0


def test_leaves_that_are_no_arrays_reach_miss():
    f = Copy()
    assert f("a") == f([1.0, {"b": "c"}]) == f(x="a") == "not compiled"
    assert f.jit._cache_size() == 0


def test_errors_of_a_conversion_are_raised():
    def refuse(leaf):
        raise OverflowError(str(leaf))

    f = JitFunction(Copy.fun, None, refuse, (), (), "")
    with pytest.raises(OverflowError, match="1099511627776"):
        f([2**40])


def test_under_a_trace_miss_decides():
    f = Copy()
    f(1.0)
    eager = _native.swap_trace(object())
    try:
        assert f(1.0) == "not compiled"
    finally:
        _native.swap_trace(eager)
    assert plain(f(2.0)) == ((2.0,), {}) and len(f.misses) == 2


def test_the_context_is_part_of_the_signature():
    f, before = Copy(), _native.get_context()
    f(X)
    _native.set_context(before[0] + 1000, before[1])
    try:
        f(X)
        f(X)
    finally:
        _native.set_context(*before)
    f(X)
    assert len(f.misses) == 2


@pytest.mark.parametrize("x64", [False, True])
def test_numbers_are_of_the_contexts_width(x64):
    types, before = [], _native.get_context()

    def miss(jit, args, kwargs):
        outs = [("arg", i, True) for i in range(len(args))]
        tree = optree.tree_structure(args)
        return program("nothing", outs, num_args=len(args), kept=[], out_tree=tree), None

    _native.set_context(2000 + x64, x64)
    try:
        results = JitFunction(Copy.fun, miss, to_array, (), (), "")(1, 1.0, 1j, True)
        types = [str(x.dtype) for x in results]
    finally:
        _native.set_context(*before)
    bits = (64, 64, 128) if x64 else (32, 32, 64)
    assert types == [f"int{bits[0]}", f"float{bits[1]}", f"complex{bits[2]}", "bool"]
    assert [x.tolist() for x in results] == [1, 1.0, 1j, True]


def test_ndarrays_are_read_in_place_and_never_returned():
    def miss(jit, args, kwargs):
        return program("nothing", [("arg", 0, False)], kept=[], donated=[(0, -1)]), None

    npy = np.ones(3, np.float32)
    y = JitFunction(Copy.fun, miss, to_array, (), (), "")(npy)
    assert y.tolist() == [1, 1, 1] and not np.shares_memory(y._npy, npy)


def test_donation():
    def miss(jit, args, kwargs):
        return program("add_one", [new((3,))], n=3, donated=[(0, 0)]), None

    f = JitFunction(Copy.fun, miss, to_array, (), (), "")
    x = f(f(ArrayImpl(np.zeros(3, np.float32))))
    address = x._npy.ctypes.data
    y = f(x)
    assert y.tolist() == [3, 3, 3] and y._npy.ctypes.data == address and x.is_deleted()
    with pytest.raises(RuntimeError, match="deleted"):
        f(x)


@pytest.mark.parametrize("answer", [None, (), (1, 2, 3), (1.0, None)])
def test_answers_of_miss_are_checked(answer):
    with pytest.raises(TypeError, match="miss"):
        JitFunction(Copy.fun, lambda *_: answer, to_array, (), (), "")(1.0)


def test_programs_of_other_arguments_are_refused():
    f = JitFunction(Copy.fun, lambda *_: (program("add_one", [new()]), None), to_array, (), (), "")
    with pytest.raises(TypeError, match="no Executable of 2 arguments"):
        f(1.0, 2.0)
    with pytest.raises(TypeError, match="has no signature"):
        f("a")


def test_it_looks_like_its_function():
    def fun(x, *, y=2):
        """What it does."""

    fun.note = 1
    f = JitFunction(fun, None, None, (), (), "")
    assert f.__name__ == "fun" and f.__doc__ == fun.__doc__ and f.__wrapped__ is fun
    assert f.note == 1 and inspect.signature(f) == inspect.signature(fun)
    assert repr(f) == f"<PjitFunction of {fun!r}>"
    f.extra = 3
    assert f.extra == 3
    JitFunction.called = lambda self: self.__name__
    try:
        assert f.called() == "fun"
    finally:
        del JitFunction.called


def test_methods_are_bound():
    f = Copy()

    class Model:
        step = f.jit

    model = Model()
    optree.register_pytree_node(
        Model, lambda m: ((), None), lambda _, c: model, namespace="pullback"
    )
    ((bound, out), _) = model.step(2.0)
    assert bound is model and float(out) == 2 and Model.step is f.jit


def test_arguments_of_the_constructor():
    with pytest.raises(ValueError, match="not negative"):
        JitFunction(Copy.fun, None, None, (-1,), (), "")
    with pytest.raises(TypeError):
        JitFunction(Copy.fun, None, None, 0, (), "")


def test_the_cache_is_cleared():
    f = Copy()
    f(1.0)
    f.jit._clear_cache()
    assert f.jit._cache_size() == 0
    f(1.0)
    assert len(f.misses) == 2


def test_cycles_are_collected():
    f = Copy()
    f.jit.me = f.jit
    f(1.0)
    alive = weakref.ref(f.jit)
    del f
    gc.collect()
    assert alive() is None


def test_deep_trees_are_an_error():
    deep = 1.0
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RecursionError):
        Copy()(deep)


def test_calls_within_miss_and_within_a_conversion():
    inner, outer = Copy(), Copy()

    def convert(leaf):
        return inner(3.0)[0][0]

    def miss(jit, args, kwargs):
        assert plain(inner(4.0, 5.0)[0]) == (4.0, 5.0)
        return outer.miss(jit, args, kwargs)

    outer.jit = JitFunction(Copy.fun, miss, convert, (), (), "pullback")
    for _ in range(2):
        assert plain(outer(1.0, np.ones(1), 2.0)[0]) == (1.0, 3.0, 2.0)


def test_threads_share_a_function():
    f, wrong = Copy(), []

    def work(i):
        for k in range(300):
            tree = {"a": float(i), "b": [float(k)] * (k % 5)}
            if plain(f(tree)[0][0]) != tree:
                wrong.append(tree)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
