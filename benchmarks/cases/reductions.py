"""Sums, extrema and norms along each axis, and what normalizes by them."""

from typing import Any

from benchmarks.build import case, normals

MATRIX = normals((2000, 1000))
DOUBLE = normals((2000, 1000), dtype="float64")
FOUR = normals((16, 32, 48, 64))


def total(xp: Any, x: Any) -> Any:
    return xp.np.sum(x)


def columns(xp: Any, x: Any) -> Any:
    return xp.np.sum(x, axis=0)


def rows(xp: Any, x: Any) -> Any:
    return xp.np.sum(x, axis=1)


def inner_axes(xp: Any, x: Any) -> Any:
    return xp.np.sum(x, axis=(1, 3))


def moments(xp: Any, x: Any) -> Any:
    return xp.np.mean(x, axis=0), xp.np.var(x, axis=1)


def extrema(xp: Any, x: Any) -> Any:
    return xp.np.max(x, axis=0), xp.np.min(x, axis=1)


def arg_rows(xp: Any, x: Any) -> Any:
    return xp.np.argmax(x, axis=1)


def arg_columns(xp: Any, x: Any) -> Any:
    return xp.np.argmax(x, axis=0)


def norms(xp: Any, x: Any) -> Any:
    return xp.np.linalg.norm(x, axis=1)


def softmax(xp: Any, x: Any) -> Any:
    return xp.nn.softmax(x, axis=-1)


def logsumexp(xp: Any, x: Any) -> Any:
    return xp.nn.logsumexp(x, axis=0)


def layer_norm(xp: Any, x: Any) -> Any:
    np = xp.np
    mean = np.mean(x, axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(np.var(x, axis=-1, keepdims=True) + 1e-5)


def distances(xp: Any, x: Any, y: Any) -> Any:
    return xp.np.sqrt(xp.np.sum((x[:, None, :] - y[None, :, :]) ** 2, axis=-1))


def tests(xp: Any, x: Any) -> Any:
    return xp.np.any(x > 4, axis=1), xp.np.all(x < 5, axis=0)


CASES = (
    case("reductions", "sum, 2000x1000", total, MATRIX, total),
    case("reductions", "sum of columns, 2000x1000", columns, MATRIX, columns),
    case("reductions", "sum of rows, 2000x1000", rows, MATRIX, rows),
    case("reductions", "sum of rows, float64", rows, DOUBLE, rows, x64=True),
    case("reductions", "sum of axes 1 and 3 of 4", inner_axes, FOUR, inner_axes),
    case("reductions", "mean, var, 2000x1000", moments, MATRIX, moments),
    case("reductions", "max, min, 2000x1000", extrema, MATRIX, extrema),
    case("reductions", "argmax of rows", arg_rows, MATRIX, arg_rows),
    case("reductions", "argmax of columns", arg_columns, MATRIX, arg_columns),
    case("reductions", "norm of rows", norms, MATRIX, norms),
    case("reductions", "softmax, 2000x1000", softmax, MATRIX),
    case("reductions", "logsumexp of columns", logsumexp, MATRIX),
    case("reductions", "layer norm, 2000x1000", layer_norm, MATRIX, layer_norm),
    case("reductions", "layer norm, float64", layer_norm, DOUBLE, layer_norm, x64=True),
    case(
        "reductions", "distances, 500x500x3", distances, normals((500, 3), (500, 3)), distances
    ),
    case("reductions", "any, all, 2000x1000", tests, MATRIX, tests),
)  # fmt: skip
