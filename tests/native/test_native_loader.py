"""Object files in memory: the same code as by LLVM's linker, and nothing of what is no object."""

import platform
from dataclasses import replace

import numpy as onp
from cpu import program, runner

from pullback import _native
from pullback import numpy as np
from pullback.backends.cpu import loader, pipeline, target
from pullback.backends.cpu.compiled import ENTRY, Compiled
from pullback.backends.cpu.loader import Code


def imports(made: Compiled) -> dict[str, int]:
    known = loader.symbols(target.host().level)
    return {name: known[name] for name in made.code.imports}


def test_both_linkers_load_the_same() -> None:
    x = onp.linspace(-3, 3, 4000).reshape(20, 200)
    jaxpr, args = program(lambda x: (np.sin(x) @ np.exp(x).T, np.sort(x, 1), np.cumsum(x, 0)), [x])
    made = pipeline.compile(jaxpr)
    code = made.code
    found = []
    for link in (_native.load, loader._link):
        loaded = link(code.objects, [ENTRY], imports(made))
        if loaded is not None:
            addresses, keepalive = loaded
            here = Code(addresses, code.objects, code.imports, {}, keepalive)
            found.append(runner(replace(made, code=here), 1)(args))
    assert len(found) == 2 or platform.machine() != "x86_64"
    for got in found:
        for g, w in zip(got, found[0], strict=True):
            onp.testing.assert_array_equal(g, w)


def test_objects_that_are_no_objects_are_not_loaded() -> None:
    made = pipeline.compile(program(lambda x: np.sin(x) + 1, [onp.ones(1000)])[0])
    (whole,) = made.code.objects
    for objects in (
        [b""], [b"nothing"], [whole[:64]], [whole[:300]], [whole[:-200]], [bytes(5000)],
        [b"\x7fELF" + bytes(5000)],
    ):  # fmt: skip
        assert _native.load(objects, [ENTRY], imports(made)) is None
    assert _native.load([whole], ["another"], imports(made)) is None
    assert _native.load([], [], {}) is None
    if made.code.imports:
        assert _native.load([whole], [ENTRY], {}) is None


def test_damaged_objects() -> None:
    """Wrong bits in what describes the code: it is refused, or loaded within its memory."""
    made = pipeline.compile(program(lambda x: (np.sin(x) @ x, np.sort(x)), [onp.ones((9, 9))])[0])
    (whole,) = made.code.objects
    rng = onp.random.default_rng(0)
    refused = 0
    for _ in range(2000):
        data = bytearray(whole)
        # The head, or the tables at the end.
        low, high = (0, 64) if rng.random() < 0.3 else (len(data) - 3000, len(data))
        data[rng.integers(low, high)] ^= 1 << rng.integers(8)
        refused += _native.load([bytes(data)], [ENTRY], imports(made)) is None
    assert refused > 100
