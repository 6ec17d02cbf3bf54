"""Integer index expressions in affine normal form: a constant plus coefficients times atoms.

Atoms are loop axes, floor quotients and remainders of indices, and scalars known only at run time.
"""

from collections.abc import Iterable, Sequence
from typing import Any

# (constant, ((atom, coefficient), ...)) with the atoms in the order of their keys.
Index = tuple[int, tuple[tuple["Atom", int], ...]]
ZERO: Index = (0, ())


class Atom:
    """A variable of an index with its inclusive range. Equal atoms are identical.

    kind axis: a loop counter; div, mod: floor division of the index `of` by `by`;
    dyn: the value of the scalar expression `of`.
    """

    __slots__ = ("by", "hi", "index", "key", "kind", "lo", "of")

    def __init__(self, key: int, kind: str, lo: int, hi: int, of: Any = None, by: int = 0) -> None:
        self.key = key
        self.kind = kind
        self.lo = lo
        self.hi = hi
        self.of = of
        self.by = by
        self.index: Index = (0, ((self, 1),))

    @property
    def extent(self) -> int:
        """The number of values of an axis."""
        return self.hi + 1

    def __repr__(self) -> str:
        return f"i{self.key}" if self.kind == "axis" else f"{self.kind}{self.key}"


def constant(value: int) -> Index:
    """An index that is a number."""
    return (value, ())


def bounds(index: Index) -> tuple[int, int]:
    """The least and greatest values."""
    lo = hi = index[0]
    for atom, k in index[1]:
        if k > 0:
            lo += k * atom.lo
            hi += k * atom.hi
        else:
            lo += k * atom.hi
            hi += k * atom.lo
    return lo, hi


def shift(a: Index, by: int) -> Index:
    """a + by."""
    return (a[0] + by, a[1]) if by else a


def scale(a: Index, by: int) -> Index:
    """a * by."""
    if by == 1:
        return a
    if by == 0:
        return ZERO
    return (a[0] * by, tuple([(t, k * by) for t, k in a[1]]))


def add(a: Index, b: Index) -> Index:
    """a + b."""
    if not a[1]:
        return shift(b, a[0])
    if not b[1]:
        return shift(a, b[0])
    return weighted(((a, 1), (b, 1)))


def weighted(parts: Iterable[tuple[Index, int]]) -> Index:
    """The sum of indices times numbers; `n * (x // n) + x % n` becomes x."""
    const = 0
    found: dict[Atom, int] = {}
    remainders = False
    for (c, terms), by in parts:
        const += c * by
        for atom, k in terms:
            found[atom] = found.get(atom, 0) + k * by
            remainders = remainders or atom.kind == "mod"
    if remainders:
        whole = _recombine(found)
        if whole is not None:
            return weighted([((const, ()), 1), *whole])
    terms = [t for t in found.items() if t[1]]
    if len(terms) > 1:
        terms.sort(key=_key)
    return (const, tuple(terms))


def _key(term: tuple[Atom, int]) -> int:
    return term[0].key


def _recombine(found: dict[Atom, int]) -> list[tuple[Index, int]] | None:
    for atom, k in found.items():
        if atom.kind != "mod" or not k:
            continue
        for other, j in found.items():
            if (
                other.kind == "div"
                and other.by == atom.by
                and other.of == atom.of
                and j == k * atom.by
            ):
                rest = [(t.index, c) for t, c in found.items() if t is not atom and t is not other]
                return [*rest, (atom.of, k)]
    return None


def strides_of(shape: Sequence[int]) -> list[int]:
    """Row-major strides in elements."""
    strides = [1] * len(shape)
    for k in range(len(shape) - 2, -1, -1):
        strides[k] = strides[k + 1] * shape[k + 1]
    return strides


def flatten(idx: Sequence[Index], shape: Sequence[int]) -> Index:
    """The row-major position of an index tuple."""
    if not idx:
        return ZERO
    if len(idx) == 1:
        return idx[0]
    return weighted(zip(idx, strides_of(shape), strict=True))


def coefficient(index: Index, atom: Atom) -> int:
    """The coefficient of an atom."""
    for t, k in index[1]:
        if t is atom:
            return k
    return 0


def in_order(axes: Iterable[Atom]) -> list[Atom]:
    """Axes from the outermost to the innermost."""
    return sorted(axes, key=lambda a: a.key)


def is_affine(index: Index) -> bool:
    """Whether every atom is a loop axis."""
    return all(t.kind == "axis" for t, _ in index[1])


