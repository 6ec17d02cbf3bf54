"""The rows of SciPy's solvers, rotations and interpolators: their arguments belong together."""

from typing import Any

import numpy as np
from draws import Draw, values
from engine import Made, Row, Table
from rows_numpy_algebra import Drawn

ROTATION = "scipy.spatial.transform.Rotation.from_quat"


def _real(d: Draw) -> np.dtype:
    return np.dtype(d.pick(["float32", "float64"] if d.x64 else ["float32"]))


def _normal(d: Draw, *shape: int) -> np.ndarray:
    return d.rng.normal(size=shape).astype(_real(d))


def _chosen(d: Draw, p: float = 0.5, **kwargs: Any) -> dict[str, Any]:
    return {k: v for k, v in kwargs.items() if d.chance(p)}


def _equations(d: Draw, symmetric: bool) -> Drawn:
    dtype, n = _real(d), d.integer(2, 5)
    half, b, x0, *parts = d.rng.normal(size=(5, n, n))
    if d.chance(0.3):
        half = half + 1j * parts[0]
        b, dtype = b + 1j * parts[1], np.dtype("complex64" if dtype == "float32" else "complex128")
    a = half @ half.conj().T + n * np.eye(n) if symmetric else half + 3 * n * np.eye(n)
    a, b, x0 = (x.astype(dtype) for x in (a, b[0], x0[0]))
    tol = {"float32": 1e-6, "complex64": 1e-6}.get(dtype.name, 1e-12)
    d.first = b
    jacobi = np.diag(1 / np.diag(a)).astype(dtype)
    return (a, b), {"tol": tol} | _chosen(d, x0=x0, maxiter=60, M=jacobi)


def _symmetric(d: Draw) -> Drawn:
    return _equations(d, True)


def _general(d: Draw) -> Drawn:
    return _equations(d, False)


def _restarted(d: Draw) -> Drawn:
    args, kwargs = _equations(d, False)
    return args, kwargs | _chosen(d, restart=5, solve_method=d.pick(["batched", "incremental"]))


SOLVERS = (
    Row("cg", call=_symmetric, tol=300),
    Row("bicgstab", call=_general, tol=300),
    Row("gmres", call=_restarted, tol=300),
)


def _many(d: Draw, size: int) -> np.ndarray:
    """One row of so many numbers, or several."""
    x = _normal(d, *d.pick([(size,), (3, size), (1, size)]))
    d.first = x
    return x


def _quats(d: Draw) -> Made:
    return Made(ROTATION, (_many(d, 4),))


def _angles(d: Draw) -> Drawn:
    seq = d.pick(["xyz", "ZYX", "zxz", "YX", "x"])
    shapes = [(len(seq),), (2, len(seq))] if len(seq) > 1 else [(), (3, 1)]
    angles = _normal(d, *d.pick(shapes))
    d.first = np.atleast_1d(angles)
    return (seq, angles), _chosen(d, degrees=d.chance(0.5))


def _orthogonal(d: Draw) -> Drawn:
    q = np.linalg.qr(d.rng.normal(size=d.pick([(3, 3), (4, 3, 3)])))[0]
    q = (q * np.linalg.det(q)[..., None, None]).astype(_real(d))
    d.first = q
    return (q,), {}


def _row(size: int, **options: Any) -> Any:
    """A row of numbers, and options that may be there."""

    def call(d: Draw) -> Drawn:
        return (_many(d, size),), _chosen(d, **{k: d.pick(v) for k, v in options.items()})

    return call


def _of_rotation(**options: Any) -> Any:
    """A rotation, and options that may be there."""

    def call(d: Draw) -> Drawn:
        return (_quats(d),), _chosen(d, **{k: d.pick(v) for k, v in options.items()})

    return call


def _to_angles(d: Draw) -> Drawn:
    return (_quats(d), d.pick(["xyz", "ZYX", "zxz"])), _chosen(d, degrees=d.chance(0.5))


def _applied(d: Draw) -> Drawn:
    rotation = _quats(d)
    vectors = _normal(d, *d.pick([(3,), (3, 3)] if len(d.shape) > 1 else [(3,), (2, 3)]))
    if len(d.shape) > 1 and d.shape[0] == 1:
        vectors = _normal(d, 3)
    vectors = vectors.astype(rotation.args[0].dtype)
    return (rotation, vectors), _chosen(d, inverse=d.chance(0.5))


def _two(d: Draw) -> Drawn:
    first = _quats(d)
    second = _normal(d, *d.shape).astype(first.args[0].dtype)
    return (first, Made(ROTATION, (second,))), {}


