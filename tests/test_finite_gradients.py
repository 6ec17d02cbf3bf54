"""Points where derivatives are easily lost: each gradient is a subgradient, not NaN.

The oracle is a formula, or finite differences where the function is smooth: functions of matrices
with equal eigenvalues or singular values that do not depend on the choice of a basis.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pullback as pb
from pullback import nn
from pullback import numpy as pnp
from pullback.scipy import linalg as sla
from pullback.scipy import special

INF = np.inf
ZEROS, ONES = np.zeros(3), np.ones(3)
MASKED = np.array([-INF, 0.0, 1.0])
WEIGHTS = np.exp(MASKED) / np.sum(np.exp(MASKED))


def similarity(x: Any, y: Any) -> Any:
    """The cosine of the angle between two vectors, 0 where one is 0."""
    return x @ y / (pnp.linalg.norm(x) * pnp.linalg.norm(y) + 1e-8)


# (function of one array with a scalar result, the point, the subgradient)
POINTS: dict[str, tuple[Callable[[Any], Any], Any, Any]] = {
    "norm at zero": (pnp.linalg.norm, ZEROS, 0),
    "norm of rows at zero": (lambda x: pnp.linalg.norm(x, axis=1).sum(), np.zeros((2, 3)), 0),
    "norm of one zero row": (
        lambda x: pnp.linalg.norm(x, axis=1).sum(), np.diag([0.0, 2.0]), np.diag([0.0, 1.0])),
    "1-norm at zero": (lambda x: pnp.linalg.norm(x, 1), ZEROS, 1),
    "3-norm at zero": (lambda x: pnp.linalg.norm(x, 3), ZEROS, 0),
    "3/2-norm at zero": (lambda x: pnp.linalg.norm(x, 1.5), ZEROS, 0),
    "Frobenius norm at zero": (lambda x: pnp.linalg.norm(x, "fro"), np.zeros((2, 3)), 0),
    "normalized by its norm": (
        lambda x: (x / pnp.maximum(pnp.linalg.norm(x), 0.5)).sum(), ZEROS, 2),
    "cosine similarity": (lambda x: similarity(x, np.ones(3)), ZEROS, 1e8),
    "hypot at zero": (lambda x: pnp.hypot(x[0], x[1]), np.zeros(2), 0.5),
    "hypot on an axis": (lambda x: pnp.hypot(x[0], x[1]), np.array([0.0, 2.0]), [0, 1]),
    "abs at zero": (lambda x: pnp.abs(x).sum(), ZEROS, 1),
    "abs of a complex zero": (lambda x: pnp.abs(x * (1 + 1j)).sum(), ZEROS, 0),
    "arctan2 at the origin": (lambda x: pnp.arctan2(x[0], x[1]), np.zeros(2), 0),
    "arctan2 on the cut": (
        lambda x: pnp.arctan2(x[0], x[1]), np.array([0.0, -2.0]), [-0.5, 0]),
    "angle of zero": (lambda x: pnp.angle(x[0] + 1j * x[1]), np.zeros(2), 0),
    "std of equal values": (pnp.std, ONES, 0),
    "std of columns, one of equal values": (
        lambda x: pnp.std(x, axis=0).sum(), np.array([[1.0, 0.0], [1.0, 2.0]]),
        [[0, -0.5], [0, 0.5]]),
    "nanstd of equal values": (pnp.nanstd, ONES, 0),
    "var of equal values": (pnp.var, ONES, 0),
    "root of a variance kept positive": (lambda x: pnp.sqrt(pnp.var(x) + 1e-6), ONES, 0),
    "root where it is chosen": (
        lambda x: pnp.sqrt(pnp.where(x > 0, x, 1.0)).sum(), np.array([0.0, 4.0]), [0, 0.25]),
    "sinc": (lambda x: pnp.sinc(x).sum(), ZEROS, 0),
    "x ** 0.0": (lambda x: (x**0.0).sum(), ZEROS, 0),
    "x ** y, y = 0": (lambda x: pnp.power(x, np.zeros(3)).sum(), ZEROS, 0),
    "x ** y, y = 1": (lambda x: pnp.power(x, np.ones(3)).sum(), ZEROS, 1),
    "x ** 2.0": (lambda x: (x**2.0).sum(), ZEROS, 0),
    "0 ** y": (lambda y: pnp.power(0.0, y).sum(), np.array([1.0, 2.0, 0.5]), 0),
    "product with a zero": (pnp.prod, np.array([0.0, 2.0, 3.0]), [6, 0, 0]),
    "product with two zeros": (pnp.prod, np.array([0.0, 0.0, 3.0]), 0),
    "cumulative product": (
        lambda x: pnp.cumprod(x).sum(), np.array([0.0, 2.0, 3.0]), [1 + 2 + 6, 0, 0]),
    "maximum of equal values": (pnp.max, ONES, 1 / 3),
    "maximum with a number": (lambda x: pnp.maximum(x, 0.0).sum(), ZEROS, 0.5),
    "relu at zero": (lambda x: nn.relu(x).sum(), ZEROS, 0),
    "logsumexp, one term absent": (special.logsumexp, MASKED, WEIGHTS),
    "logaddexp of equal values": (lambda x: pnp.logaddexp(x, -x).sum(), ZEROS, 0),
    "logaddexp, one term absent": (lambda x: pnp.logaddexp(x, -INF).sum(), ONES, 1),
    "softmax, one term absent": (
        lambda x: nn.softmax(x)[1], MASKED, WEIGHTS[1] * (np.eye(3)[1] - WEIGHTS)),
    "log_softmax, one term absent": (
        lambda x: nn.log_softmax(x)[1], MASKED, np.eye(3)[1] - WEIGHTS),
    "softmax of huge values": (lambda x: nn.softmax(x)[0], np.array([1e30, 0.0]), 0),
    "softplus far out": (lambda x: nn.softplus(x).sum(), np.array([-1e4, 1e4]), [0, 1]),
    "log_sigmoid far out": (lambda x: nn.log_sigmoid(x).sum(), np.array([-1e4, 1e4]), [1, 0]),
    "elu far out": (lambda x: nn.elu(x).sum(), np.array([-1e4, 1e4]), [0, 1]),
    "gelu far out": (lambda x: nn.gelu(x).sum(), np.array([-1e4, 1e4]), [0, 1]),
    "silu far out": (lambda x: nn.silu(x).sum(), np.array([-1e4, 1e4]), [0, 1]),
    "tanh far out": (lambda x: pnp.tanh(x).sum(), np.array([-1e4, 1e4]), 0),
    "sorted equal values": (lambda x: (pnp.sort(x) * np.arange(3.0)).sum(), ONES, [0, 1, 2]),
    "determinant of zeros": (pnp.linalg.det, np.zeros((3, 3)), 0),
    "nuclear norm at zero": (lambda x: pnp.linalg.norm(x, "nuc"), np.zeros((2, 2)), np.eye(2)),
    "spectral norm at zero": (lambda x: pnp.linalg.norm(x, 2), np.zeros((2, 2)), np.eye(2) / 4),
}  # fmt: skip


@pytest.mark.parametrize("name", POINTS)
def test_subgradient(name: str) -> None:
    f, x, wanted = POINTS[name]
    with pb.enable_x64():
        point = pnp.asarray(x)
        wanted = np.broadcast_to(np.asarray(wanted, float), x.shape)
        for transform in (pb.grad, pb.jacfwd, lambda f: pb.jit(pb.grad(f))):
            np.testing.assert_allclose(transform(f)(point), wanted, rtol=1e-7, atol=1e-12)


TURN = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
OTHER = np.linalg.qr(np.random.default_rng(1).standard_normal((4, 4)))[0]
MIX = np.random.default_rng(2).standard_normal((4, 4))
PAIRS = TURN @ np.diag([1.0, 1.0, 3.0, 3.0]) @ TURN.T
SAME = TURN @ np.diag([2.0, 2.0, 2.0, 5.0]) @ OTHER.T


def group(x: Any) -> Any:
    """The projection on the vectors of the two least eigenvalues."""
    vectors = pnp.linalg.eigh(x)[1][:, :2]
    return vectors @ vectors.T


def polar(x: Any) -> Any:
    """The rotation nearest to a matrix."""
    u, _, vt = pnp.linalg.svd(x)
    return u @ vt


# Functions that do not depend on the choice of vectors, at matrices where there is a choice.
MATRICES: dict[str, tuple[Callable[[Any], Any], np.ndarray]] = {
    "sum of f of eigenvalues": (lambda x: pnp.sum(pnp.exp(pnp.linalg.eigvalsh(x))), PAIRS),
    "sum of f, from eigh": (lambda x: pnp.sum(pnp.sin(pnp.linalg.eigh(x)[0])), PAIRS),
    "of the identity": (lambda x: pnp.sum(pnp.linalg.eigvalsh(x) ** 3), np.eye(4)),
    "trace and determinant": (
        lambda x: (lambda d: d.sum() * d.prod())(pnp.linalg.eigvalsh(x)), PAIRS),
    "projection on a group": (lambda x: (group(x) * MIX).sum(), PAIRS),
    "nuclear norm": (lambda x: pnp.linalg.norm(x, "nuc"), SAME),
    "sum of f of singular values": (lambda x: pnp.cosh(pnp.linalg.svdvals(x)).sum(), SAME),
    "polar factor": (lambda x: (polar(x) * MIX).sum(), SAME),
    "log-determinant": (lambda x: pnp.linalg.slogdet(x)[1], PAIRS),
    "exponential of a matrix": (lambda x: (sla.expm(x) * MIX).sum(), PAIRS),
    "pseudoinverse": (lambda x: (pnp.linalg.pinv(x) * MIX).sum(), SAME),
}  # fmt: skip


def differences(f: Callable[[Any], Any], x: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Central differences in every element."""
    out = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        d = np.zeros_like(x)
        d[place] = step
        out[place] = (float(f(pnp.asarray(x + d))) - float(f(pnp.asarray(x - d)))) / (2 * step)
    return out


@pytest.mark.parametrize("name", MATRICES)
def test_equal_eigenvalues(name: str) -> None:
    f, x = MATRICES[name]
    with pb.enable_x64():
        wanted = differences(f, x)
        for transform in (pb.grad, pb.jacfwd, lambda f: pb.jit(pb.grad(f))):
            np.testing.assert_allclose(transform(f)(pnp.asarray(x)), wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("x", "y"), [(2.0, 1.5), (2.0, 0.0), (0.5, -2.0), (2.0, 3.0)])
def test_powers_of_python_numbers(x: float, y: float) -> None:
    wanted = y * x ** (y - 1), x**y * np.log(x), y * (y - 1) * x ** (y - 2)
    slope = pb.grad(lambda x: pnp.power(x, y))
    found = slope(x), pb.grad(lambda y: pnp.power(x, y))(y), pb.grad(slope)(x)
    np.testing.assert_allclose(found, wanted, 1e-6)
    np.testing.assert_allclose(pb.grad(pnp.power, (0, 1))(x, y), wanted[:2], 1e-6)
