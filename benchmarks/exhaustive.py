"""Errors of elementary functions over every number of float32, in ulp, against float64.

NumPy's and SciPy's functions of float64 are taken for exact: they are off by 1e-8 ulp of float32.
"""

from collections.abc import Callable

import numpy as np

BLOCK = 1 << 22
# The least exponent of a normal float32, as float64 holds it.
LEAST = 1023 - 126

Map = Callable[[np.ndarray], np.ndarray]


def errors(got: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Errors of float32 in its ulp; infinite where one of both alone is NaN or infinite."""
    exact = wanted.astype(np.float64)
    biased = (exact.view(np.int64) >> 52) & 0x7FF
    unit = ((np.maximum(biased, LEAST) - 23) << 52).view(np.float64)
    out = np.abs(got.astype(np.float64) - exact) / unit
    rounded = exact.astype(np.float32)
    special = ~np.isfinite(rounded) | ~np.isfinite(got)
    same = (rounded == got) | (np.isnan(rounded) & np.isnan(got))
    # What overflows by less than half a unit is finite.
    near = np.isfinite(exact) & (np.abs(exact) < 2.0**128 * (1 + 2.0**-24))
    out[special] = np.where(same, 0, np.where(near, 1, np.inf))[special]
    return out


def sweep(f: Map, reference: Map, step: int = 1) -> tuple[float, float, float]:
    """The largest error, where it is, and the part of results that are not the nearest numbers.

    `step` takes every so-manieth number.
    """
    worst, place, wrong, count = 0.0, 0.0, 0, 0
    for start in range(0, 1 << 32, BLOCK * step):
        bits = np.arange(start, min(start + BLOCK * step, 1 << 32), step, dtype=np.uint32)
        x = bits.view(np.float32)
        got = f(x)
        found = errors(got, reference(x.astype(np.float64)))
        i = int(np.argmax(found))
        if found[i] > worst:
            worst, place = float(found[i]), float(x[i])
        wrong += int(np.count_nonzero(found > 0.5))
        count += x.size
    return worst, place, wrong / count


HEAD = f"{'function':10}{'max ulp':>8}{'at':>16}{'not nearest':>13}"


def row(name: str, f: Map, reference: Map, step: int = 1) -> str:
    """A line of the table."""
    worst, place, wrong = sweep(f, reference, step)
    return f"{name:10}{worst:8.3f}{place:16.8g}{wrong:12.2%}"
