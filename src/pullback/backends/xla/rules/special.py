"""Special functions that XLA has no operation for: as programs."""

from collections.abc import Callable

from .... import dtypes
from ...programs.elementwise import FUNCTIONS
from ..builder import Builder, table
from ..hlo import Tensor, Value

RULES, rule = table()


def _in_float32(name: str) -> Callable[..., Value]:
    """The rule of a function; narrower floats than float32 are computed in it."""

    def apply(b: Builder, types: list[Tensor], *args: Value) -> Value:
        (out,) = types
        wide = out.dtype if out.dtype.itemsize >= 4 else dtypes.float32
        spread = [b.convert(b.spread(a, out.shape), wide) for a in args]
        return b.convert(b.composed(name, FUNCTIONS[name], *spread)[0], out.dtype)

    return apply


for _name in FUNCTIONS:
    rule(_name)(_in_float32(_name))
