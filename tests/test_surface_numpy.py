"""NumPy's functions are here, but for what stands in the table; those JAX lacks give its values."""

import io
import warnings
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp

KINDS = "a dtype that arrays do not have"
MEMORY = "about memory and its order"
ITERATOR = "an iterator over memory"
FLAGS = "operations raise no flags: results hold NaN, and `debug_nans` tells where"
LETTERS = "about NumPy's letters for dtypes"
LEFT_OUT = {
    **dict.fromkeys(
        "bytes_ clongdouble complex256 datetime64 float128 longdouble record str_ timedelta64"
        " void".split(),
        KINDS,
    ),
    **dict.fromkeys("long ulong".split(), "differ from platform to platform"),
    **dict.fromkeys(
        "busday_count busday_offset busdaycalendar datetime_as_string datetime_data is_busday"
        " isnat".split(),
        "about dates",
    ),
    **dict.fromkeys(
        "asfortranarray isfortran may_share_memory memmap require shares_memory".split(), MEMORY
    ),
    **dict.fromkeys("broadcast flatiter nditer nested_iters".split(), ITERATOR),
    **dict.fromkeys("errstate geterr geterrcall seterr seterrcall".split(), FLAGS),
    **dict.fromkeys("mintypecode typename".split(), LETTERS),
    **dict.fromkeys(
        "asmatrix bmat matrix poly1d recarray row_stack".split(), "NumPy discourages it"
    ),
    **dict.fromkeys(
        "get_include getbufsize info setbufsize show_config show_runtime test".split(),
        "about NumPy itself",
    ),
    "fromregex": "gives structured arrays",
    "linalg.LinAlgError": "nothing raises it: results hold NaN",
}


def names() -> set[str]:
    """What is callable in NumPy, with `linalg` and `fft`."""
    found = set()
    for prefix, module in (("", np), ("linalg.", np.linalg), ("fft.", np.fft)):
        found |= {prefix + n for n in dir(module) if n[0] != "_" and callable(getattr(module, n))}
    return found - {"linalg.test", "fft.test"}


def find(name: str) -> Any:
    """What `pullback.numpy` has for a name, or None."""
    *modules, last = name.split(".")
    return getattr(getattr(pnp, modules[0]) if modules else pnp, last, None)


def test_every_name_is_here() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert {name for name in names() if find(name) is None} == set(LEFT_OUT) & names()


X = np.array([[3.0, -1.5], [0.25, 7.75]], np.float32)
K = np.array([3, -1, 300], np.int32)
Z = np.array([1 + 1e-7j, 2], np.complex64)
CALLS: dict[str, Callable[[Any], Any]] = {
    # NumPy 2.5 warns of `fix`.
    "fix": lambda m: (m.fix if m is pnp else m.trunc)(X),
    "fix of integers": lambda m: (m.fix if m is pnp else m.trunc)(K),
    "asanyarray": lambda m: m.asanyarray(X, np.int32),
    "ascontiguousarray": lambda m: m.ascontiguousarray(np.float32(2)),
    "asarray_chkfinite": lambda m: m.asarray_chkfinite(X),
    "real_if_close": lambda m: m.real_if_close(Z),
    "real_if_close, not close": lambda m: m.real_if_close(Z, tol=1e-9),
    "real_if_close of reals": lambda m: m.real_if_close(X),
    "array2string": lambda m: m.array2string(m.asarray(X), precision=1, separator=", "),
    "base_repr": lambda m: [m.base_repr(n, b) for n in (0, 7, -255) for b in (2, 3, 36)],
    "binary_repr": lambda m: [m.binary_repr(n, width=9) for n in (0, 7, -255)],
    "format_float_positional": lambda m: m.format_float_positional(np.float32(0.1)),
    "format_float_scientific": lambda m: m.format_float_scientific(np.float64(0.1), 3),
    "common_type": lambda m: m.common_type(m.asarray(X), m.asarray(Z)).__name__,
    "min_scalar_type": lambda m: [m.min_scalar_type(x) for x in (0, 300, -5, 1e300, 1j, True)],
    "min_scalar_type of an array": lambda m: m.min_scalar_type(m.asarray(K)),
    "ndindex": lambda m: list(m.ndindex(2, 3)) + list(m.ndindex((1, 2))) + list(m.ndindex()),
    "ndenumerate": lambda m: [(i, float(x)) for i, x in m.ndenumerate(X)],
    "names of C's types": lambda m: [
        np.dtype(getattr(m, name).dtype if m is pnp else getattr(m, name)).name
        for name in (
            "byte ubyte short ushort intc uintc intp uintp longlong ulonglong half".split()
        )
    ],
}