class Atoms:
    """Makes atoms, each one once."""

    def __init__(self) -> None:
        self.count = 0
        self.known: dict[Any, Atom] = {}

    def axis(self, extent: int) -> Atom:
        """A new loop axis."""
        self.count += 1
        return Atom(self.count, "axis", 0, extent - 1)

    def axes(self, shape: Sequence[int]) -> tuple[list[Atom], tuple[Index, ...]]:
        """New axes for the extents above one, and the index tuple of that shape."""
        found = [self.axis(n) if n != 1 else None for n in shape]
        return [a for a in found if a], tuple([a.index if a else ZERO for a in found])

    def dyn(self, value: Any, lo: int, hi: int) -> Index:
        """An integer known at run time, in a range that the program has made sure of where this is
        used: elsewhere the same integer may have another one."""
        return self._intern("dyn", lo, hi, value, 0)

    def div(self, a: Index, n: int) -> Index:
        """a // n, rounded down."""
        if n == 1:
            return a
        whole, rest = _split(a, n)
        lo, hi = bounds(rest)
        if lo // n == hi // n:
            return shift(whole, lo // n)
        return add(whole, self._div(rest, n, lo, hi))

    def _div(self, rest: Index, n: int, lo: int, hi: int) -> Index:
        if rest[0] == 0 and len(rest[1]) == 1 and rest[1][0][1] == 1:
            atom = rest[1][0][0]
            if atom.kind == "div":
                return self.div(atom.of, atom.by * n)
            if atom.kind == "mod" and atom.by % n == 0:
                return self.mod(self.div(atom.of, n), atom.by // n)
        return self._intern("div", lo // n, hi // n, rest, n)

    def mod(self, a: Index, n: int) -> Index:
        """a - n * (a // n)."""
        if n == 1:
            return ZERO
        rest = _split(a, n)[1]
        lo, hi = bounds(rest)
        if lo // n == hi // n:
            return shift(rest, -n * (lo // n))
        if rest[0] == 0 and len(rest[1]) == 1 and rest[1][0][1] == 1:
            atom = rest[1][0][0]
            if atom.kind == "mod" and atom.by % n == 0:
                return self.mod(atom.of, n)
        return self._intern("mod", 0, n - 1, rest, n)

    def _intern(self, kind: str, lo: int, hi: int, of: Any, by: int) -> Index:
        key = (kind, of, by, lo, hi)
        atom = self.known.get(key)
        if atom is None:
            self.count += 1
            atom = self.known[key] = Atom(self.count, kind, lo, hi, of, by)
        return atom.index

    def unflatten(self, flat: Index, shape: Sequence[int]) -> tuple[Index, ...]:
        """The index tuple at a row-major position."""
        out = []
        size = 1
        for n in reversed(shape):
            out.append(self.mod(self.div(flat, size), n))
            size *= n
        return tuple(reversed(out))

    def reshape(
        self, idx: Sequence[Index], shape: Sequence[int], to: Sequence[int]
    ) -> tuple[Index, ...]:
        """The index tuple in an array of shape `to` with the elements of one of `shape`.

        Runs of dimensions with equal products are treated apart, so that what does not change
        needs no division.
        """
        if 0 in shape:
            return tuple([ZERO] * len(to))
        out: list[Index] = []
        for (i, i_end), (j, j_end) in runs(shape, to):
            out.extend(self.unflatten(flatten(idx[i:i_end], shape[i:i_end]), to[j:j_end]))
        out.extend([ZERO] * (len(to) - len(out)))
        return tuple(out)


def runs(
    shape: Sequence[int], to: Sequence[int]
) -> Iterable[tuple[tuple[int, int], tuple[int, int]]]:
    """The shortest runs of dimensions with equal products in both shapes, but trailing ones."""
    i = j = 0
    while i < len(shape) and j < len(to):
        i_end, j_end = i + 1, j + 1
        m, n = shape[i], to[j]
        while m != n:
            if m < n:
                m *= shape[i_end]
                i_end += 1
            else:
                n *= to[j_end]
                j_end += 1
        yield (i, i_end), (j, j_end)
        i, j = i_end, j_end


def _split(a: Index, n: int) -> tuple[Index, Index]:
    """(w, r) with a = n * w + r, where w takes every term that n divides."""
    const, terms = a
    whole = tuple([(t, k // n) for t, k in terms if k % n == 0])
    rest = tuple([(t, k) for t, k in terms if k % n])
    return (const // n, whole), (const % n, rest)
