"""Random keys that are used twice: what `debug_key_reuse` puts in force.

Each key has a number. Operations that only move elements move the numbers with them, by their own
NumPy meaning; draws and splits use numbers up, and what makes keys gives new ones. A program is
followed equation by equation, a loop for two of its steps.
"""

import weakref
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import ShapedArray
from ..core.ir import Jaxpr, JaxprEqn, Var
from ..core.primitive import Primitive
from ..core.trace import EvalTrace, Line, eager, get_aval, show_line, user_line
from ..errors import KeyReuseError
from .scan_body import split_at

# What uses keys up, and what moves them.
USES = frozenset("random_bits random_split random_gamma".split())
MOVES = frozenset(
    "broadcast_in_dim concatenate copy device_put reshape rev sharding_constraint slice split"
    " squeeze transpose".split()
)
Numbers = np.ndarray
# The numbers of each value; None where a value is no key.
Row = list[Numbers | None]


def is_key(aval: ShapedArray) -> bool:
    """Whether values of a type are typed keys."""
    return dtypes.kind(aval.dtype) == "key"


class Keys:
    """The numbers that have been given, where each was used, and those of arrays at hand."""

    def __init__(self) -> None:
        self.next = 0
        self.used: dict[int, Line] = {}
        self.arrays: dict[int, tuple[Any, Numbers]] = {}

    def new(self, aval: ShapedArray) -> Numbers | None:
        """Numbers for new keys of a type."""
        if not is_key(aval):
            return None
        first, self.next = self.next, self.next + aval.size
        return np.arange(first, self.next).reshape(aval.shape)

    def use(self, numbers: Numbers, what: str, line: Line) -> None:
        """Use keys up. KeyReuseError where one has been used before."""
        for number in numbers.ravel().tolist():
            if number in self.used:
                raise KeyReuseError(
                    f"{what}, at {show_line(line)}, uses a random key that was used before, at"
                    f" {show_line(self.used[number])}: split the key and use each part once, or"
                    " write random.clone(key) where the same numbers are meant"
                )
            self.used[number] = line

    def of(self, x: Any) -> Numbers | None:
        """The numbers of an array at hand."""
        aval = get_aval(x)
        if not is_key(aval):
            return None
        found = self.arrays.get(id(x))
        if found is None or found[0]() is not x:
            self.keep(x, self.new(aval))
            found = self.arrays[id(x)]
        return found[1]

    def keep(self, x: Any, numbers: Numbers | None) -> None:
        """Remember the numbers of an array for as long as it lives."""
        if numbers is not None:
            forget = partial(self._forget, id(x))
            self.arrays[id(x)] = weakref.ref(x, forget), numbers

    def _forget(self, place: int, _: Any) -> None:
        self.arrays.pop(place, None)


def follow(
    keys: Keys, primitive: Primitive, params: dict[str, Any], ins: Row, types: Sequence[Any],
    line: Line,
) -> Row:  # fmt: skip
    """The numbers of an operation's results, of the types given."""
    name = primitive.name
    rule = RULES.get(name)
    if rule is not None:
        return rule(keys, params, ins)
    if name in MOVES and any(n is not None for n in ins):
        outs = primitive.value(*ins, **params)
        return list(outs) if primitive.multiple_results else [np.asarray(outs)]
    if name in USES:
        for numbers in ins:
            if numbers is not None:
                keys.use(numbers, name, line)
    inner = params.get("jaxpr", getattr(params.get("call"), "jaxpr", None))
    if isinstance(inner, Jaxpr) and [is_key(a) for a in inner.in_avals] == _are_keys(ins):
        return run(keys, inner, ins)
    return [keys.new(a) for a in types]


def _are_keys(row: Row) -> list[bool]:
    return [n is not None for n in row]


