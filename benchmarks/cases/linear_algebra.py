"""Factorizations and equations, small ones in batches and single large ones; Fourier transforms."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import numpy as onp

from benchmarks.build import Inputs, case, normals


def definite(*shape: int) -> Inputs:
    """Symmetric positive definite matrices."""
    inputs = normals((*shape, shape[-1]))

    def made() -> list[Any]:
        (a,) = inputs()
        n = shape[-1]
        return [a @ a.swapaxes(-1, -2) / n + 2 * onp.eye(n, dtype=a.dtype)]

    return made


def called(name: str) -> Callable[..., Any]:
    """The library's function of this dotted name."""
    function = attrgetter(name)
    return lambda xp, *args: function(xp)(*args)


def solve(xp: Any, a: Any) -> Any:
    return xp.np.linalg.solve(a, a[..., :1])


def lstsq(xp: Any, a: Any, b: Any) -> Any:
    return xp.np.linalg.lstsq(a, b)[0]


inv, det, cholesky = called("np.linalg.inv"), called("np.linalg.det"), called("np.linalg.cholesky")
eigh, svd, expm = called("np.linalg.eigh"), called("np.linalg.svd"), called("scipy.linalg.expm")
fft, rfft, fft2 = called("np.fft.fft"), called("np.fft.rfft"), called("np.fft.fft2")

GROUP = "linear algebra"
CASES = (
    case(GROUP, "1000 solves 3x3", solve, definite(1000, 3), solve),
    case(GROUP, "1000 inverses 4x4", inv, definite(1000, 4), inv),
    case(GROUP, "1000 determinants 8x8", det, definite(1000, 8), det),
    case(GROUP, "1000 cholesky 8x8", cholesky, definite(1000, 8), cholesky),
    case(GROUP, "1000 cholesky 16x16", cholesky, definite(1000, 16), cholesky),
    case(GROUP, "1000 eigh 6x6", eigh, definite(1000, 6), eigh),
    case(GROUP, "solve 500", solve, definite(500), solve),
    case(GROUP, "cholesky 500", cholesky, definite(500), cholesky),
    case(GROUP, "eigh 200", eigh, definite(200), eigh),
    case(GROUP, "svd 200x100", svd, normals((200, 100)), svd),
    case(GROUP, "lstsq 500x50", lstsq, normals((500, 50), (500, 3))),
    case(GROUP, "expm 50", expm, normals((50, 50))),
    case(GROUP, "fft 65536", fft, normals((65_536,)), fft),
    case(GROUP, "rfft 64x4096", rfft, normals((64, 4096)), rfft),
    case(GROUP, "fft2 512x512", fft2, normals((512, 512)), fft2),
)
