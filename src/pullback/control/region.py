"""Users' functions as the programs that control operations hold."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .. import tree
from ..core.aval import ShapedArray, same_type, type_name
from ..core.ir import ClosedJaxpr, Jaxpr, Var
from ..core.stage import hoist, stage
from ..core.trace import get_aval
from ..primitives.convert import convert_element_type
from ..transforms.flat import Flat
from ..tree import PyTreeDef


class Region(NamedTuple):
    """A user's function as a program, with what it captured and its result's structure."""

    closed: ClosedJaxpr
    out_tree: PyTreeDef

    @property
    def out_avals(self) -> list[ShapedArray]:
        """The types of the results."""
        return self.closed.out_avals

    @property
    def consts(self) -> Sequence[Any]:
        """What the function captured."""
        return self.closed.consts


def stage_region(
    f: Callable[..., Any], in_tree: PyTreeDef, avals: Sequence[ShapedArray], what: str
) -> Region:
    """The program of `f` called with arguments of this structure and these types."""
    flat = Flat(f, in_tree, name=what)
    closed = stage(flat, avals, what)
    return Region(closed, flat.out_tree)


def hoist_region(region: Region) -> Jaxpr:
    """The region's program with what it captured as leading arguments."""
    return hoist(region.closed.jaxpr)


def hoisted_together(regions: Sequence[Region]) -> tuple[list[Jaxpr], list[Any]]:
    """Programs that all take, first, what any of them captured; and those values."""
    values: dict[int, Any] = {id(c): c for r in regions for c in r.consts}
    programs: list[Jaxpr] = []
    for r in regions:
        own = dict(zip(map(id, r.consts), r.closed.jaxpr.constvars, strict=True))
        leading = [own.get(key) or Var(get_aval(c)) for key, c in values.items()]
        jaxpr = r.closed.jaxpr
        programs.append(jaxpr.replace(constvars=[], invars=[*leading, *jaxpr.invars]))
    return programs, list(values.values())


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
        f"  carry{path or ''} must be {type_name(get_aval(x))} as in init, got {type_name(out)}"
        for path, x, out in zip(tree.paths(init), leaves, out_avals, strict=True)
        if not same_type(get_aval(x), out)
    ]
    if wrong:
        raise TypeError(
            "\n".join([f"{what}: the body must return a carry of the types of init:", *wrong])
        )
