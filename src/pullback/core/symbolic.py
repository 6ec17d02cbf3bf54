"""Sizes of axes that are not known yet: polynomials in named unknowns, with what holds of them.

A `Dim` stands where a shape has an integer. Sums, differences and products are kept in a normal
form; a quotient, a remainder or a maximum that cannot be resolved is an unknown of its own.
Comparisons are decided by intervals, and refused where these do not tell.
"""

import math
import operator
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import permutations
from numbers import Integral
from typing import Any, NamedTuple

from .. import dtypes
from ..errors import InconclusiveDimensionOperation
from .aval import ShapedArray
from .primitive import Primitive

Bounds = tuple[float, float]
# Steps of a division; what is not even then is left as it is.
STEPS = 50
# An unknown size where some size must be thought of.
GUESS = 64

# The value of a size, as a number in a program.
dimension_p = Primitive("dim_as_value", differentiable=False)


@dimension_p.def_type
def _(*, dim: "Dim") -> ShapedArray:
    return ShapedArray((), dtypes.default_dtype(int), True)


@dimension_p.def_value
def _(*, dim: "Dim") -> Any:
    raise InconclusiveDimensionOperation(f"the size {dim} is not known where its value is wanted")


@dimension_p.def_batch
def _(args: Any, dims: Any, *, dim: "Dim") -> Any:
    # Without arguments there is nothing to batch.
    return dimension_p.bind(dim=dim), None


def check_known(what: str, avals: Sequence[ShapedArray]) -> None:
    """Raise where a size of these types is not known."""
    unknown = sorted({str(n) for a in avals for n in a.shape if isinstance(n, Dim)})
    if unknown:
        raise NotImplementedError(
            f"{what}: the sizes {', '.join(unknown)} are not known: give the sizes, once for each"
            " shape (eval_shape and make_jaxpr take shapes that are not known)"
        )


