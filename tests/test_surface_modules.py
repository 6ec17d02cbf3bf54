"""The names and signatures of the smaller modules are JAX's, but for what stands in the tables."""

import importlib
import inspect
from types import ModuleType
from typing import Any

import pytest

import pullback as pb

MODULES = (
    "distributed experimental.compilation_cache.compilation_cache experimental.compute_on"
    " experimental.layout experimental.xla_metadata"
    " ffi monitoring nn nn.initializers ops tree tree_util flatten_util dtypes errors"
    " typing image numpy numpy.fft numpy.linalg random scipy.cluster.vq scipy.fft"
    " scipy.integrate scipy.interpolate scipy.linalg scipy.ndimage scipy.optimize scipy.signal"
    " scipy.sparse.linalg scipy.spatial.transform scipy.special scipy.stats"
).split()
KERNELS = "chooses kernels of some accelerators"
FEW_BITS = "no operation computes in them"
# Names of JAX that are not here.
MISSING = {
    "nn": {"get_scaled_dot_general_config": KERNELS, "scaled_dot_general": KERNELS},
    "numpy": dict.fromkeys("float6_e2m3fn float6_e3m2fn int1 uint1".split(), FEW_BITS),
    "errors": {},
}
# Functions whose parameters differ, with the reason.
NO_MLIR = "raises: programs have no MLIR"
DIFFERENT: dict[str, dict[str, str]] = {
    "ffi": {"build_ffi_lowering_function": NO_MLIR, "ffi_lowering": NO_MLIR},
    "numpy": {
        "array": "`copy` may be given by position, as NumPy's may",
        "einsum": "the default of a private parameter",
        "set_printoptions": "NumPy's own, whose parameters have names",
    },
    "numpy.linalg": {"matmul": "it is `numpy.matmul`, which takes `out_sharding` too"},
}


def both(name: str) -> tuple[ModuleType, ModuleType]:
    """A module here and in JAX."""
    ours, theirs = (importlib.import_module(f"{top}.{name}") for top in ("pullback", "jax"))
    return ours, theirs


def public(module: ModuleType) -> list[str]:
    """The public names, modules apart."""
    names = [n for n in dir(module) if not n.startswith("_")]
    return [n for n in names if not isinstance(getattr(module, n), ModuleType)]


def parameters(f: Any) -> list[Any]:
    """Names and kinds of parameters, and their defaults as text; of objects only that they are.

    Those by position alone have no names, since nobody can say them.
    """
    found = inspect.signature(f).parameters.values()
    names = ["" if p.kind is p.POSITIONAL_ONLY else p.name for p in found]
    kinds = [(p.kind.name, _text(p.default, p.empty)) for p in found]
    return list(zip(names, kinds, strict=True))


def _text(default: Any, empty: Any) -> str:
    if default is empty:
        return "none"
    text = repr(default)
    return "some object" if "object at 0x" in text or text.startswith("<enum") else text


FUNCTIONS = [
    (module, name)
    for module in MODULES
    for name in public(both(module)[1])
    if inspect.isfunction(getattr(both(module)[1], name))
    and name not in MISSING.get(module, {})
    and name not in DIFFERENT.get(module, {})
]


@pytest.mark.parametrize("module", MODULES)
def test_every_name_is_here(module):
    ours, theirs = both(module)
    missing = {name for name in public(theirs) if not hasattr(ours, name)}
    assert missing == set(MISSING.get(module, {}))


@pytest.mark.parametrize("module", ["numpy", "numpy.linalg", "random", "nn", "scipy", "extend"])
def test_names_that_load_later_are_listed(module):
    package = importlib.import_module(f"pullback.{module}")
    assert set(package.__all__) <= set(dir(package))
    assert set(pb.__all__) <= set(dir(pb))


@pytest.mark.parametrize(("module", "name"), FUNCTIONS)
def test_signature_is_jax(module, name):
    ours, theirs = both(module)
    assert parameters(getattr(ours, name)) == parameters(getattr(theirs, name))


def test_members_of_the_resize_methods():
    ours, theirs = both("image")
    found = {m.name: m.value for m in ours.ResizeMethod}
    assert found == {m.name: m.value for m in theirs.ResizeMethod}
