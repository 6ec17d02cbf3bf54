"""Factorizations and equations, small ones in batches and single large ones; Fourier transforms."""

from typing import Any

from benchmarks.build import Inputs, case, normals


def definite(batch: tuple[int, ...], n: int) -> Inputs:
    """Symmetric positive definite matrices."""
    inputs = normals((*batch, n, n))

    def made() -> list[Any]:
        (a,) = inputs()
        return [a @ a.swapaxes(-1, -2) / n + 2 * (a[..., :1, :] * 0 + 1) * _identity(n)]

    return made


def _identity(n: int) -> Any:
    return [[float(i == j) for j in range(n)] for i in range(n)]


def single(inputs: Inputs) -> Inputs:
    return lambda: [x.astype("float32") for x in inputs()]


def solve(xp: Any, a: Any) -> Any:
    return xp.np.linalg.solve(a, a[..., :1])


def inv(xp: Any, a: Any) -> Any:
    return xp.np.linalg.inv(a)


def det(xp: Any, a: Any) -> Any:
    return xp.np.linalg.det(a)


def cholesky(xp: Any, a: Any) -> Any:
    return xp.np.linalg.cholesky(a)


def eigh(xp: Any, a: Any) -> Any:
    return xp.np.linalg.eigh(a)


def svd(xp: Any, a: Any) -> Any:
    return xp.np.linalg.svd(a)


def lstsq(xp: Any, a: Any, b: Any) -> Any:
    return xp.np.linalg.lstsq(a, b)[0]


def expm(xp: Any, a: Any) -> Any:
    return xp.scipy.linalg.expm(a)


def fft(xp: Any, x: Any) -> Any:
    return xp.np.fft.fft(x)


def rfft(xp: Any, x: Any) -> Any:
    return xp.np.fft.rfft(x)


def fft2(xp: Any, x: Any) -> Any:
    return xp.np.fft.fft2(x)


def few(n: int) -> Inputs:
    return single(definite((1000,), n))


GROUP = "linear algebra"
CASES = (
    case(GROUP, "1000 solves 3x3", solve, few(3), solve),
    case(GROUP, "1000 inverses 4x4", inv, few(4), inv),
    case(GROUP, "1000 determinants 8x8", det, few(8), det),
    case(GROUP, "1000 cholesky 8x8", cholesky, few(8), cholesky),
    case(GROUP, "1000 cholesky 16x16", cholesky, few(16), cholesky),
    case(GROUP, "1000 eigh 6x6", eigh, few(6), eigh),
    case(GROUP, "solve 500", solve, single(definite((), 500)), solve),
    case(GROUP, "cholesky 500", cholesky, single(definite((), 500)), cholesky),
    case(GROUP, "eigh 200", eigh, single(definite((), 200)), eigh),
    case(GROUP, "svd 200x100", svd, normals((200, 100)), svd),
    case(GROUP, "lstsq 500x50", lstsq, normals((500, 50), (500, 3))),
    case(GROUP, "expm 50", expm, normals((50, 50))),
    case(GROUP, "fft 65536", fft, normals((65_536,)), fft),
    case(GROUP, "rfft 64x4096", rfft, normals((64, 4096)), rfft),
    case(GROUP, "fft2 512x512", fft2, normals((512, 512)), fft2),
)