class Scope:
    """Unknowns, and what is known of them: expressions that are at least 0."""

    def __init__(self) -> None:
        self.bounds: dict[str, Bounds] = {}
        self.known: list[Dim] = []
        self.equal: dict[Monomial, Any] = {}

    def of(self, name: str) -> Bounds:
        """The least and the greatest value of an unknown. Sizes are positive."""
        return self.bounds.get(name, (1, math.inf))

    def at_least_zero(self, e: Any) -> None:
        """Note that an expression is at least 0; that of one unknown as its bound."""
        if not isinstance(e, Dim):
            if e < 0:
                raise ValueError(f"constraints contradict each other: {e} >= 0")
            return
        match [(m, c) for m, c in e.terms if m]:
            case [((str(name),), c)]:
                self._bound(name, c, dict(e.terms).get((), 0))
            case _:
                self.known.append(e)

    def _bound(self, name: str, c: int, rest: int) -> None:
        """Note that c times an unknown + rest is at least 0."""
        low, high = self.of(name)
        if c > 0:
            low = max(low, -(rest // c))
        else:
            high = min(high, rest // -c)
        if low > high:
            raise ValueError(f"constraints contradict each other: {low} <= {name} <= {high}")
        self.bounds[name] = low, high


class Pair(NamedTuple):
    """A quotient, a remainder or an extremum of two sizes that is not resolved."""

    kind: str
    above: "Dim"
    below: "Dim"

    def __str__(self) -> str:
        return f"{self.kind}({self.above}, {self.below})"


Atom = str | Pair
# What pairs mean of numbers.
MEANING: dict[str, Callable[[Any, Any], Any]] = {
    "floordiv": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "max": max,
    "min": min,
}
EXTREMA = ("max", "min")
Monomial = tuple[Atom, ...]


class Dim:
    """A size made of unknowns: the sum of coefficients times products of unknowns."""

    __array_priority__ = 200
    __slots__ = ("_hash", "scope", "terms")

    def __init__(self, terms: Sequence[tuple[Monomial, int]], scope: Scope) -> None:
        self.terms = tuple(terms)
        self.scope = scope
        self._hash = hash(self.terms)

    # Arithmetic

    def __add__(self, other: Any) -> Any:
        return self._sum(other, 1)

    def __radd__(self, other: Any) -> Any:
        return self._sum(other, 1)

    def __sub__(self, other: Any) -> Any:
        return self._sum(other, -1)

    def __rsub__(self, other: Any) -> Any:
        if _terms(other) is None:
            return other - self.__jax_array__()
        return (-self)._sum(other, 1)

    def __neg__(self) -> Any:
        return _made([(m, -c) for m, c in self.terms], self.scope)

    def _sum(self, other: Any, sign: int) -> Any:
        terms = _terms(other)
        if terms is None:
            return self._array("add" if sign > 0 else "sub", other)
        return _made([*self.terms, *[(m, sign * c) for m, c in terms]], self.scope)

    def __mul__(self, other: Any) -> Any:
        terms = _terms(other)
        if terms is None:
            return self._array("mul", other)
        return _made([(_product(m, n), c * d) for m, c in self.terms for n, d in terms], self.scope)

    __rmul__ = __mul__

    def __pow__(self, power: Any) -> Any:
        whole = isinstance(power, int) and power >= 0
        return math.prod([self] * power) if whole else self._array("pow", power)

    def __floordiv__(self, other: Any) -> Any:
        return self.__divmod__(other)[0]

    def __rfloordiv__(self, other: Any) -> Any:
        return _dim(other, self.scope).__divmod__(self)[0]

    def __mod__(self, other: Any) -> Any:
        return self.__divmod__(other)[1]

    def __rmod__(self, other: Any) -> Any:
        return _dim(other, self.scope).__divmod__(self)[1]

    def __divmod__(self, other: Any) -> Any:
        """What divides evenly is divided; the rest is an unknown of its own."""
        below = _dim(other, self.scope)
        above, whole = _divided(self, below)
        rest = _plain(above)
        if rest == 0:
            return whole, 0
        if isinstance(rest, int) and isinstance(_plain(below), int):
            return whole + rest // _plain(below), rest % _plain(below)
        low, high = bounds(above)
        if low >= 0 and high < bounds(below)[0]:
            return whole, rest
        atoms = [Pair(kind, above, below) for kind in ("floordiv", "mod")]
        quotient, modulo = [Dim([((a,), 1)], self.scope) for a in atoms]
        return whole + quotient, modulo

    def __truediv__(self, other: Any) -> Any:
        return self._array("truediv", other)

    def __rtruediv__(self, other: Any) -> Any:
        return other / self.__jax_array__()

    def _array(self, name: str, other: Any) -> Any:
        """The operation on numbers in a program."""
        if hasattr(other, "aval"):
            return NotImplemented
        return getattr(operator, name)(self.__jax_array__(), other)

    def __jax_array__(self) -> Any:
        return dimension_p.bind(dim=self)

    # Comparisons

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dim) and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    def __ge__(self, other: Any) -> bool:
        low, high = bounds(_dim(self - other, self.scope))
        if low >= 0 or high < 0:
            return low >= 0
        raise InconclusiveDimensionOperation(
            f"whether {self} >= {other} is not known: the difference is from {low} to {high}; give"
            " symbolic_shape constraints that decide it"
        )

    def __lt__(self, other: Any) -> bool:
        return not self >= other

    def __le__(self, other: Any) -> bool:
        return _dim(other, self.scope) >= self

    def __gt__(self, other: Any) -> bool:
        return not self <= other

    # Conversions

    def __int__(self) -> int:
        raise InconclusiveDimensionOperation(f"the size {self} is not known where an int is wanted")

    __index__ = __int__

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __str__(self) -> str:
        text = " ".join([_text(m, c) for m, c in sorted(self.terms, key=_shown, reverse=True)])
        return text.removeprefix("+ ") if text else "0"

    __repr__ = __str__


def is_constant_dim(size: Any) -> bool:
    """Whether the size of an axis is a number.

    >>> pb.core.is_constant_dim(3)
    True
    """
    return isinstance(size, Integral)


def max_dim(d1: Any, d2: Any) -> Any:
    """The greater of two sizes, which may be symbolic.

    >>> a, b = pb.export.symbolic_shape("a, b")
    >>> pb.core.max_dim(a, b), pb.core.max_dim(a, a + b)
    (max(a, b), b + a)
    """
    return _extremum("max", d1, d2)


def min_dim(d1: Any, d2: Any) -> Any:
    """The smaller of two sizes, which may be symbolic.

    >>> a, b = pb.export.symbolic_shape("a, b")
    >>> pb.core.min_dim(a, b), pb.core.min_dim(a, a + b)
    (min(a, b), a)
    """
    return _extremum("min", d1, d2)


def _extremum(kind: str, a: Any, b: Any) -> Any:
    """The greater or smaller size, as far as it is known; else a formula."""
    scope = next((x.scope for x in (a, b) if isinstance(x, Dim)), None)
    if scope is None:
        return MEANING[kind](a, b)
    low, high = bounds(_dim(a - b, scope))
    if low >= 0:
        return a if kind == "max" else b
    if high <= 0:
        return b if kind == "max" else a
    return Dim([((Pair(kind, _dim(a, scope), _dim(b, scope)),), 1)], scope)


def guess(size: Any) -> int:
    """A size, and of one that is not known some size: for choices that change no result."""
    if isinstance(size, Pair):
        above, below = guess(size.above), guess(size.below)
        return MEANING[size.kind](above, below)
    if not isinstance(size, Dim):
        return GUESS if isinstance(size, str) else size
    return sum([c * math.prod(map(guess, m)) for m, c in size.terms])


def bounds(e: Dim) -> Bounds:
    """The least and the greatest value of an expression, as far as intervals tell."""
    low, high = _interval(e)
    given = [k for k in e.scope.known if _pairs(k) <= _pairs(e)]
    for known in [*given, *_of_quotients(e), *_of_extrema(e)]:
        low = max(low, _interval(_dim(e - known, e.scope))[0])
        high = min(high, _interval(_dim(e + known, e.scope))[1])
    cases = [bounds(x) for x in _cases(e)]
    if cases:
        low = max(low, min(case[0] for case in cases))
        high = min(high, max(case[1] for case in cases))
    return low, high


def _pairs(e: Dim) -> set[Pair]:
    return {atom for m, _ in e.terms for atom in m if isinstance(atom, Pair)}


def _of_quotients(e: Dim) -> list[Any]:
    """What is at least 0 of the quotients q = above // below in an expression."""
    atoms = {a for a in _pairs(e) if a.kind == "floordiv"}
    below = [(Dim([((q,), 1)], e.scope), q) for q in atoms if isinstance(_plain(q.below), int)]
    rest = [(q.above - x * _plain(q.below), _plain(q.below)) for x, q in below]
    return [k for r, n in rest if n > 0 for k in (r, n - 1 - r)]


def _of_extrema(e: Dim) -> list[Any]:
    """What is at least 0 of the greater and the smaller ones of two sizes in an expression."""
    found: list[Any] = []
    atoms = _extrema(e)
    for atom in atoms:
        sign, x = 1 if atom.kind == "max" else -1, _alone(atom, e.scope)
        found += [sign * (x - atom.above), sign * (x - atom.below)]
    for p, q in permutations(atoms, 2):
        alike = (p.kind, p.above) == (q.kind, q.above)
        if alike and bounds(_dim(p.below - q.below, e.scope))[0] >= 0:
            found.append(_alone(p, e.scope) - _alone(q, e.scope))
    return found


def _extrema(e: Dim) -> list[Pair]:
    return sorted([a for a in _pairs(e) if a.kind in EXTREMA], key=str)


def _alone(atom: Atom, scope: Scope) -> Dim:
    return Dim([((atom,), 1)], scope)


def _cases(e: Dim) -> list[Dim]:
    """The expression with either of the two sizes of which one unknown is an extremum."""
    return [_put(e, atom, x) for atom in _extrema(e)[:1] for x in (atom.above, atom.below)]


def _put(e: Dim, atom: Atom, value: Dim) -> Dim:
    """The expression with a size in place of an unknown."""
    total: Any = 0
    for monomial, c in e.terms:
        factors = [value if a == atom else _alone(a, e.scope) for a in monomial]
        total = total + c * math.prod(factors)
    return _dim(total, e.scope)


def _interval(e: Dim) -> Bounds:
    low = high = 0.0
    for monomial, c in e.terms:
        a, b = float(c), float(c)
        for atom in monomial:
            ends = [_times(x, y) for x in (a, b) for y in _atom_bounds(atom, e.scope)]
            a, b = min(ends), max(ends)
        low, high = low + min(a, b), high + max(a, b)
    return low, high


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def _atom_bounds(atom: Atom, scope: Scope) -> Bounds:
    if isinstance(atom, str):
        return scope.of(atom)
    low, high = bounds(atom.below)
    if atom.kind in EXTREMA:
        of, (least, most) = MEANING[atom.kind], bounds(atom.above)
        return of(low, least), of(high, most)
    if low <= 0:
        return -math.inf, math.inf
    if atom.kind == "mod":
        return 0, high - 1
    least, most = bounds(atom.above)
    ends = [x // y if math.isfinite(x) else x for x in (least, most) for y in (low, high)]
    return min(ends), max(ends)


def _terms(x: Any) -> Sequence[tuple[Monomial, int]] | None:
    """The terms of a size; None for what is none."""
    if isinstance(x, Dim):
        return x.terms
    return [((), int(x))] if isinstance(x, Integral) else None


def _dim(x: Any, scope: Scope) -> Dim:
    terms = _terms(x)
    assert terms is not None, f"{x!r} is no size"
    return Dim([(m, c) for m, c in terms if c], scope)


def _plain(e: Dim) -> Any:
    """The integer that an expression is, or itself."""
    if not e.terms:
        return 0
    return e.terms[0][1] if len(e.terms) == 1 and not e.terms[0][0] else e


def _made(terms: Sequence[tuple[Monomial, int]], scope: Scope) -> Any:
    """The normal form: equal products together, high degrees first."""
    found: dict[Monomial, int] = {}
    for m, c in terms:
        found[m] = found.get(m, 0) + c
    kept = [(m, c) for m, c in found.items() if c]
    for m, c in kept:
        if m in scope.equal:
            rest = _made([t for t in kept if t[0] != m], scope)
            return rest + c * scope.equal[m]
    return _plain(Dim(sorted(kept, key=_rank), scope))


def _rank(term: tuple[Monomial, int]) -> Any:
    return -len(term[0]), [str(a) for a in term[0]]


def _product(m: Monomial, n: Monomial) -> Monomial:
    return tuple(sorted((*m, *n), key=str))


def _divided(above: Dim, below: Dim) -> tuple[Dim, Any]:
    """Long division by the leading term: what is left, and the quotient."""
    if not below.terms:
        raise ZeroDivisionError(f"{above} divided by 0")
    scope, (lead, unit) = above.scope, below.terms[0]
    left, whole = above, 0
    for _ in range(STEPS):
        found = [(_without(m, lead), c) for m, c in left.terms if c % unit == 0]
        parts = [(m, c // unit) for m, c in found if m is not None]
        if not parts:
            break
        part = _made(parts[:1], scope)
        left = _dim(_plain(left) - part * _plain(below), scope)
        whole = whole + part
    return left, whole


def _without(m: Monomial, divisor: Monomial) -> Monomial | None:
    """The product without some of its factors; None where it has not all of them."""
    rest = list(m)
    for atom in divisor:
        if atom not in rest:
            return None
        rest.remove(atom)
    return tuple(rest)


def _shown(term: tuple[Monomial, int]) -> Any:
    """Texts have larger terms first: of a higher degree, then of later unknowns."""
    return sum(map(_weight, term[0])), sorted(map(_key, term[0]), reverse=True)


def _weight(atom: Atom) -> int:
    return 1 if isinstance(atom, str) else 2


def _key(atom: Atom) -> tuple[int, str]:
    return _weight(atom), str(atom)


def _text(m: Monomial, c: int) -> str:
    powers = Counter(sorted(m, key=_key))
    factors = [f"{atom}^{n}" if n > 1 else str(atom) for atom, n in powers.items()]
    number = [str(abs(c))] if abs(c) != 1 or not m else []
    return f"{'-' if c < 0 else '+'} {'*'.join(number + factors)}"
