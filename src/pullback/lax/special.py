"""Special functions of one, two and three arrays, with checked operands."""

from collections.abc import Callable
from typing import Any

from ..core.primitive import registry
from ..numpy.worth import compiled_where_many
from ..primitives import incomplete
from ..primitives import mulhi as _mulhi
from ..primitives import special as _special
from .elementwise import alike, checked

# The primitives whose names differ from their functions'.
RENAMED = {"betainc": "regularized_incomplete_beta"}


def _call(name: str, op: Callable[..., Any], *values: Any) -> Any:
    arrays = alike(name, *values)
    checked(name, registry[RENAMED.get(name, name)], arrays)
    return op(*arrays)


@compiled_where_many()
def igamma(a: Any, x: Any) -> Any:
    """The regularized lower incomplete gamma function.

    >>> import pullback as pb
    >>> round(float(pb.lax.igamma(1.0, 2.0)), 4)
    0.8647
    """
    return _call("igamma", incomplete.igamma, a, x)


@compiled_where_many()
def igammac(a: Any, x: Any) -> Any:
    """The regularized upper incomplete gamma function, 1 - igamma(a, x).

    >>> pb.lax.igammac(1.0, 2.0).round(4)
    Array(0.1353, dtype=float32, weak_type=True)
    """
    return _call("igammac", incomplete.igammac, a, x)


def igamma_grad_a(a: Any, x: Any) -> Any:
    """The derivative of igamma in a.

    >>> pb.lax.igamma_grad_a(1.0, 1.0).round(4)
    Array(-0.4317, dtype=float32, weak_type=True)
    """
    return _call("igamma_grad_a", incomplete.igamma_grad_a, a, x)


def random_gamma_grad(a: Any, x: Any) -> Any:
    """The derivative in a of a sample x of the gamma distribution of shape a.

    >>> pb.lax.random_gamma_grad(1.0, 1.0).round(4)
    Array(1.1736, dtype=float32, weak_type=True)
    """
    return _call("random_gamma_grad", incomplete.random_gamma_grad, a, x)


@compiled_where_many()
def betainc(a: Any, b: Any, x: Any) -> Any:
    """The regularized incomplete beta function.

    >>> pb.lax.betainc(2.0, 3.0, 0.5).round(4)
    Array(0.6875, dtype=float32, weak_type=True)
    """
    return _call("betainc", incomplete.betainc, a, b, x)


def zeta(x: Any, q: Any) -> Any:
    """The Hurwitz zeta function: the sum over k >= 0 of 1 / (q + k)^x.

    >>> pb.lax.zeta(2.0, 1.0)
    Array(1.644934, dtype=float32, weak_type=True)
    """
    return _call("zeta", _special.zeta, x, q)


def polygamma(m: Any, x: Any) -> Any:
    """The derivative of order m of digamma.

    >>> pb.lax.polygamma(1.0, 1.0).round(4)
    Array(1.6449, dtype=float32, weak_type=True)
    """
    return _call("polygamma", _special.polygamma, m, x)


def bessel_i0e(x: Any) -> Any:
    """exp(-|x|) I0(x), the modified Bessel function of order 0.

    >>> pb.lax.bessel_i0e(pnp.array([0.0, 1.0]))
    Array([1.       , 0.4657596], dtype=float32)
    """
    return _call("bessel_i0e", _special.bessel_i0e, x)


def bessel_i1e(x: Any) -> Any:
    """exp(-|x|) I1(x), the modified Bessel function of order 1.

    >>> pb.lax.bessel_i1e(pnp.array([0.0, 1.0]))
    Array([0.        , 0.20791042], dtype=float32)
    """
    return _call("bessel_i1e", _special.bessel_i1e, x)


def mulhi(x: Any, y: Any, /) -> Any:
    """The upper half of the bits of the product of two integers.

    >>> pb.lax.mulhi(pnp.int32(2**30), pnp.int32(8))
    Array(2, dtype=int32)
    """
    return _call("mulhi", _mulhi.mulhi, x, y)
