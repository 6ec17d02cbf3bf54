"""Sorting, searching, counting, gathering, scattering and rearranging."""

from typing import Any

from benchmarks.build import both, case, eager, integers, normals, uniforms

MANY, MILLION = (100_000,), (1_000_000,)


def sort(xp: Any, x: Any) -> Any:
    return xp.np.sort(x)


def argsort(xp: Any, x: Any) -> Any:
    return xp.np.argsort(x)


def lexsort(xp: Any, x: Any, y: Any) -> Any:
    return xp.np.lexsort((x, y))


def top_k(xp: Any, x: Any) -> Any:
    return xp.lax.top_k(x, 10)


def unique(xp: Any, x: Any) -> Any:
    return xp.np.unique(x)


def searchsorted(xp: Any, x: Any, y: Any) -> Any:
    return xp.np.searchsorted(xp.np.cumsum(x), y * 5000)


def percentile(xp: Any, x: Any) -> Any:
    return xp.np.percentile(x, xp.np.array([5.0, 50.0, 95.0]))


def histogram(xp: Any, x: Any) -> Any:
    return xp.np.histogram(x, bins=50)[0]


def bincount(xp: Any, i: Any) -> Any:
    return xp.np.bincount(i, length=1000)


def np_bincount(xp: Any, i: Any) -> Any:
    return xp.np.bincount(i, minlength=1000)


def gather(xp: Any, x: Any, i: Any) -> Any:
    return x[i]


def gather_rows(xp: Any, x: Any, i: Any) -> Any:
    return x.reshape(-1, 10)[i]


def scatter_add(xp: Any, x: Any, i: Any) -> Any:
    return xp.np.zeros(MILLION).at[i].add(x)


def segments(xp: Any, x: Any, i: Any) -> Any:
    return xp.ops.segment_sum(x, i, 1000)


def one_hot(xp: Any, i: Any) -> Any:
    return xp.nn.one_hot(i, 100)


def rearranged(xp: Any, x: Any) -> Any:
    np = xp.np
    return np.roll(x, 7), np.tile(x, 3), np.repeat(x, 2)


def cumsum(xp: Any, x: Any) -> Any:
    return xp.np.cumsum(x)


def cumsum_rows(xp: Any, x: Any) -> Any:
    return xp.np.cumsum(x.reshape(1000, 1000), axis=0)


def cumprod(xp: Any, x: Any) -> Any:
    return xp.np.cumprod(x)


def cummax(xp: Any, x: Any) -> Any:
    return xp.lax.cummax(x)


PICK = both(normals(MILLION), integers(100_000, MANY))
ADD = both(normals(MANY), integers(1_000_000, MANY))
CASES = (
    case("data", "sort 1M float32", sort, normals(MILLION), sort),
    case("data", "sort 100k int32", sort, integers(1 << 30, MANY), sort),
    case("data", "sort rows 1000x1000", sort, normals((1000, 1000)), sort),
    case("data", "argsort 100k", argsort, normals(MANY), argsort),
    case("data", "lexsort 100k", lexsort, integers(100, MANY, MANY), lexsort),
    case("data", "top_k 10 of 100k", top_k, normals(MANY)),
    case("data", "unique 100k, eager", unique, integers(5000, MANY), unique, how=eager),
    case("data", "searchsorted 100k", searchsorted, uniforms((10_000,), MANY), searchsorted),
    case("data", "percentile 100k", percentile, normals(MANY), percentile),
    case("data", "histogram 100k", histogram, normals(MANY), histogram),
    case("data", "bincount 100k", bincount, integers(1000, MANY), np_bincount),
    case("data", "gather 100k", gather, PICK, gather),
    case("data", "gather 100k rows", gather_rows, PICK, gather_rows),
    case("data", "scatter-add 100k to 1M zeros", scatter_add, ADD),
    case("data", "segment_sum 100k", segments, both(normals(MANY), integers(1000, MANY))),
    case("data", "one_hot 10k of 100", one_hot, integers(100, (10_000,))),
    case("data", "roll, tile, repeat 100k", rearranged, normals(MANY), rearranged),
    case("data", "cumsum 1M", cumsum, normals(MILLION), cumsum),
    case("data", "cumsum down 1000x1000", cumsum_rows, normals(MILLION), cumsum_rows),
    case("data", "cumprod 1M", cumprod, normals(MILLION), cumprod),
    case("data", "cummax 1M", cummax, normals(MILLION)),
)
