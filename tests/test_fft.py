"""`numpy.fft` and `lax.fft`: values, gradients, batches and compiled versions against JAX's."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy_oracle import check, ours

import pullback as pb
from pullback import config, lax
from pullback import numpy as pnp

RNG = np.random.default_rng(0)


def r(*shape: int, dtype: Any = np.float64) -> np.ndarray:
    """Random real numbers."""
    return RNG.standard_normal(shape).astype(dtype)


def c(*shape: int, dtype: Any = np.complex128) -> np.ndarray:
    """Random complex numbers."""
    return (RNG.standard_normal(shape) + 1j * RNG.standard_normal(shape)).astype(dtype)


@pytest.fixture(autouse=True)
def wide():
    with config.override(enable_x64=True), jax.enable_x64(True):
        yield


COMPLEX = "fft ifft irfft hfft"
REAL = "rfft ihfft fft"
SEVERAL = "fftn ifftn irfftn"
CASES = [
    (name, args, kwargs)
    for names, args, kwargs in (
        (COMPLEX, (c(5),), {}),
        (COMPLEX, (c(3, 4),), {"axis": 0}),
        (COMPLEX, (c(3, 4), 7), {}),
        (COMPLEX, (c(3, 6), 4), {"norm": "ortho"}),
        (COMPLEX, (c(4),), {"norm": "forward"}),
        (COMPLEX, (c(4, dtype=np.complex64),), {"norm": "backward"}),
        (REAL, (r(6),), {}),
        (REAL, (r(5, 3),), {"axis": -2, "norm": "ortho"}),
        (REAL, (r(5), 8), {"norm": "forward"}),
        (REAL, (r(5, dtype=np.float32),), {}),
        (REAL, (np.arange(6),), {}),
        ("fft2 ifft2 irfft2", (c(2, 3, 4),), {}),
        ("fft2 ifft2 irfft2", (c(2, 3, 4), (3, 5)), {"axes": (0, 2)}),
        ("rfft2", (r(3, 4),), {}),
        ("rfft2", (r(3, 4), (2, 6)), {"norm": "ortho"}),
        (SEVERAL, (c(2, 3, 4),), {}),
        (SEVERAL, (c(2, 3, 4), (3, 3)), {"norm": "forward"}),
        (SEVERAL, (c(2, 3, 4),), {"axes": (2, 0), "norm": "ortho"}),
        (SEVERAL, (c(2, 3, 2, 2, 3),), {}),
        ("rfftn", (r(2, 3, 4),), {"axes": (0, 1)}),
        ("rfftn", (r(2, 3, 2, 3),), {}),
        ("fftshift ifftshift", (r(5, 4),), {}),
        ("fftshift ifftshift", (r(5, 4),), {"axes": 0}),
        ("fftshift ifftshift", (r(5, 4),), {"axes": (1, 0)}),
        ("fftfreq rfftfreq", (5,), {}),
        ("fftfreq rfftfreq", (8, 0.25), {}),
        ("fftfreq rfftfreq", (7, 2), {"dtype": np.float32}),
    )
    for name in names.split()
]


def label(case: Any) -> str:
    name, args, kwargs = case
    return f"{name} {[np.shape(a) or a for a in args]} {kwargs}"


@pytest.mark.parametrize("case", CASES, ids=label)
def test_value_is_jax(case):
    name, args, kwargs = case
    single = any(
        getattr(a, "dtype", None) in (np.float32, np.complex64)
        for a in (*args, np.ones(1, kwargs.get("dtype", float)))
    )
    check(
        f"fft.{name}",
        *args,
        rtol=2e-6 if single else 1e-11,
        atol=1e-6 if single else 1e-12,
        **kwargs,
    )


SMOOTH = [
    ("fft", c(3, 4)), ("fft", r(3, 4)), ("ifft", c(5)), ("rfft", r(3, 6)), ("rfft", r(5)),
    ("irfft", c(2, 4)), ("irfft", c(4)), ("hfft", c(4)), ("ihfft", r(6)), ("fftn", c(2, 3, 2)),
    ("irfftn", c(3, 3)), ("rfft2", r(3, 4)), ("fftshift", r(5)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x"), SMOOTH, ids=lambda v: getattr(v, "shape", v))
def test_gradient_batch_and_compiled(name, x):
    f, g = getattr(pnp.fft, name), getattr(jnp.fft, name)
    weights = np.sin(np.arange(np.size(g(x)))).reshape(np.shape(g(x)))
    holomorphic = False
    wanted = jax.grad(lambda x: (weights * jnp.abs(g(x)) ** 2).sum(), holomorphic=holomorphic)(x)
    gradient = pb.grad(lambda x: (weights * pnp.abs(f(x)) ** 2).sum())
    for run in (gradient, pb.jit(gradient)):
        np.testing.assert_allclose(run(ours(x)), wanted, rtol=1e-10, atol=1e-10)
    batch = np.stack([x, 2 * x[::-1]], -1)
    mapped = pb.jit(pb.vmap(f, in_axes=-1))(ours(batch))
    np.testing.assert_allclose(mapped, jax.vmap(g, in_axes=-1)(batch), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", ["fft", "IFFT", "rfft", "IRFFT", lax.FftType.FFT])
def test_lax_fft_is_jax(kind):
    x = r(3, 4) if kind == "rfft" else c(3, 4)
    lengths = (6,) if kind == "IRFFT" else (4,)
    theirs = jax.lax.FftType(int(kind)) if isinstance(kind, lax.FftType) else kind
    wanted = jax.lax.fft(x, theirs, lengths)
    got = lax.fft(ours(x), kind, lengths)
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("call", [
    lambda: pnp.fft.fft(ours(r(3)), 0),
    lambda: pnp.fft.fft(ours(r(3)), axis=(0,)),
    lambda: pnp.fft.fft2(ours(r(3, 3)), axes=(0,)),
    lambda: pnp.fft.fftn(ours(r(3, 3)), axes=(0, 0)),
    lambda: pnp.fft.fftn(ours(r(3, 3)), (2,), axes=(0, 1)),
    lambda: pnp.fft.fft(ours(r(3)), norm="other"),
    lambda: pnp.fft.rfft(ours(c(3))),
    lambda: pnp.fft.fftfreq([3]),
    lambda: pnp.fft.fftfreq(3, [1.0]),
    lambda: lax.fft(ours(c(3)), "other", (3,)),
    lambda: lax.fft(ours(c(3)), "fft", (4,)),
])  # fmt: skip
def test_errors(call):
    with pytest.raises(ValueError):
        call()


def test_every_name_of_jax_is_there():
    missing = {n for n in dir(jnp.fft) if n[0] != "_"} - set(pnp.fft.__all__)
    assert not missing


@pytest.mark.parametrize("n", [2, 3, 4, 6, 16, 202, 1024])
@pytest.mark.parametrize("rows", [1, 3, 17])
def test_real_transforms_of_repeated_numbers(n, rows):
    column = np.arange(1, rows + 1, dtype=np.float32)[:, None]
    expected = np.fft.rfft(np.broadcast_to(column, (rows, n)).copy())

    def transform(x):
        return pnp.fft.rfft(pnp.broadcast_to(x, (rows, n)))

    for f in (transform, pb.jit(transform)):
        np.testing.assert_allclose(f(pnp.asarray(column)), expected, atol=1e-4 * n)


def test_gradient_of_the_sum_of_an_inverse_transform():
    x = np.arange(3, dtype=np.float32)
    for wrap in (lambda f: f, pb.jit):
        found = wrap(pb.grad(lambda x: pnp.fft.irfft(x).sum()))(x)
        np.testing.assert_allclose(
            found, jax.grad(lambda x: jax.numpy.fft.irfft(x).sum())(x), atol=1e-6
        )
