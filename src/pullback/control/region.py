"""Users' functions as the programs that control operations hold."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from .. import tree
from ..core.aval import ShapedArray, same_type, type_name
from ..core.cell import Cell, Touched
from ..core.ir import Atom, ClosedJaxpr, Jaxpr, Var
from ..core.memo import weak_memo
from ..core.stage import FlatFunction, hoist, stage, stage_touching
from ..core.trace import Tracer, get_aval
from ..primitives.convert import convert_element_type
from ..transforms.flat import Flat
from ..tree import PyTreeDef
from .remembered import remembered

# The user's function that one is made of, and whatever else: with these, it is always the same one.
Origin = tuple[Any, ...] | None


class Region(NamedTuple):
    """A user's function as a program, with what it captured and its result's structure.

    The last results are what those mutable arrays hold that it has written.
    """

    closed: ClosedJaxpr
    out_tree: PyTreeDef
    touched: Sequence[Touched] = ()

    @property
    def written(self) -> list[Cell]:
        """The mutable arrays that it writes."""
        return [t.cell for t in self.touched if t.written]

    @property
    def sources(self) -> list[int]:
        """What tells captured values apart: themselves, or the mutable arrays that hold them."""
        n = len(self.consts) - len(self.touched)
        return [*map(id, self.consts[:n]), *[id(t.cell) for t in self.touched]]

    @property
    def results(self) -> tuple[list[Atom], dict[Cell, Atom]]:
        """What the function returns, and what the mutable arrays hold then that it writes."""
        outs, cells = self.closed.jaxpr.outvars, self.written
        n = len(outs) - len(cells)
        return outs[:n], dict(zip(cells, outs[n:], strict=True))

    @property
    def out_avals(self) -> list[ShapedArray]:
        """The types of the results."""
        return self.closed.out_avals

    @property
    def consts(self) -> Sequence[Any]:
        """What the function captured."""
        return self.closed.consts


def stage_region(
    f: Callable[..., Any],
    in_tree: PyTreeDef,
    avals: Sequence[ShapedArray],
    what: str,
    origin: Origin = None,
) -> Region:
    """The program of `f` called with arguments of this structure and these types."""

    def make() -> Region:
        flat = Flat(f, in_tree, name=what)
        closed = stage(flat, avals, what)
        return Region(closed, flat.out_tree)

    return _remembered(origin, (what, in_tree, tuple(avals)), make)


def stage_touching_region(
    f: Callable[..., Any],
    in_tree: PyTreeDef,
    avals: Sequence[ShapedArray],
    what: str,
    around: Callable[[FlatFunction], FlatFunction] = lambda flat: flat,
    origin: Origin = None,
) -> Region:
    """As `stage_region`, of a function that may write to mutable arrays.

    `around` is what the function of leaves is put into.
    """

    def make() -> Region:
        flat = Flat(f, in_tree, name=what)
        closed, touched = stage_touching(around(flat), avals, what)
        return Region(closed, flat.out_tree, touched)

    return _remembered(origin, (what, in_tree, tuple(avals)), make)


def _remembered(origin: Origin, asked: Any, make: Callable[[], Region]) -> Region:
    if origin is None:
        return make()
    return remembered(origin[0], (origin[1:], asked), make, _may_last)


def _may_last(region: Region) -> bool:
    """Whether the program means the same at another time: it captured nothing that will end."""
    return not region.touched and not any(isinstance(c, Tracer) for c in region.consts)


def hoist_region(region: Region) -> Jaxpr:
    """The region's program with what it captured as leading arguments."""
    return hoist(region.closed.jaxpr)


def settled(region: Region, outs: Sequence[Any]) -> Sequence[Any]:
    """The results of a region's program, the mutable arrays that it wrote holding theirs."""
    return write_all(region.written, outs, region.out_tree.num_leaves)


