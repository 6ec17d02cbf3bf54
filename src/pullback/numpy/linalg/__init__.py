"""Linear algebra under NumPy's names: products, norms, equations, factorizations."""

from ...lazy import later
from ..contractions import matmul, vecdot
from ..shapes import matrix_transpose
from .products import cross, diagonal, matrix_power, multi_dot, outer, tensordot, trace

# What factorizations need loads when one is asked for.
__getattr__, __dir__ = later(__name__, (), {
    "equations": "inv lstsq pinv solve tensorinv tensorsolve",
    "factors": "cholesky eig eigh eigvals eigvalsh qr svd svdvals",
    "norms": "matrix_norm norm vector_norm",
    "numbers": "cond det matrix_rank slogdet",
})  # fmt: skip

__all__ = [
    "cholesky", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "inv",
    "lstsq", "matmul", "matrix_norm", "matrix_power", "matrix_rank", "matrix_transpose",
    "multi_dot", "norm", "outer", "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot",
    "tensorinv", "tensorsolve", "trace", "vecdot", "vector_norm",
]  # fmt: skip