def run(keys: Keys, jaxpr: Jaxpr, ins: Row) -> Row:
    """The numbers of a program's results."""
    env: dict[Any, Numbers | None] = dict(zip(jaxpr.invars, ins, strict=True))

    def read(atom: Any) -> Numbers | None:
        return env.get(atom) if isinstance(atom, Var) else None

    for eqn in jaxpr.eqns:
        if _matters(eqn):
            types = [v.aval for v in eqn.outvars]
            row = [read(a) for a in eqn.invars]
            outs = follow(keys, eqn.primitive, eqn.params, row, types, eqn.line)
            env.update(zip(eqn.outvars, outs, strict=True))
    return [read(a) for a in jaxpr.outvars]


def _matters(eqn: JaxprEqn) -> bool:
    return eqn.primitive.higher or any(is_key(v.aval) for v in (*eqn.invars, *eqn.outvars))


def _cond(keys: Keys, params: dict[str, Any], ins: Row) -> Row:
    """One branch or another: what any of them uses is used."""
    before, after = dict(keys.used), dict(keys.used)
    rows: list[Row] = []
    for branch in params["branches"]:
        keys.used = dict(before)
        rows.append(run(keys, branch, ins[1:]))
        after.update(keys.used)
    keys.used = after
    types = params["branches"][0].out_avals
    return [
        column[0] if all(np.array_equal(c, column[0]) for c in column) else keys.new(aval)
        for *column, aval in zip(*rows, types, strict=True)
    ]


def _scan(keys: Keys, params: dict[str, Any], ins: Row) -> Row:
    """Two steps, and, of the slices, all others as the second."""
    jaxpr, length = params["jaxpr"], params["length"]
    consts, carry, xs = split_at(ins, params["num_consts"], params["num_carry"])
    for i in range(min(length, 2)):
        rest = [x if x is None else x[i] if i == 0 else x[1:] for x in xs]
        first = [x if x is None or i == 0 else x[0] for x in rest]
        before = set(keys.used)
        carry = run(keys, jaxpr, [*consts, *carry, *first])[: len(carry)]
        for x, one in zip(rest, first, strict=True):
            if x is not None and i and one is not None and _used_since(keys, one, before):
                keys.use(x[1:], "scan", keys.used[int(one.ravel()[0])])
    ys = jaxpr.out_avals[len(carry) :]
    return [*carry, *[keys.new(y.update(shape=(length, *y.shape))) for y in ys]]


def _used_since(keys: Keys, numbers: Numbers, before: set[int]) -> bool:
    return any(n in keys.used and n not in before for n in numbers.ravel().tolist())


def _while(keys: Keys, params: dict[str, Any], ins: Row) -> Row:
    """Two steps, and the condition before and after each."""
    test, consts, carry = split_at(ins, params["cond_nconsts"], params["body_nconsts"])
    for _ in range(2):
        run(keys, params["cond_jaxpr"], [*test, *carry])
        carry = run(keys, params["body_jaxpr"], [*consts, *carry])
    return carry


RULES: dict[str, Callable[[Keys, dict[str, Any], Row], Row]] = {
    "cond": _cond,
    "scan": _scan,
    "while": _while,
}


class KeyTrace(EvalTrace):
    """Another eager trace; it follows the keys."""

    __slots__ = ("device", "inner", "keys")
    watches = True

    def __init__(self, inner: EvalTrace) -> None:
        super().__init__(None)
        self.inner, self.device, self.keys = inner, inner.device, Keys()

    def compute(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """The value of one operation."""
        return self.inner.compute(primitive, args, params)

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Compute, and use up what the operation uses."""
        keys = self.keys
        types = [get_aval(a) for a in args]
        ins = [keys.of(a) for a in args]
        known = primitive.higher or any(n is not None for n in ins)
        if known:
            outs = primitive.infer(types, params)
            outs = outs if primitive.multiple_results else [outs]
            row = follow(keys, primitive, params, ins, outs, user_line())
        out = super().process(primitive, args, params)
        if known:
            for x, numbers in zip(out if primitive.multiple_results else [out], row, strict=True):
                keys.keep(x, numbers)
        return out


@cache
def following(inner: EvalTrace | None) -> KeyTrace:
    """The trace that follows keys in what an eager trace, by default the host's, computes."""
    return KeyTrace(inner or eager)