def _mean(d: Draw) -> Drawn:
    quats = _normal(d, 4, 4) + np.array([3, 0, 0, 0], "float32")
    d.first = quats.astype(_real(d))
    weights = d.rng.uniform(0.5, 2, 4).astype(d.first.dtype)
    return (Made(ROTATION, (d.first,)),), _chosen(d, weights=weights)


def _items(d: Draw) -> Drawn:
    d.first = _normal(d, 4, 4)
    return (Made(ROTATION, (d.first,)), d.pick([1, -1, slice(1, 3), slice(None, None, 2)])), {}


def _several(d: Draw) -> Drawn:
    whole = _normal(d, 5, 4)
    cut = d.integer(1, 4)
    return ([Made(ROTATION, (part,)) for part in (whole[:cut], whole[cut:])],), {}


def _up_to_sign(rotation: Any, call: Any) -> Any:
    """The sign of a quaternion is not determined where it is an eigenvector's."""
    quat = rotation.quat
    return quat[..., :, None] * quat[..., None, :]


def _between(d: Draw) -> Drawn:
    times = np.cumsum(d.rng.uniform(0.5, 2, 4)).astype("float32")
    return (times, Made(ROTATION, (_normal(d, 4, 4),))), {}


def _moments(d: Draw) -> tuple[Any, ...]:
    return (d.rng.uniform(2, 3, d.pick([(), (3,)])).astype("float32"),)


def _method(name: str) -> str:
    return " ".join(f"Rotation.{n}" for n in name.split())


ROTATIONS = (
    Row("Rotation.from_euler", call=_angles, tol=30),
    Row("Rotation.from_matrix", call=_orthogonal, tol=60),
    Row("Rotation.from_quat", call=_row(4), tol=30),
    Row("Rotation.from_mrp", call=_row(3), tol=30),
    Row("Rotation.from_rotvec", call=_row(3, degrees=(True, False)), tol=30),
    Row("Rotation.identity", call=lambda d: ((), _chosen(d, num=d.integer(1, 4))), checks="jit"),
    Row("Rotation.concatenate", call=_several, tol=30),
    Row("Rotation.as_euler", call=_to_angles, tol=100, checks="jit vmap"),
    Row(_method("as_matrix as_mrp inv magnitude"), call=_of_rotation(), tol=60),
    Row("Rotation.as_rotvec", call=_of_rotation(degrees=(True, False)), tol=60),
    Row(
        "Rotation.as_quat",
        call=_of_rotation(canonical=(True, False), scalar_first=(True, False)),
        tol=30,
    ),
    Row("Rotation.apply", call=_applied, tol=60),
    Row("Rotation.__mul__", call=_two, tol=60),
    Row("Rotation.__getitem__", call=_items, tol=10),
    Row("Rotation.mean", call=_mean, tol=100, view=_up_to_sign, checks="jit"),
    Row("Slerp.init", call=_between, then=_moments, tol=100, checks="jit"),
)


def _grid(d: Draw) -> Drawn:
    shape = d.pick([(4,), (3, 5), (2, 3, 4)])
    points = tuple(np.cumsum(d.rng.uniform(0.5, 2, n)).astype("float32") for n in shape)
    heights = values(d, (*shape, *d.pick([(), (2,)])), _real(d), False)
    d.first = np.zeros((len(shape),))
    kwargs = _chosen(d, method=d.pick(["linear", "nearest"]), fill_value=d.pick([0.5, None]))
    return (points, heights), kwargs


def _places(d: Draw) -> tuple[Any, ...]:
    n = d.shape[0]
    return (d.rng.uniform(-1, 6, (5, n)).astype("float32"),)


def bowl(x: Any, *offset: Any) -> Any:
    """A convex function with its least value at 1, or at 1 + offset."""
    return ((x - 1 - sum(offset)) ** 2 * (1 + abs(x) / 4)).sum()


def valley(x: Any) -> Any:
    """Rosenbrock's function."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def _started(d: Draw) -> Drawn:
    x = d.rng.uniform(-1, 2, d.integer(2, 5)).astype("float64" if d.x64 else "float32")
    if d.chance(0.4):
        return (bowl, x, (np.asarray(d.rng.uniform(0, 1), x.dtype),)), {"method": "BFGS"}
    return (d.pick([bowl, valley]), x), {"method": "BFGS", "tol": 1e-5}


def _found(result: Any, call: Any) -> list[Any]:
    return [result.x, 1 + result.fun]  # the least value is 0, up to rounding


TABLES = (
    Table("scipy.sparse.linalg", SOLVERS),
    Table("scipy.spatial.transform", ROTATIONS),
    Table(
        "scipy.interpolate",
        (Row("RegularGridInterpolator", call=_grid, then=_places, tol=30),),
    ),
    Table(
        "scipy.optimize",
        (Row("minimize", call=_started, view=_found, tol=200, checks="jit"),),
    ),
)
