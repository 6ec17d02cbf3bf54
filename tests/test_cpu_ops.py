"""Every row of the table of operations, compiled for the CPU, against its NumPy value."""

import importlib
import pkgutil

import pytest
from cpu import compare
from op import Op
from ops import OPS

import pullback
from pullback.backends.cpu import complexes, expand, rules
from pullback.core.primitive import Primitive, registry
from pullback.transforms.replicas import STANDINS

CASES = [pytest.param(op, dtype, id=f"{op.name} {dtype}") for op in OPS for dtype in op.dtypes]


@pytest.mark.parametrize(("op", "dtype"), CASES)
def test_compiled_is_value(op: Op, dtype: str) -> None:
    for args in op.samples(dtype):
        compare(op.f, *args, ulps=op.tol)


# What calls Python, raises there or keeps a state, by its nature; what rewriting takes away.
BY_NATURE = {"call_exported", "debug_callback", "debug_print", "io_callback", "pure_callback"}
BY_NATURE |= {"check", "constant", "rng_uniform"}
# Sizes that are not known are in no program that is compiled.
BY_NATURE |= {"dim_as_value"}
REWRITTEN = {"name", *[p.name for p in STANDINS]}


def own(p: Primitive) -> bool:
    """Whether the library defines it, not another test."""
    return getattr(p, "type", own).__module__.startswith("pullback.")


def test_nothing_is_called_back() -> None:
    # Every primitive there is, whatever loads it.
    for module in pkgutil.walk_packages(pullback.__path__, "pullback."):
        importlib.import_module(module.name)
    known = {*rules.LAZY, *rules.EAGER, *complexes.RULES, *expand.ELEMENTWISE, *expand.RULES}
    missing = {
        name
        for name, p in registry.items()
        if name not in known and p.inline is None and not p.collective and own(p)
    }
    assert missing == BY_NATURE | REWRITTEN
