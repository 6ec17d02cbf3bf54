"""What a program costs: arithmetic, transcendental functions and memory, counted by operation."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import log2, prod
from typing import Any

from ..core.aval import ShapedArray
from ..core.ir import Jaxpr, JaxprEqn, subjaxprs

# Operations that move, choose or reinterpret elements.
MOVES = frozenset(
    "all_gather axis_index bitcast_convert_type broadcast_in_dim complex concatenate copy"
    " convert_element_type device_put dynamic_slice dynamic_update_slice gather imag iota"
    " optimization_barrier pad random_unwrap random_wrap real reshape rev scatter select_n"
    " sharding_constraint slice split squeeze stop_gradient transpose".split()
)
TRANSCENDENTALS = frozenset(
    "acos acosh asin asinh atan atan2 atanh bessel_i0e bessel_i1e beta betaln cbrt cos cosh dawsn"
    " digamma erf erf_inv erfc erfcx exp exp1 exp2 expi expm1 gamma igamma igammac lgamma log"
    " log1p log_counts log_ndtr logistic ndtr ndtri poch polygamma pow regularized_incomplete_beta"
    " rsqrt sin sinh spence sqrt tan tanh zeta".split()
)


@dataclass(frozen=True)
class Cost:
    """Operations on numbers, calls of transcendental functions, bytes read and written."""

    flops: float = 0.0
    transcendentals: float = 0.0
    bytes: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.flops + other.flops,
            self.transcendentals + other.transcendentals,
            self.bytes + other.bytes,
        )

    def times(self, n: float) -> "Cost":
        """The cost of doing it n times."""
        return Cost(self.flops * n, self.transcendentals * n, self.bytes * n)


def analysis(jaxpr: Jaxpr) -> dict[str, float]:
    """The cost of a program, under the names that users see."""
    found = program(jaxpr)
    return {
        "flops": float(found.flops),
        "transcendentals": float(found.transcendentals),
        "bytes accessed": float(found.bytes),
    }


def program(jaxpr: Jaxpr) -> Cost:
    """The cost of all operations of a program."""
    return sum([operation(eqn) for eqn in jaxpr.eqns], Cost())


def operation(eqn: JaxprEqn) -> Cost:
    """The cost of one operation. A loop of unknown length counts once, a branch is the dearest."""
    name = eqn.primitive.name
    inner = [program(j) for j in subjaxprs(eqn)]
    if name in REPEATED:
        return sum(inner, Cost()).times(REPEATED[name](eqn))
    if name in ("cond", "batched_cond"):
        dearest = max(inner, key=lambda c: c.flops + c.transcendentals + c.bytes)
        return dearest.times(eqn.invars[0].aval.size)
    if inner:
        return sum(inner, Cost())
    moved = size([v.aval for v in (*eqn.invars, *eqn.outvars)])
    if name in MOVES:
        return Cost(bytes=moved)
    if name in TRANSCENDENTALS:
        return Cost(transcendentals=_largest(eqn.outvars), bytes=moved)
    return Cost(flops=FLOPS.get(name, _largest_of_all)(eqn), bytes=moved)


def size(avals: Iterable[ShapedArray]) -> int:
    """The bytes that arrays of these types take."""
    return sum([a.size * a.dtype.itemsize for a in avals])


def _largest(atoms: Iterable[Any]) -> int:
    return max((v.aval.size for v in atoms), default=0)


def _largest_of_all(eqn: JaxprEqn) -> float:
    """One operation for each element: of the result, or of what is reduced."""
    return _largest((*eqn.invars, *eqn.outvars))


def _reduced(eqn: JaxprEqn) -> float:
    """One operation for each element but the first of each result."""
    return float(eqn.invars[0].aval.size - eqn.outvars[0].aval.size)


def _product(eqn: JaxprEqn) -> float:
    """Of each result element a multiplication and an addition along what is contracted."""
    (contracted, _), _ = eqn.params["dimension_numbers"]
    shape = eqn.invars[0].aval.shape
    return 2.0 * eqn.outvars[0].aval.size * prod([shape[d] for d in contracted])


def _convolution(eqn: JaxprEqn) -> float:
    """Of each result element a multiplication and an addition for each element of its kernel."""
    kernel = eqn.invars[1].aval
    features = kernel.shape[eqn.params["dimension_numbers"].rhs_spec[0]]
    return 2.0 * eqn.outvars[0].aval.size * kernel.size / features


def _window(eqn: JaxprEqn) -> float:
    return float(eqn.outvars[0].aval.size * prod(eqn.params["window_dimensions"]))


def _fourier(eqn: JaxprEqn) -> float:
    """5 n log2 n for each transform of n points."""
    points = prod(eqn.params["fft_lengths"])
    largest = max(eqn.invars[0].aval.size, eqn.outvars[0].aval.size)
    return 5.0 * largest * log2(max(points, 2))


def _sort(eqn: JaxprEqn) -> float:
    aval = eqn.invars[0].aval
    return aval.size * log2(max(aval.shape[eqn.params["dimension"]], 2))


def _cubic(factor: float) -> Callable[[JaxprEqn], float]:
    """factor * n^2 m for each matrix of m by n, n the smaller side."""

    def flops(eqn: JaxprEqn) -> float:
        shape = eqn.invars[0].aval.shape
        return factor * prod(shape) * min(shape[-2:])

    return flops


def _triangular(eqn: JaxprEqn) -> float:
    a, b = (v.aval for v in eqn.invars[:2])
    return float(b.size * a.shape[-1])


# How often the programs of an operation run.
REPEATED: dict[str, Callable[[JaxprEqn], float]] = {
    "scan": lambda eqn: eqn.params["length"],
    "reduce": lambda eqn: _largest(eqn.invars),
}
# Operations whose arithmetic is not one operation an element. Factorizations by Golub and
# Van Loan, Matrix Computations.
FLOPS: dict[str, Callable[[JaxprEqn], float]] = {
    "reduce_sum": _reduced,
    "reduce_prod": _reduced,
    "reduce_max": _reduced,
    "reduce_min": _reduced,
    "dot_general": _product,
    "conv_general_dilated": _convolution,
    "reduce_window": _window,
    "reduce_window_sum": _window,
    "reduce_window_max": _window,
    "reduce_window_min": _window,
    "fft": _fourier,
    "sort": _sort,
    "cholesky": _cubic(1 / 3),
    "lu": _cubic(2 / 3),
    "det": _cubic(2 / 3),
    "slogdet": _cubic(2 / 3),
    "solve": _cubic(2 / 3),
    "qr": _cubic(4 / 3),
    "geqrf": _cubic(4 / 3),
    "householder_product": _cubic(4 / 3),
    "eigh": _cubic(9.0),
    "svd": _cubic(22.0),
    "eig": _cubic(25.0),
    "schur": _cubic(25.0),
    "hessenberg": _cubic(10 / 3),
    "triangular_solve": _triangular,
}
