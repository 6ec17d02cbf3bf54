"""call_exported_p: a call of a program that was made elsewhere and is known as a module alone."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from ..core.aval import ShapedArray
from ..core.primitive import Primitive
from .call import check_operands


class Foreign(ABC):
    """A program that only a backend can read: its name, and the types of arguments and results."""

    name: str
    in_avals: tuple[ShapedArray, ...]
    out_avals: tuple[ShapedArray, ...]

    @abstractmethod
    def run(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The results, computed on the host."""

    @abstractmethod
    def text(self, platform: str) -> str:
        """The program for a platform, in the form that its compiler reads."""


call_exported_p = Primitive("call_exported", multiple_results=True)
# Programs that were read from files are not kept in a table of types.
call_exported_p.types = None


@call_exported_p.def_type
def _(*avals: ShapedArray, program: Foreign) -> list[ShapedArray]:
    check_operands(f"the exported {program.name}", program.in_avals, avals)
    return list(program.out_avals)


@call_exported_p.def_value
def _(*args: np.ndarray, program: Foreign) -> list[np.ndarray]:
    return program.run(args)


@call_exported_p.def_jvp
def _(primals: Any, tangents: Any, *, program: Foreign) -> NoReturn:
    raise ValueError(
        f"the exported {program.name} has no forward-mode derivative: use grad or vjp, after"
        " serialize(vjp_order=1) if it was read from bytes"
    )


@call_exported_p.def_batch
def _(args: Any, dims: Any, *, program: Foreign) -> NoReturn:
    raise NotImplementedError(
        f"vmap of the exported {program.name}: its program is fixed; export the function under"
        " vmap, or call it in a loop with lax.map"
    )
