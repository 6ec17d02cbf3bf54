"""The array API standard 2024.12, function by function against its reference implementation."""

import inspect
from typing import Any

import array_api_compat
import array_api_strict as strict
import numpy as np
import pytest
from array_api_cases import CASES, FACTORS
from hypothesis import given, settings
from hypothesis import strategies as st

import pullback as pb
from pullback import numpy as pnp

strict.set_array_api_strict_flags(api_version="2024.12")

# Names of the reference implementation's own or of later versions, and what has no results to
# compare.
OWN = {
    "ArrayAPIStrictFlags", "Device", "broadcast_shapes", "isin", "__version__",
    "get_array_api_strict_flags", "reset_array_api_strict_flags", "set_array_api_strict_flags",
}  # fmt: skip
OTHERWISE_TESTED = {
    "__array_api_version__", "__array_namespace_info__", "can_cast", "empty", "empty_like", "finfo",
    "from_dlpack", "iinfo", "isdtype", "fft", "linalg",
}  # fmt: skip


def found(module: Any, name: str) -> Any:
    """A function by its name, `linalg.inv` too."""
    for part in name.split("."):
        module = getattr(module, part)
    return module


NAMES = [
    *[n for n in strict.__all__ if n not in OWN],
    *[f"{m}.{n}" for m in ("linalg", "fft") for n in found(strict, m).__all__],
]
FUNCTIONS = [n for n in NAMES if inspect.isfunction(found(strict, n))]


def numpy_of(x: Any) -> np.ndarray:
    """The values of a result of either library."""
    return np.asarray(x._array if isinstance(x, strict._array_object.Array) else x)


def given_to(module: Any, x: Any, name: str = "") -> Any:
    """An argument as one library takes it: arrays as its arrays, names of dtypes as its dtypes."""
    if isinstance(x, np.ndarray):
        return module.asarray(x)
    if isinstance(x, list):
        return [given_to(module, v) for v in x]
    if isinstance(x, str) and hasattr(np, x) and x not in ("float", "int"):
        return getattr(module, x)
    return x


def call(module: Any, name: str, args: Any, options: Any) -> Any:
    """A function of one library."""
    values = [given_to(module, a) for a in args]
    return found(module, name)(*values, **{k: given_to(module, v) for k, v in options.items()})


def same(got: Any, want: Any) -> None:
    """Structure, dtype, shape and values."""
    if isinstance(want, (tuple, list)):
        assert len(got) == len(want)
        for g, w in zip(got, want, strict=True):
            same(g, w)
        return
    if not isinstance(want, strict._array_object.Array):
        assert np.dtype(got) == np.dtype(want._np_dtype)
        return
    assert isinstance(got, pb.Array)
    g, w = numpy_of(got), numpy_of(want)
    assert (g.dtype, g.shape) == (w.dtype, w.shape)
    tolerance = 1e-4 if w.dtype.name in ("float32", "complex64") else 1e-9
    np.testing.assert_allclose(g, w, tolerance, tolerance)


