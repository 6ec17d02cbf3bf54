"""The functions that were compiled with the package: what they are, what they compute."""

import platform

import numpy as np
import pytest
from kernels import TARGET, add_kernel, run

import pullback as pb
from pullback import _native
from pullback import numpy as pnp
from pullback.backends.cache import ObjectCache
from pullback.backends.cpu import elementary, library, pipeline, records, target
from pullback.backends.cpu.elementary import ARITY, FUNCTIONS
from pullback.backends.cpu.text import Function, Module
from pullback.jit.executable import compiled

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def compiled_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing comes from the disk."""
    monkeypatch.setattr(records, "directory", lambda: ObjectCache(None))


def test_it_was_compiled_from_these_sources() -> None:
    """Where this fails, the native core has to be built again."""
    assert _native.library_digest() == library.digest(platform.machine())


def test_levels() -> None:
    for level in library.LEVELS["x86_64"]:
        features = [f"+{f}" for f in level.features]
        assert library.level_of("x86_64", features, level.vector_bytes) == level.name
        assert not library.level_of("x86_64", features[1:], level.vector_bytes)
        assert not library.level_of("arm64", features, level.vector_bytes)
    assert _native.library("") == {}


def test_it_has_what_modules_ask_for() -> None:
    """A module on a machine with a library defines no function that the library has."""
    level = library.level_of(platform.machine(), TARGET.features.split(","), TARGET.vector_bytes)
    found = {lv.name: module for lv, module in library.modules(platform.machine())}
    if level:
        defined = {n for n, text in found[level].pieces.items() if text.startswith("define")}
        assert defined == set(TARGET.library)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_elementary_functions(name: str, dtype: str) -> None:
    """Called and inlined they are equal to the last bit."""
    ins = [dtype] * ARITY.get(name, 1)
    wild = np.exp(RNG.normal(size=1000) * 20) * RNG.choice([-1, 1], 1000)
    values = np.concatenate([RNG.normal(size=3064) * 3, wild, [0, -0.0, np.inf, -np.inf] * 8])
    args = [RNG.permutation(values).astype(dtype) for _ in ins]
    for lanes in (1, 4, 16):
        results = []
        for functions in ({}, TARGET.library):
            module = Module(functions)

            def body(f: Function, *args: str, lanes: int = lanes) -> str:
                return elementary.call(f, name, dtype, lanes, *args)

            add_kernel(module, "kernel", ins, dtype, lanes, body)
            results.append(run(TARGET.compile(module, ["kernel"]), "kernel", args, dtype))
        np.testing.assert_array_equal(*[r.view(f"u{r.itemsize}") for r in results])


@pytest.mark.parametrize("shape", [(1, 2, 3), (5, 7, 9), (50, 50, 50), (33, 100, 17)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products(shape: tuple[int, int, int], dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    m, k, n = shape
    x, y = (RNG.normal(size=s).astype(dtype) for s in ((m, k), (n, k)))
    with pb.enable_x64(True):
        here = pb.jit(lambda x, y: (x @ y.T, x.T @ x))(x, y)
        pb.clear_caches()
        for table in ("library", "kernels"):
            monkeypatch.setattr(target.host(), table, {})
        there = pb.jit(lambda x, y: (x @ y.T, x.T @ x))(x, y)
        pb.clear_caches()
    for a, b in zip(here, there, strict=True):
        np.testing.assert_array_equal(a, b)


def test_code_that_is_called_often_is_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    x = pnp.linspace(-3, 3, 1000)
    f = pb.jit(lambda x: pnp.sin(x) * pnp.exp(-x * x))
    monkeypatch.setattr(pipeline, "PATIENCE", 1e4)
    monkeypatch.setattr(pipeline, "PATIENCE_A_LINE", 0.0)
    first = np.asarray(f(x))
    code = compiled(f.trace(x).jaxpr.jaxpr, "")
    if not target.host().library:
        assert code.patience == 0
        return
    assert "better" not in vars(code)
    calls = 1
    while "better" not in vars(code):
        np.testing.assert_array_equal(np.asarray(f(x)), first)
        calls += 1
    assert 2 < calls < 200
    np.testing.assert_array_equal(np.asarray(f(x)), first)


def test_long_work_is_compiled_well_at_once() -> None:
    def spins(x: pb.Array) -> pb.Array:
        return pb.lax.while_loop(lambda x: x[0] < 1, lambda x: x + pnp.cos(x), x)

    def lasts(x: pb.Array) -> pb.Array:
        return pb.lax.fori_loop(0, 100_000, lambda i, x: pnp.sin(x), x)

    for f, x in ((spins, pnp.zeros(300)), (lasts, pnp.zeros(10_000))):
        program = pb.make_jaxpr(f)(x).jaxpr
        assert pipeline.compile(program).patience == 0


def test_loops_of_the_runtime_need_no_better_code() -> None:
    program = pb.make_jaxpr(pnp.sort)(pnp.zeros(100_000)).jaxpr
    assert pipeline.compile(program).patience == 0
