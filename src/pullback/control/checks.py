"""check_p: raises where values are not what a program says they are. Errors as values of programs.

An `Error` is a number, 0 for none or that of the place where something was wrong first, and for
each kind of payload the values that belong to it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from .. import errors, tree
from ..core.aval import ShapedArray, make_aval
from ..core.memo import Memory
from ..core.primitive import Effect
from ..core.trace import Line, as_array, get_aval, show_line
from ..primitives.batching import move_axis
from ..primitives.bitwise import bitwise_or
from ..primitives.compare import eq, ne
from ..primitives.convert import convert_element_type
from ..primitives.dynamic import dynamic_slice
from ..primitives.reduce import argmax
from ..primitives.rules import const
from ..primitives.select import select
from ..primitives.shape import squeeze, zeros
from .custom_call import Rule
from .debugging import tells_primals
from .host import define

INT32 = np.dtype("int32")
# The types of the values that come with an error.
Kind = tuple[ShapedArray, ...]


class Failure(Exception):
    """What was found wrong: told by what is known of the place, and values."""

    def __init__(self, static: tuple[Any, ...], payload: Any, line: Line) -> None:
        super().__init__(self.text(*static, payload=payload))
        self.add_note(f"found at {show_line(line)}")

    @staticmethod
    def text(*static: Any, payload: Any) -> str:
        """The message."""
        raise NotImplementedError


class BatchedFailure(Exception):
    """What was found wrong in elements of a batch, by their places."""

    def __init__(self, found: dict[tuple[int, ...], Failure]) -> None:
        self.error_mapping = found
        lines = (f"at mapped index {', '.join(map(str, i))}: {e}" for i, e in found.items())
        super().__init__("\n".join(lines))


class Site(NamedTuple):
    """A place where something may be wrong: in what way, and what is known of it."""

    category: type[Failure]
    static: tuple[Any, ...]
    payload: tree.PyTreeDef
    kind: Kind
    line: Line

    def failure(self, leaves: Sequence[Any]) -> Failure:
        """The exception of this place and these values."""
        return self.category(self.static, self.payload.unflatten(leaves), self.line)


_fresh = count(1)
_numbers: Memory[Site, int] = Memory()


def _number(site: Site) -> int:
    """Equal places have one number, so that programs that are traced again are equal."""
    if site not in _numbers:
        _numbers[site] = next(_fresh)
    return _numbers[site]


@dataclass(frozen=True)
class Form:
    """What an error may be: its kinds of payload, and places by number."""

    kinds: tuple[Kind, ...] = ()
    sites: tuple[tuple[int, Site], ...] = ()

    def join(self, other: "Form") -> "Form":
        """What either may be."""
        kinds, sites = dict.fromkeys(self.kinds + other.kinds), dict(self.sites + other.sites)
        return Form(tuple(kinds), tuple(sites.items()))

    @property
    def avals(self) -> list[ShapedArray]:
        """The types of an error's leaves."""
        return [make_aval(INT32, (), False), *[a for kind in self.kinds for a in kind]]

    def error(self, leaves: Iterable[Any]) -> "Error":
        """The error of these leaves."""
        rest = iter(leaves)
        code = next(rest)
        return Error(code, tuple([tuple([next(rest) for _ in k]) for k in self.kinds]), self)

    def none(self) -> "Error":
        """No error."""
        return self.error([np.int32(0), *map(zeros, self.avals[1:])])


