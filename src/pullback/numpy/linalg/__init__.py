"""Linear algebra under NumPy's names: products, norms, equations, factorizations."""

from ..contractions import matmul, vecdot
from ..shapes import matrix_transpose
from .equations import inv, lstsq, matrix_power, pinv, solve, tensorinv, tensorsolve
from .factors import cholesky, eig, eigh, eigvals, eigvalsh, qr, svd, svdvals
from .norms import matrix_norm, norm, vector_norm
from .numbers import cond, det, matrix_rank, slogdet
from .products import cross, diagonal, multi_dot, outer, tensordot, trace

__all__ = [
    "cholesky", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "inv",
    "lstsq", "matmul", "matrix_norm", "matrix_power", "matrix_rank", "matrix_transpose",
    "multi_dot", "norm", "outer", "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot",
    "tensorinv", "tensorsolve", "trace", "vecdot", "vector_norm",
]  # fmt: skip