@pytest.mark.parametrize("name", CALLS)
def test_values_are_those_of_numpy(name: str) -> None:
    found, expected = CALLS[name](pnp), CALLS[name](np)
    if not isinstance(expected, np.ndarray):
        assert found == expected
        return
    assert isinstance(found, pb.Array)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0, 3.0], list(range(10))])
@pytest.mark.parametrize("transform", [lambda f: f, pb.jit])
def test_putmask_is_that_of_numpy(values: list[float], transform: Any) -> None:
    expected = X.copy()
    np.putmask(expected, expected > 0.5, values)
    f = transform(lambda x: pnp.putmask(x, x > 0.5, pnp.array(values), inplace=False))
    np.testing.assert_array_equal(f(pnp.array(X)), expected)


@pytest.mark.parametrize("src", [2, 2.5, X[0], X.T.astype(np.float16)])
def test_copyto_is_that_of_numpy(src: Any) -> None:
    expected = X.copy()
    np.copyto(expected, src, where=expected > 0.5)
    found = pnp.copyto(pnp.array(X), src, where=pnp.array(X > 0.5), inplace=False)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_their_derivatives() -> None:
    """Where the values go, cotangents come from."""
    mask = pnp.array([True, False, True])
    put = pb.grad(lambda v: pnp.putmask(pnp.ones(3), mask, v**2, inplace=False).sum())
    np.testing.assert_allclose(put(pnp.array([3.0, 5.0])), [12.0, 0.0])
    copied = pb.grad(lambda d: pnp.copyto(d * d, 0.0, where=mask, inplace=False).sum())
    np.testing.assert_allclose(copied(pnp.array([3.0, 5.0, 7.0])), [0.0, 10.0, 0.0])


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="inplace=False"):
        pnp.putmask(pnp.ones(2), True, 1.0)
    with pytest.raises(ValueError, match="mask has shape"):
        pnp.putmask(pnp.ones(2), pnp.array(True), 1.0, inplace=False)
    with pytest.raises(TypeError, match="complex64 to float32"):
        pnp.copyto(pnp.ones(2), pnp.ones(2, "complex64"), inplace=False)
    with pytest.raises(ValueError, match="NaNs"):
        pnp.asarray_chkfinite([1.0, np.nan])
    with pytest.raises(TypeError, match="bool"):
        pnp.common_type(pnp.array([True]))
    with pytest.raises(pb.errors.ConcretizationTypeError):
        pb.jit(pnp.real_if_close)(pnp.array(Z))


def test_integers_count_as_default_floats() -> None:
    assert pnp.common_type(pnp.arange(3)) is pnp.float32
    assert pnp.common_type(pnp.arange(3), pnp.ones(1, "bfloat16")) is pnp.float32
    with pb.enable_x64():
        assert pnp.common_type(pnp.arange(3)) is pnp.float64


def test_text_files_come_back() -> None:
    file = io.StringIO()
    pnp.savetxt(file, pnp.array(X), delimiter=",", header="x,y")
    for read in (pnp.loadtxt, pnp.genfromtxt):
        file.seek(0)
        found = (
            read(file, delimiter=",", skip_header=1)
            if read is pnp.genfromtxt
            else read(file, delimiter=",")
        )
        assert found.dtype == jnp.float32
        np.testing.assert_array_equal(found, X)


def test_compressed_archives_come_back() -> None:
    file = io.BytesIO()
    pnp.savez_compressed(file, pnp.array(X), k=pnp.array(K))
    file.seek(0)
    found = pnp.load(file)
    np.testing.assert_array_equal(found["arr_0"], X)
    np.testing.assert_array_equal(found["k"], K)