@dataclass(frozen=True, repr=False)
class Error:
    """What a checked function found wrong, or that it found nothing: a pytree of arrays.

    >>> from pullback.experimental import checkify
    >>> error, _ = checkify.checkify(pnp.log, errors=checkify.nan_checks)(-1.0)
    >>> error.get() is None
    False
    """

    code: Any
    payloads: tuple[tuple[Any, ...], ...]
    form: Form

    @property
    def leaves(self) -> list[Any]:
        """The number, and the payloads one after the other."""
        return [self.code, *[x for p in self.payloads for x in p]]

    def get(self) -> str | None:
        """The message of what was wrong first, or None."""
        found = self.get_exception()
        return None if found is None else str(found)

    def get_exception(self) -> Failure | BatchedFailure | None:
        """What was wrong first as an exception, or None."""
        codes = np.asarray(self.code)
        found = {i: self._at(i, int(codes[i])) for i in np.ndindex(codes.shape) if codes[i]}
        if codes.shape:
            return BatchedFailure(found) if found else None
        return found.get(())

    def _at(self, place: tuple[int, ...], code: int) -> Failure:
        site = dict(self.form.sites)[code]
        values = self.payloads[self.form.kinds.index(site.kind)] if site.kind else ()
        return site.failure([as_array(np.asarray(x)[place]) for x in values])

    def throw(self) -> None:
        """Raise if something was wrong; a check as `check` is, which checkify sees."""
        raise_error(self)

    def then(self, other: "Error") -> "Error":
        """This error, or where it is none the other."""
        if not (self.form.sites and other.form.sites):
            return self if self.form.sites else other
        form = self.form.join(other.form)
        failed = ne(self.code, const(self.code, 0))
        pairs = zip(self.padded(form).leaves, other.padded(form).leaves, strict=True)
        return form.error([select(failed, x, y) for x, y in pairs])

    def only(self, sites: tuple[tuple[int, Site], ...]) -> "Error":
        """The error if it is of one of these places, else none."""
        kinds = tuple(dict.fromkeys(s.kind for _, s in sites if s.kind))
        if not sites:
            return init_error
        numbers = [np.int32(n) for n, _ in sites]
        meant = eq(self.code, numbers[0])
        for n in numbers[1:]:
            meant = bitwise_or(meant, eq(self.code, n))
        own = dict(zip(self.form.kinds, self.payloads, strict=True))
        code = select(meant, self.code, np.int32(0))
        return Error(code, tuple([own[k] for k in kinds]), Form(kinds, sites))

    def padded(self, form: Form) -> "Error":
        """The error in a form that has room for others."""
        own = dict(zip(self.form.kinds, self.payloads, strict=True))
        payloads = [own[k] if k in own else tuple(map(zeros, k)) for k in form.kinds]
        return Error(self.code, tuple(payloads), form)

    def __str__(self) -> str:
        return f"Error({self.get()})"

    def __repr__(self) -> str:
        return f"Error(code={self.code!r})"


def _unflatten(form: Form, leaves: Iterable[Any]) -> Error:
    return form.error(leaves)


tree.register_node(Error, lambda e: (e.leaves, e.form), _unflatten)
init_error = Form().none()


def failed(
    bad: Any, category: type[Failure], static: tuple[Any, ...], line: Line, payload: Any = ()
) -> Error:
    """An error of this category where `bad` holds, a boolean scalar."""
    leaves, payload_tree = tree.flatten(payload)
    strong = [convert_element_type(x, get_aval(x).dtype, False) for x in leaves]
    kind = tuple([get_aval(x) for x in strong])
    site = Site(category, static, payload_tree, kind, line)
    number = _number(site)
    code = select(bad, np.int32(number), np.int32(0))
    kinds, payloads = ((kind,), (tuple(strong),)) if kind else ((), ())
    return Error(code, payloads, Form(kinds, ((number, site),)))


check_p = define("check", Effect.CHECK)
tells_primals(check_p)


class Raise(Rule):
    """Raises the error of these leaves; unless `quiet`, as checks are that count under checkify."""

    __slots__ = ("form", "quiet")

    def __init__(self, form: Form, quiet: bool) -> None:
        super().__init__(form, quiet)
        self.form, self.quiet = form, quiet

    def __call__(self, *leaves: Any) -> None:
        found = None if self.quiet else self.form.error(leaves).get_exception()
        if found is not None:
            raise errors.CheckError(str(found)) from found

    def __repr__(self) -> str:
        return f"{len(self.form.sites)} checks"


def raise_error(error: Error, quiet: bool = False) -> None:
    """Raise if the error is one, when the program runs."""
    if not error.form.sites:
        return
    shape = get_aval(error.code).shape
    for _ in shape:
        error = _first(error, [0] * len(error.leaves))
    check_p.bind(*error.leaves, callback=Raise(error.form, quiet), result_avals=())


def _first(error: Error, dims: Sequence[int | None]) -> Error:
    """Of a batch of errors the first, along the batch's axis of each leaf."""
    leaves, batched = error.leaves, dims[0] is not None
    where = np.int32(0)
    if batched:
        bad = convert_element_type(ne(leaves[0], const(leaves[0], 0)), INT32)
        where = argmax(bad, dims[0], INT32)
    return error.form.error(
        [x if d is None else _element(x, d, where) for x, d in zip(leaves, dims, strict=True)]
    )


def _element(x: Any, dim: int, where: Any) -> Any:
    x = move_axis(x, dim, 0)
    shape = get_aval(x).shape
    starts = [where, *[np.int32(0)] * (len(shape) - 1)]
    return squeeze(dynamic_slice(x, starts, (1, *shape[1:])), (0,))


@check_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], *, callback: Raise, **params: Any) -> Any:
    first = _first(callback.form.error(args), dims)
    return check_p.bind(*first.leaves, callback=callback, **params), []