def test_every_function_has_a_case() -> None:
    named = {*CASES, *FACTORS, *OTHERWISE_TESTED}
    assert [
        n
        for n in NAMES
        if n not in named
        and not isinstance(found(strict, n), (float, type))
        and callable(found(strict, n))
        and not hasattr(found(strict, n), "_np_dtype")
    ] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_here(name: str) -> None:
    assert found(pnp, name) is not None or name == "newaxis"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signature(name: str) -> None:
    """What the standard names can be named, what it passes by place can be passed so."""
    ours, theirs = (inspect.signature(found(m, name)).parameters for m in (pnp, strict))
    any_place = any(p.kind is p.VAR_POSITIONAL for p in ours.values())
    places = [p for p in ours.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    wanted = [p for p in theirs.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    assert any_place or len(places) >= len(wanted)
    for p in theirs.values():
        if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD):
            assert p.name in ours, f"{p.name} of {list(theirs)} in {list(ours)}"
    for ours_p, theirs_p in zip(places, wanted, strict=False):
        if theirs_p.kind is theirs_p.POSITIONAL_OR_KEYWORD:
            assert ours_p.name == theirs_p.name


@pytest.mark.parametrize("name", CASES)
def test_results(name: str) -> None:
    @settings(max_examples=25)
    @given(st.data())
    def check(data: Any) -> None:
        args, options = CASES[name](data.draw)
        with pb.enable_x64(True), np.errstate(all="ignore"):
            got, want = call(pnp, name, args, options), call(strict, name, args, options)
            # JAX's places in sorted arrays are of 32 bits, and so are ours.
            same(got.astype("int64") if name == "searchsorted" else got, want)

    check()


def multiplied(name: str, factors: Any) -> Any:
    """What the factors of a matrix multiply to, and which of them are orthogonal."""
    if name == "linalg.eigh":
        w, v = map(numpy_of, factors)
        return (v * w[..., None, :]) @ np.conj(np.swapaxes(v, -1, -2)), w
    if name == "linalg.qr":
        q, r = map(numpy_of, factors)
        return q @ r, np.conj(np.swapaxes(q, -1, -2)) @ q
    u, s, vh = map(numpy_of, factors)
    k = s.shape[-1]
    return (u[..., :k] * s[..., None, :]) @ vh[..., :k, :], s


OPTIONS = {
    "linalg.eigh": [{}],
    "linalg.qr": [{}, {"mode": "complete"}],
    "linalg.svd": [{}, {"full_matrices": False}],
}


@pytest.mark.parametrize("name", FACTORS)
def test_factors(name: str) -> None:
    @settings(max_examples=25)
    @given(st.data())
    def check(data: Any) -> None:
        x = FACTORS[name](data.draw)
        options = data.draw(st.sampled_from(OPTIONS[name]))
        with pb.enable_x64(True):
            ours, theirs = call(pnp, name, [x], options), call(strict, name, [x], options)
        assert type(ours).__name__ == type(theirs).__name__ and ours._fields == theirs._fields
        for g, w in zip(ours, theirs, strict=True):
            assert (numpy_of(g).dtype, g.shape) == (numpy_of(w).dtype, w.shape)
        for g, w in zip(multiplied(name, ours), multiplied(name, theirs), strict=True):
            np.testing.assert_allclose(g, w, 1e-3, 1e-3)

    check()


# Dtypes.


DTYPES = [n for n in strict.__all__ if hasattr(getattr(strict, n), "_np_dtype")]
KINDS = (
    "bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating",
    "numeric",
)  # fmt: skip


def test_dtype_functions() -> None:
    for name in DTYPES:
        ours, theirs = getattr(pnp, name), getattr(strict, name)
        for kind in (*KINDS, KINDS[:2]):
            assert pnp.isdtype(ours, kind) == strict.isdtype(theirs, kind)
        for other in DTYPES:
            assert pnp.isdtype(ours, getattr(pnp, other)) == (name == other)
            assert pnp.can_cast(ours, getattr(pnp, other)) == np.can_cast(name, other)
        if strict.isdtype(theirs, "integral"):
            got, want = pnp.iinfo(ours), strict.iinfo(theirs)
            assert (got.bits, got.min, got.max) == (want.bits, want.min, want.max)
            assert np.dtype(got.dtype) == np.dtype(name)
        elif name != "bool":
            got, want = pnp.finfo(ours), strict.finfo(theirs)
            for field in ("bits", "eps", "max", "min", "smallest_normal"):
                assert float(getattr(got, field)) == float(getattr(want, field))


# The namespace.


@pytest.mark.parametrize("x64", [False, True])
def test_namespace_info(x64: bool) -> None:
    ours, theirs = pnp.__array_namespace_info__(), strict.__array_namespace_info__()
    with pb.enable_x64(x64):
        assert set(ours.capabilities()) == set(theirs.capabilities())
        assert set(ours.default_dtypes()) == set(theirs.default_dtypes())
        for kind, dtype in ours.default_dtypes(device=None).items():
            assert dtype.itemsize == (16 if kind[0] == "c" else 8) // (2 - x64)
        for kind in (None, *KINDS, KINDS[3:5]):
            got, want = ours.dtypes(kind=kind), theirs.dtypes(kind=kind)
            narrow = {
                n: d
                for n, d in want.items()
                if x64 or n not in ("int64", "uint64", "float64", "complex128")
            }
            assert {n: d.name for n, d in got.items()} == {n: n for n in narrow}
        with pytest.raises(ValueError, match="no kind"):
            ours.dtypes(kind="real")
        assert ours.default_device() is None
        assert pb.devices()[0] in ours.devices() and None in ours.devices()
        for device in ours.devices():
            assert pnp.zeros(2, device=device).shape == (2,)


def test_namespace_of_arrays() -> None:
    x = pnp.ones(3)
    assert pnp.__array_api_version__ == strict.__array_api_version__ == "2024.12"
    assert x.__array_namespace__() is x.__array_namespace__(api_version="2024.12") is pnp
    assert array_api_compat.array_namespace(x, 1.0) is pnp
    assert array_api_compat.is_array_api_obj(x) and array_api_compat.size(x) == 3
    assert array_api_compat.device(x) is x.device
    assert array_api_compat.to_device(x, x.device) is x
    with pytest.raises(ValueError, match="is not available"):
        x.__array_namespace__(api_version="1999.12")
    traced = []
    pb.jit(lambda v: traced.append(array_api_compat.array_namespace(v)) or v)(x)
    assert traced == [pnp]


# Arrays.


METHODS = [n for n in dir(strict._array_object.Array) if n[:2] == "__" and n not in dir(object)]
# Arrays are immutable: Python makes x += y of x + y.
IN_PLACE = {
    f"__i{n}__"
    for n in "add and floordiv lshift matmul mod mul or pow rshift sub truediv xor".split()
}
UNSPECIFIED = {
    "__slots__",
    "__module__",
    "__weakref__",
    "__buffer__",
    "__iter__",
    "__dict__",
    "__annotations__",
    "__firstlineno__",
    "__static_attributes__",
}


@pytest.mark.parametrize("name", [n for n in METHODS if n not in IN_PLACE | UNSPECIFIED])
def test_special_methods_are_here(name: str) -> None:
    assert hasattr(pnp.ones(3), name)


def test_attributes() -> None:
    x, y = (m.reshape(m.asarray(np.arange(6.0, dtype="float32")), (1, 2, 3)) for m in (pnp, strict))
    for name in ("ndim", "shape", "size"):
        assert getattr(x, name) == getattr(y, name)
    assert x.dtype == np.float32 and x.device in pnp.__array_namespace_info__().devices()
    same(x.mT, y.mT)
    same(x[0].T, y[0, ...].T)
    same(x.to_device(x.device), y)
    with pytest.raises(ValueError):
        _ = pnp.ones(3).mT


UNARY = ("__abs__", "__neg__", "__pos__", "__invert__")
BINARY = (
    "add sub mul truediv floordiv mod pow matmul eq ne lt le gt ge and or xor lshift rshift"
).split()


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("dtype", ["int32", "float64", "bool", "uint8"])
def test_operators(name: str, dtype: str) -> None:
    x, y = (np.array([[3, 1], [2, 5]]).astype(dtype), np.array([[1, 2], [2, 1]]).astype(dtype))
    with pb.enable_x64(True):
        for reflected in ("", "r") if name not in ("eq", "ne", "lt", "le", "gt", "ge") else ("",):
            method = f"__{reflected}{name}__"
            try:
                want = getattr(strict.asarray(x), method)(strict.asarray(y))
            except TypeError:
                continue
            same(getattr(pnp.asarray(x), method)(pnp.asarray(y)), want)
            if dtype in ("int32", "float64") and name != "matmul":
                number = 2 if dtype == "int32" else 2.0
                try:
                    want = getattr(strict.asarray(x), method)(number)
                except TypeError:
                    continue
                same(getattr(pnp.asarray(x), method)(number), want)


@pytest.mark.parametrize("dtype", ["int32", "float64", "bool", "complex128"])
def test_conversions_to_numbers(dtype: str) -> None:
    with pb.enable_x64(True):
        for value in (0, 1):
            x = np.asarray(value, dtype)
            for convert in (bool, int, float, complex, lambda v: v.__index__()):
                try:
                    want = convert(strict.asarray(x))
                except TypeError:
                    with pytest.raises(TypeError):
                        convert(pnp.asarray(x))
                    continue
                assert convert(pnp.asarray(x)) == want


KEYS = [
    (0, Ellipsis), (-1, Ellipsis), (0, 1), (slice(None, None, -1), Ellipsis), (slice(1), 0),
    (None, 1, Ellipsis), Ellipsis, (Ellipsis, None), (slice(0, 0), slice(None)),
    np.array([True, False]),
]  # fmt: skip


@pytest.mark.parametrize("key", range(len(KEYS)))
def test_indexing(key: int) -> None:
    x = np.arange(6.0).reshape(2, 3)
    with pb.enable_x64(True):
        got, want = (m.asarray(x)[given_to(m, KEYS[key])] for m in (pnp, strict))
        same(got, want)


@pytest.mark.parametrize("copy", [None, True, False])
def test_asarray_copies_as_told(copy: Any) -> None:
    x = pnp.ones(3)
    got = pnp.asarray(x, copy=copy)
    shared = np.shares_memory(np.asarray(got), np.asarray(x))
    assert shared == (not copy)
    source = np.ones(3, "float32")
    assert np.shares_memory(np.asarray(pnp.asarray(source, copy=copy)), source) == (copy is False)


def test_asarray_says_where_it_must_copy() -> None:
    x = pnp.ones(3)
    for value, dtype in (
        ([1.0], None), (2.0, None), (x, "int32"), (np.ones(3), None), (np.ones(3, "int8"), "int32"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="copy=False"):
            pnp.asarray(value, dtype=dtype, copy=False)
    for buffer in (memoryview(b"12"), bytearray(b"12")):
        got = pnp.asarray(buffer, copy=False)
        assert got.dtype == np.uint8 and got.tobytes() == b"12"
        assert np.shares_memory(np.asarray(got), np.frombuffer(buffer, np.uint8))
    assert pb.jit(lambda v: pnp.asarray(v, copy=False))(x).shape == (3,)


def test_devices_of_what_is_made() -> None:
    device = pb.devices()[0]
    x = pnp.ones(3)
    for y in (
        pnp.asarray([1.0], device=device), pnp.arange(3, device=device), pnp.eye(2, device=device),
        pnp.empty(2, device=device), pnp.empty_like(x, device=device),
        pnp.full(2, 1.0, device=device), pnp.full_like(x, 2, device=device),
        pnp.linspace(0, 1, 3, device=device), pnp.astype(x, "int32", device=device),
        pnp.from_dlpack(np.ones(2, "float32"), device=device),
        pnp.fft.fftfreq(3, device=device), pnp.fft.rfftfreq(3, device=device),
        pnp.ones_like(x, device=device), pnp.zeros_like(x, device=device),
    ):  # fmt: skip
        assert y.device is device
