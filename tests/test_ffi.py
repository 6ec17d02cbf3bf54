"""Functions of compiled libraries in programs: here and in JAX, of the same library."""

import ctypes
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jaxlib.lapack
import numpy as np
import pytest

import pullback as pb
from pullback.experimental.layout import Layout

SOURCE = Path(__file__).parent / "native" / "ffi_handlers.cpp"
TARGETS = {
    "affine": {"execute": "Affine"},
    "rows": {"execute": "Rows"},
    "counted": {"instantiate": "Begin", "execute": "Counted"},
    "later": {"execute": "Later"},
}
X = np.arange(12, dtype=np.float32).reshape(3, 4)
FLOAT = pb.ShapeDtypeStruct((3, 4), np.float32)
INT = pb.ShapeDtypeStruct((), np.int32)
LIBRARIES = (pb, jax)


@pytest.fixture(scope="module", autouse=True)
def targets(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The handlers, compiled and registered in both libraries."""
    path = tmp_path_factory.mktemp("ffi") / "handlers.so"
    flags = ["-std=c++17", "-O1", "-w", "-shared", "-fPIC", "-I", pb.ffi.include_dir()]
    subprocess.run(["c++", *flags, str(SOURCE), "-o", str(path)], check=True)
    library = ctypes.cdll.LoadLibrary(str(path))
    library.count_id.restype = library.count_info.restype = ctypes.c_void_p
    for p in LIBRARIES:
        kinds = {"type_id": library.count_id(), "type_info": library.count_info()}
        p.ffi.register_ffi_type("count", {k: p.ffi.pycapsule(v) for k, v in kinds.items()})
        for name, stages in TARGETS.items():
            capsules = {k: p.ffi.pycapsule(getattr(library, f)) for k, f in stages.items()}
            given = capsules if len(capsules) > 1 else capsules["execute"]
            p.ffi.register_ffi_target(name, given, platform="cpu")
    return library


def affine(p: ModuleType, x: Any, word: str = "go", **options: Any) -> Any:
    call = p.ffi.ffi_call("affine", p.ShapeDtypeStruct(x.shape, x.dtype), **options)
    extra = {"by": 7, "unused": np.float32(1)}
    return call(x, scale=0.5, word=word, shifts=np.array([3, 4], np.int32), extra=extra)


@pytest.mark.parametrize("p", LIBRARIES)
def test_attributes_and_arrays_reach_the_target(p: ModuleType) -> None:
    for f in (lambda x: affine(p, x), p.jit(lambda x: affine(p, x))):
        np.testing.assert_array_equal(f(X), 0.5 * X + 10)
        with p.enable_x64():
            np.testing.assert_array_equal(f(X[::-1].T), 0.5 * X[::-1].T + 10)
    inside = p.jit(lambda x: p.lax.fori_loop(0, 3, lambda i, c: affine(p, c), x))
    np.testing.assert_array_equal(inside(X), X / 8 + 17.5)


@pytest.mark.parametrize("p", LIBRARIES)
def test_errors_of_targets(p: ModuleType) -> None:
    with pytest.raises(RuntimeError, match="INVALID_ARGUMENT: the word is refuse"):
        affine(p, X, "refuse").block_until_ready()
    with pytest.raises(RuntimeError, match="Wrong number of attributes: expected 4 but got 0"):
        p.ffi.ffi_call("affine", FLOAT)(X).block_until_ready()
    with pytest.raises(RuntimeError, match="NOT_FOUND"):
        p.ffi.ffi_call("nowhere", FLOAT)(X).block_until_ready()
    with pytest.raises(RuntimeError, match="too late"):
        p.ffi.ffi_call("later", p.ShapeDtypeStruct((), bool))(fails=True).block_until_ready()
    assert p.ffi.ffi_call("later", p.ShapeDtypeStruct((), bool))(fails=False)


@pytest.mark.parametrize("p", LIBRARIES)
def test_derivatives_are_refused(p: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"cannot be differentiated|do not support JVP"):
        p.jvp(lambda x: affine(p, x), (X,), (X,))

    @p.custom_jvp
    def f(x: Any) -> Any:
        return affine(p, x)

    f.defjvp(lambda primals, tangents: (f(*primals), 0.5 * tangents[0]))
    np.testing.assert_array_equal(p.grad(lambda x: f(x).sum())(X), np.full_like(X, 0.5))


def test_memory_and_tasks() -> None:
    # JAX has as many threads as the machine, which the target refuses.
    x = np.random.default_rng(0).normal(size=(2, 3, 5))
    with pb.enable_x64():
        types = (pb.ShapeDtypeStruct((2, 3), np.float64), INT)
        sums, rank = pb.jit(pb.ffi.ffi_call("rows", types))(x)
        np.testing.assert_allclose(sums, x.sum(-1), rtol=1e-12)
        assert int(rank) == 3
        mapped = pb.vmap(pb.ffi.ffi_call("rows", [types[0], INT], vmap_method="sequential"))
        assert mapped(np.stack([x, x]))[1].tolist() == [3, 3]


def test_states_last_as_long_as_their_target() -> None:
    call = pb.ffi.ffi_call("counted", INT, has_side_effect=True)
    assert [int(pb.jit(lambda: call(start=5))()) for _ in range(3)] == [5, 6, 7]
    assert int(call(start=9)) == 9 and int(call(start=5)) == 8


@pytest.mark.parametrize("method", ["expand_dims", "broadcast_all", "sequential"])
def test_layouts_aliases_and_batches_of_lapack(method: str) -> None:
    jaxlib.lapack._lapack.initialize()
    capsules = {name: capsule for name, capsule, *_ in jaxlib.lapack.registrations()["cpu"]}
    pb.ffi.register_ffi_target("lapack_sgeqrf_ffi", capsules["lapack_sgeqrf_ffi"])

    def factors(p: ModuleType, x: Any) -> Any:
        order = (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)
        tau = p.ShapeDtypeStruct((*x.shape[:-2], min(x.shape[-2:])), x.dtype)
        call = p.ffi.ffi_call(
            "lapack_sgeqrf_ffi",
            (p.ShapeDtypeStruct(x.shape, x.dtype), tau),
            input_layouts=[order],
            output_layouts=[Layout(order) if p is pb else order, None],
            input_output_aliases={0: 0},
            vmap_method=method,
        )
        return call(x)

    x = np.random.default_rng(1).normal(size=(4, 2, 5, 3)).astype(np.float32)
    given = x.copy()
    for wrap in (lambda f: f, pb.vmap, lambda f: pb.jit(pb.vmap(pb.vmap(f)))):
        ours = wrap(lambda x: factors(pb, x))(x)
        for mine, other in zip(ours, factors(jax, x), strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(x, given)


@pytest.mark.parametrize("p", LIBRARIES)
def test_what_does_not_fit_is_refused(p: ModuleType) -> None:
    call, other = p.ffi.ffi_call, pb.ShapeDtypeStruct((3, 4), np.int32)
    refused = [
        (lambda: call("t", None)(), "All elements of result_shape_dtypes"),
        (lambda: call("t", (FLOAT, ()))(), "position 1"),
        (lambda: call("t", FLOAT, input_output_aliases={1: 0})(X), "with input index"),
        (lambda: call("t", FLOAT, input_output_aliases={0: 1})(X), "with output index"),
        (lambda: call("t", other, input_output_aliases={0: 0})(X), "referring to an input with"),
        (lambda: call("t", FLOAT, input_layouts=[])(X), "layouts"),
        (lambda: call("t", FLOAT, legacy_backend_config="a"), "legacy_backend_config"),
        (lambda: call("t", FLOAT, vmap_method="any"), "vmap_method"),
        (lambda: p.ffi.register_ffi_type_id("t", None), "register_ffi_type_id"),
    ]
    for f, message in refused:
        with pytest.raises(ValueError, match=message):
            f()
    with pytest.raises(NotImplementedError):
        p.vmap(lambda x: affine(p, x))(X)
    with pytest.raises(TypeError, match=r"ffi_call|hashable|lowered|attribute"):
        affine(p, X, word=[object()])


def test_registration_is_checked(targets: Any) -> None:
    register, capsule = pb.ffi.register_ffi_target, pb.ffi.pycapsule(targets.Affine)
    with pytest.raises(NotImplementedError, match='platform must be "cpu"'):
        register("t", capsule, platform="CUDA")
    with pytest.raises(NotImplementedError, match="api_version must be 1"):
        register("t", capsule, api_version=0)
    with pytest.raises(ValueError, match="stages are"):
        register("t", {"begin": capsule})