def write_all(cells: Iterable[Cell], outs: Sequence[Any], count: int) -> Sequence[Any]:
    """The first results; the others are what these mutable arrays hold now."""
    for cell, value in zip(cells, outs[count:], strict=True):
        cell.write(value)
    return outs[:count]


def written_in(regions: Iterable[Region]) -> list[Cell]:
    """The mutable arrays that any of the regions writes."""
    return list({cell: None for r in regions for cell in r.written})


def hoisted_together(regions: Sequence[Region]) -> tuple[list[Jaxpr], list[Any]]:
    """Programs that all take, first, what any of them captured; and those values.

    Their last results are what those mutable arrays hold that any of them writes.
    """
    cells = written_in(regions)
    values: dict[int, Any] = {}
    for r in regions:
        values.update(zip(r.sources, r.consts, strict=True))
    places = {key: i for i, key in enumerate(values)}
    avals = tuple(map(get_aval, values.values()))
    programs: list[Jaxpr] = []
    for r in regions:
        program = _leading(r.closed.jaxpr, tuple([places[key] for key in r.sources]), avals)
        if cells:
            results, ends = r.results
            held = [ends.get(cell) or program.invars[places[id(cell)]] for cell in cells]
            program = program.replace(outvars=[*results, *held])
        programs.append(program)
    return programs, list(values.values())


@weak_memo
def _leading(jaxpr: Jaxpr, places: Sequence[int], avals: Sequence[ShapedArray]) -> Jaxpr:
    """The program with leading arguments of these types, what it captured at their places."""
    own = dict(zip(places, jaxpr.constvars, strict=True))
    leading = [own.get(i) or Var(aval) for i, aval in enumerate(avals)]
    return jaxpr.replace(constvars=[], invars=[*leading, *jaxpr.invars]) if leading else jaxpr


def carried(region: Region, cells: Sequence[Cell], count: int) -> tuple[Jaxpr, list[Any]]:
    """The program of a loop whose carry, `count` values, is followed by what the cells hold.

    Returns also the values that it captured, those of the cells apart.
    """
    jaxpr = region.closed.jaxpr
    if not region.touched and not cells:
        return hoist(jaxpr), list(region.consts)
    own = {t.cell: t.var for t in region.touched}
    moved = [own.get(cell) or Var(cell.inner) for cell in cells]
    pairs = zip(jaxpr.constvars, region.consts, strict=True)
    fixed = [(v, c) for v, c in pairs if v not in moved]
    invars = [*[v for v, _ in fixed], *jaxpr.invars[:count], *moved, *jaxpr.invars[count:]]
    results, ends = region.results
    if ends:
        results = [*results[:count], *[ends[cell] for cell in cells], *results[count:]]
    return jaxpr.replace(constvars=[], invars=invars, outvars=results), [c for _, c in fixed]


def convert_like(x: Any, aval: ShapedArray) -> Any:
    """A value converted to the dtype and weakness of a type."""
    got = get_aval(x)
    if got.dtype == aval.dtype and got.weak_type == aval.weak_type:
        return x
    return convert_element_type(x, aval.dtype, aval.weak_type)


def check_carry(
    what: str, init: Any, out_tree: PyTreeDef, out_avals: Sequence[ShapedArray]
) -> None:
    """Raise, naming the leaf, unless a loop's body returns what it was given."""
    leaves, in_tree = tree.flatten(init)
    if in_tree != out_tree:
        raise TypeError(
            f"{what}: the body must return a carry of the structure of init, {in_tree},"
            f" got {out_tree}"
        )
    wrong = [
        (i, f"must be {type_name(get_aval(x))} as in init, got {type_name(out)}")
        for i, (x, out) in enumerate(zip(leaves, out_avals, strict=True))
        if not same_type(get_aval(x), out)
    ]
    if wrong:
        paths = tree.paths(init)
        lines = [f"  carry{paths[i] or ''} {text}" for i, text in wrong]
        raise TypeError(
            "\n".join([f"{what}: the body must return a carry of the types of init:", *lines])
        )
