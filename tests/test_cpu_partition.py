"""A module in parts: together they are the whole, and compute the same."""

import ctypes
import re
from collections.abc import Callable

import llvmlite.binding as llvm
import numpy as np
import pytest

import pullback as pb
from pullback import _native
from pullback import numpy as pnp
from pullback.backends.cpu.partition import partition
from pullback.backends.cpu.target import Target
from pullback.backends.cpu.text import Function, Module

FUNCTIONS = 5


def chain() -> Module:
    """f0 adds 1 a hundred times, f1 calls f0 twice and adds 1, and so on; each uses one helper."""
    module = Module()
    module.require("@pb.one", "@pb.one = internal constant i64 1")
    helper = Function(module, "pb.next", [("i64", "x")], "i64", "alwaysinline", "internal")
    one = helper.load("int64", "@pb.one")
    helper.ret("i64", helper.line(f"add i64 %x, {one}"))
    module.add(helper)
    for k in range(FUNCTIONS):
        f = Function(module, f"f{k}", [("i64", "x")], "i64", linkage="internal" if k < 4 else "")
        value = "%x"
        for _ in range(2 if k else 0):
            value = f.call("i64", f"f{k - 1}", ("i64", value))
        for _ in range(100 if k < 2 else 30):
            value = f.call("i64", "pb.next", ("i64", value))
        f.ret("i64", value)
        module.add(f)
    return module


def expected(k: int) -> int:
    own = 100 if k < 2 else 30
    return own + (2 * expected(k - 1) if k else 0)


def defined(text: str) -> set[str]:
    return set(re.findall(r"^define [^@]*@(f\d)\(", text, re.MULTILINE))


@pytest.mark.parametrize("parts", [1, 2, 3, 8])
def test_parts_are_the_whole(parts: int) -> None:
    texts = partition(chain(), parts, 60)
    assert len(texts) == min(parts, FUNCTIONS)
    names = [defined(t) for t in texts]
    assert set.union(*names) == {f"f{k}" for k in range(FUNCTIONS)}
    assert sum(len(n) for n in names) == FUNCTIONS
    for text in texts:
        llvm.parse_assembly(text).verify()


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_parts_compute_what_the_whole_does(threads: int) -> None:
    before = _native.get_num_threads()
    _native.set_num_threads(threads)
    try:
        code = Target().compile(chain(), ["f4"])
    finally:
        _native.set_num_threads(before)
    assert len(code.objects) == min(threads, FUNCTIONS)
    last = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(code.addresses["f4"])
    assert last(7) == 7 + expected(4)


def test_a_small_module_stays_whole() -> None:
    module = Module()
    for name in ("a", "b"):
        f = Function(module, name)
        f.ret()
        module.add(f)
    assert partition(module, 8, 60) == [module.render()]


@pytest.mark.parametrize("derive", [lambda f: f, pb.grad], ids=["value", "gradient"])
def test_results_do_not_depend_on_the_parts(derive: Callable) -> None:
    def f(x: pb.Array) -> pb.Array:
        y = pnp.tanh(x @ x.T) + pnp.exp(-(x**2)) @ x
        return pnp.sum(y * pnp.log(pnp.abs(pnp.sin(x)) + 1) + pb.nn.softmax(x @ y))

    x = np.random.default_rng(0).normal(size=(50, 50)).astype(np.float32)
    results = []
    before = _native.get_num_threads()
    for threads in (1, 2, 8):
        _native.set_num_threads(threads)
        try:
            # A fresh program each time: equal ones are compiled once.
            results.append(np.asarray(pb.jit(derive(lambda x, k=threads: f(x) * k))(x)) / threads)
        finally:
            _native.set_num_threads(before)
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])


def test_a_long_program_is_several_functions() -> None:
    """What one computes others read, from memory that is not their own."""
    w = np.random.default_rng(0).normal(size=(5, 5)).astype("float32") * 0.3

    def f(x: pb.Array) -> pb.Array:
        early = pnp.sort(x, 0)
        for k in range(300):
            x = pnp.sort(x @ w + early * (k + 1), k % 2)
        return x + early

    x = np.eye(5, dtype="float32")
    with pb.disable_jit():
        expected = np.asarray(f(pnp.asarray(x)))
    compiled = pb.jit(f).lower(x).compile()
    assert len(set(re.findall(r"@part\d", compiled.as_text()))) > 1
    np.testing.assert_allclose(compiled(x), expected, rtol=1e-5)


def test_an_error_leaves_all_functions() -> None:
    ran = []

    def late(x: np.ndarray) -> np.ndarray:
        ran.append(float(x[0]))
        if len(ran) == 2:
            raise ValueError("enough")
        return x

    def f(x: pb.Array) -> pb.Array:
        for k in range(450):
            x = pnp.sort(x + 1)
            if k % 150 == 10:
                x = pb.pure_callback(late, x, x)
        return x

    with pytest.raises(Exception, match="enough"):
        np.asarray(pb.jit(f)(pnp.zeros(3)))
    assert ran == [11, 161]
