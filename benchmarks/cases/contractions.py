"""Compiled programs made of matrix products and what surrounds them."""

from collections.abc import Callable
from typing import Any

from benchmarks.build import case, normals
from benchmarks.case import Call, Case, jax
from benchmarks.programs import dumb_computation, dumb_gradient, dumb_input


def dumb(xp: Any) -> Call:
    f, x = xp.jit(dumb_computation(xp)), dumb_input(xp)
    return lambda: xp.block_until_ready(f(x))


def gradient(xp: Any) -> Call:
    f, x = xp.jit(dumb_gradient(xp)), dumb_input(xp)
    return lambda: f(x).block_until_ready()


def product(xp: Any, a: Any, b: Any) -> Any:
    return a @ b


def transposed(xp: Any, a: Any, b: Any) -> Any:
    return a.T @ b + a @ b.T


def chain(xp: Any, a: Any, b: Any, c: Any) -> Any:
    return xp.np.einsum("ij,jk,kl->il", a, b, c, optimize=True)


def dense(xp: Any, x: Any, w: Any, b: Any) -> Any:
    return xp.nn.relu(x @ w + b)


def attention(xp: Any, q: Any, k: Any, v: Any) -> Any:
    weights = xp.nn.softmax(xp.np.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5)
    return xp.np.einsum("bhqk,bkhd->bqhd", weights, v)


def convolution(strides: tuple[int, ...], **options: Any) -> Callable[..., Any]:
    def convolve(xp: Any, x: Any, w: Any) -> Any:
        return xp.lax.conv_general_dilated(x, w, strides, "SAME", **options)

    return convolve


def transposed_convolution(xp: Any, x: Any, w: Any) -> Any:
    return xp.lax.conv_transpose(x, w, (2, 2), "SAME", dimension_numbers=("NCHW", "OIHW", "NCHW"))


IMAGES = (16, 16, 32, 32)
CASES = (
    Case("dumb_computation 50x50", "contractions", dumb, (jax(0.5),)),
    Case("gradient of dumb_computation", "contractions", gradient, (jax(0.5),)),
    *[
        case("contractions", f"matmul {n}", product, normals((n, n), (n, n)), product)
        for n in (4, 16, 64, 128, 256, 512, 1024)
    ],
    case("contractions", "matmul 256 float64", product,
         normals((256, 256), (256, 256), dtype="float64"), product, x64=True),
    case("contractions", "batched matmul 64x32x32", product,
         normals((64, 32, 32), (64, 32, 32)), product),
    case("contractions", "matrix-vector 1000", product, normals((1000, 1000), (1000,)), product),
    case("contractions", "transposed products 200", transposed,
         normals((200, 200), (200, 200)), transposed),
    case("contractions", "einsum chain", chain, normals((300, 20), (20, 400), (400, 10)), chain),
    case("contractions", "dense layer with relu", dense, normals((128, 256), (256, 256), (256,))),
    case("contractions", "attention 4x128x8x32", attention,
         normals((4, 128, 8, 32), (4, 128, 8, 32), (4, 128, 8, 32))),
    case("contractions", "conv 1d", convolution((1,)), normals((16, 16, 512), (32, 16, 5))),
    case("contractions", "conv 2d 3x3", convolution((1, 1)), normals(IMAGES, (32, 16, 3, 3))),
    case("contractions", "conv 2d stride 2", convolution((2, 2)), normals(IMAGES, (32, 16, 3, 3))),
    case("contractions", "conv 2d dilated", convolution((1, 1), rhs_dilation=(2, 2)),
         normals(IMAGES, (32, 16, 3, 3))),
    case("contractions", "conv 2d depthwise", convolution((1, 1), feature_group_count=16),
         normals(IMAGES, (16, 1, 3, 3))),
    case("contractions", "conv 2d transposed", transposed_convolution,
         normals(IMAGES, (32, 16, 3, 3))),
    case("contractions", "conv 3d", convolution((1, 1, 1)),
         normals((2, 8, 16, 16, 16), (8, 8, 3, 3, 3))),
)  # fmt: skip
