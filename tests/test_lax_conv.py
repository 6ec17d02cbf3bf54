"""The convolutions of lax against JAX's."""

import jax
import numpy as np
import pytest
from jax import lax

import pullback as pb

RNG = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    """Random float32 numbers."""
    return RNG.normal(size=shape).astype(np.float32)


X, W = normal(2, 3, 7, 8), normal(4, 3, 3, 2)
IMAGE, KERNEL = normal(2, 7, 8, 3), normal(3, 2, 3, 4)
NHWC = ("NHWC", "HWIO", "NHWC")

CASES = {
    "conv same": lambda m: m.conv(X, W, (2, 1), "SAME"),
    "conv valid": lambda m: m.conv(X, W, (1, 1), "VALID"),
    "general padding": lambda m: m.conv_with_general_padding(
        X, W, (1, 2), [(1, 0), (2, 1)], (1, 2), (2, 1)
    ),
    "same lower": lambda m: m.conv_general_dilated(
        X, W, (1, 1), "SAME_LOWER", rhs_dilation=(2, 2), precision="highest"
    ),
    "layout": lambda m: m.conv_general_dilated(
        IMAGE, KERNEL, (1, 2), "SAME", dimension_numbers=NHWC, preferred_element_type="float32"
    ),
    "transpose same": lambda m: m.conv_transpose(IMAGE, KERNEL, (2, 3), "SAME"),
    "transpose valid": lambda m: m.conv_transpose(
        IMAGE, KERNEL, (2, 1), "VALID", rhs_dilation=(2, 1)
    ),
    "transpose pairs": lambda m: m.conv_transpose(IMAGE, KERNEL, (2, 1), [(1, 0), (0, 2)]),
    "transpose kernel": lambda m: m.conv_transpose(
        IMAGE, KERNEL.swapaxes(2, 3), (2, 2), "SAME", transpose_kernel=True
    ),
    "transpose consistent": lambda m: m.conv_transpose(
        IMAGE, KERNEL, (2, 1), ((1, 0), (0, 1)), use_consistent_padding=True
    ),
    "patches": lambda m: m.conv_general_dilated_patches(X, (2, 3), (1, 2), "SAME"),
    "patches layout": lambda m: m.conv_general_dilated_patches(
        IMAGE, (2, 3), (1, 2), "VALID", rhs_dilation=(2, 1), dimension_numbers=NHWC
    ),
    "local": lambda m: m.conv_general_dilated_local(
        X, normal_like(4, 3 * 2 * 2, 6, 7), (1, 1), "VALID", (2, 2)
    ),
    "local layout": lambda m: m.conv_general_dilated_local(
        IMAGE,
        normal_like(5, 4, 12, 5),
        (1, 2),
        "VALID",
        (4, 1),
        dimension_numbers=("NWHC", "HWIO", "NHCW"),
    ),
}


def normal_like(*shape: int) -> np.ndarray:
    """The same random numbers at every call."""
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("case", CASES)
def test_values(case):
    got, wanted = np.asarray(CASES[case](pb.lax)), np.asarray(CASES[case](lax))
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


SHAPES = {
    "shape": lambda m: m.conv_shape_tuple((4, 3, 9, 8), (4, 3, 2, 3), (1, 2), "SAME", 2),
    "pairs": lambda m: m.conv_shape_tuple((4, 3, 9, 8), (4, 3, 2, 3), (1, 2), [(1, 0), (0, 2)]),
    "general": lambda m: m.conv_general_shape_tuple(
        (2, 7, 8, 3), (3, 2, 3, 4), (2, 1), "VALID", NHWC
    ),
    "transpose": lambda m: m.conv_transpose_shape_tuple(
        (2, 7, 8, 3), (3, 2, 4, 3), (2, 1), "SAME", NHWC
    ),
    "permutations": lambda m: [tuple(p) for p in m.conv_general_permutations(NHWC)],
    "numbers": lambda m: tuple(m.conv_dimension_numbers((1,) * 4, (1,) * 4, NHWC)),
    "no numbers": lambda m: tuple(m.conv_dimension_numbers((1,) * 4, (1,) * 4, None)),
    "pads": lambda m: m.padtype_to_pads((9, 8), (2, 5), (2, 3), "SAME"),
    "pads lower": lambda m: m.padtype_to_pads((9, 8), (2, 5), (1, 3), "SAME_LOWER"),
}


@pytest.mark.parametrize("case", SHAPES)
def test_shapes(case):
    got, wanted = SHAPES[case](pb.lax), SHAPES[case](lax)
    assert [tuple(np.ravel(p)) for p in got] == [tuple(np.ravel(p)) for p in wanted]


def test_compiled_gradients():
    def loss(lax, tanh, x, w):
        y = lax.conv_general_dilated(x, w, (2, 1), "SAME", dimension_numbers=NHWC)
        return (tanh(y) ** 2).sum()

    ours = pb.jit(pb.grad(lambda x, w: loss(pb.lax, pb.numpy.tanh, x, w), argnums=(0, 1)))
    theirs = jax.grad(lambda x, w: loss(lax, jax.numpy.tanh, x, w), argnums=(0, 1))
    for got, wanted in zip(ours(IMAGE, KERNEL), theirs(IMAGE, KERNEL), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4)


def test_equation_is_jax():
    def f(lax):
        return lambda x, w: lax.conv_general_dilated(x, w, (1, 1), "SAME", precision="highest")

    shown = str(pb.make_jaxpr(f(pb.lax))(X, W))
    wanted = "".join(
        line for line in str(jax.make_jaxpr(f(lax))(X, W)).splitlines() if "sharding" not in line
    )
    assert "".join(shown.split()) == "".join(wanted.split())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pb.lax.conv(X, W[:, :2], (1, 1), "SAME"), "input features"),
        (lambda: pb.lax.conv(X, W, (1, 1), "FULL"), "padding must be"),
        (lambda: pb.lax.conv(X, W, (1,), "SAME"), "window_strides"),
        (lambda: pb.lax.conv(X, W.astype(np.float16), (1, 1), "SAME"), "same dtypes"),
        (
            lambda: pb.lax.conv_general_dilated(X, W, (1, 1), "SAME", dimension_numbers=("NCHW",)),
            "three strings",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


@pytest.mark.parametrize("space", [(0, 4), (6, 0)])
def test_gradients_of_empty_convolutions(space):
    x, w = normal(1, 2, *space), normal(3, 2, 1, 2)

    def second(m, numpy):
        def f(x, w):
            return numpy.sum(m.lax.conv(x, w, (1, 2), "SAME") ** 2)

        return m.jacrev(m.grad(f, (0, 1)), (0, 1))(x, w)

    got, wanted = second(pb, pb.numpy), second(jax, jax.numpy)
    for g, want in zip(pb.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_array_equal(np.asarray(g), np.asarray(want))
