"""An operation that a user defines: a name, and rules that are set one at a time."""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

import numpy as np

from .._native import DeviceArray
from ..core import primitive as base
from ..core.aval import ShapedArray, same_type, type_name
from ..core.ir import Jaxpr, JaxprEqn
from ..core.trace import as_array, eager, get_aval, use
from ..primitives.convert import convert_element_type
from ..transforms.flat import argument
from ..transforms.program import stage_pure

F = TypeVar("F", bound=Callable[..., Any])


class Missing:
    """Stands for a rule that nobody has set; calling it says so."""

    __slots__ = ("what",)

    def __init__(self, what: str) -> None:
        self.what = what

    def __call__(self, *_args: Any, **_params: Any) -> NoReturn:
        raise NotImplementedError(f"{self.what}: no such rule has been set")


class Primitive(base.Primitive):
    """An operation of a program's own, which all transformations take.

    Args:
      name: what it is called in programs. Names need not be unique.

    Its meaning is set by `def_impl`, a function of arrays; the types of its results by
    `def_abstract_eval`, a function of `ShapedArray`s. Set `multiple_results` where the two return
    lists. Derivatives are set in `interpreters.ad`, batches in `interpreters.batching`. Compiled
    programs compute what `interpreters.mlir.register_lowering` says, or call `impl` back.

    >>> import numpy as np
    >>> from pullback.extend.core import Primitive
    >>> twice_p = Primitive("twice")
    >>> twice = twice_p.def_impl(lambda x: 2 * np.asarray(x))
    >>> float(twice_p.bind(3.0))
    6.0
    """

    __slots__ = ("abstract_eval", "impl", "lowering")

    def __init__(self, name: str) -> None:
        super().__init__(name)
        # Parameters may hold anything: types are not remembered by them.
        self.types = None
        self.abstract_eval: Callable[..., Any] = Missing(f"Abstract evaluation of {name}")
        self.impl: Callable[..., Any] = Missing(f"Evaluation of {name}")
        self.lowering: Callable[..., list[Any]] | None = None
        self.type, self.value, self.eager = self._types, self._values, self._evaluate
        self.inline = self._program
        self.jvp = Missing(f"Differentiation of {name}")
        self.transpose = Missing(f"Transposition of {name}, for reverse-mode differentiation")
        self.batch = Missing(f"Batching of {name}")

    def _enter(self) -> None:
        """Users' operations are not known by name."""

    def def_impl(self, impl: F) -> F:
        """Set the meaning: from arrays to an array, or to a list of them."""
        self.impl = impl
        return impl

    def def_abstract_eval(self, abstract_eval: F) -> F:
        """Set the types of the results: from `ShapedArray`s to one, or to a list of them."""
        self.abstract_eval = abstract_eval
        return abstract_eval

    def _types(self, *avals: ShapedArray, **params: Any) -> Any:
        found = self.abstract_eval(*avals, **params)
        if isinstance(found, (tuple, list)) != self.multiple_results:
            wanted = "a list of types" if self.multiple_results else "one type"
            raise ValueError(f"{self.name}: abstract evaluation must give {wanted}, got {found!r}")
        return list(found) if self.multiple_results else found

    def _evaluate(self, args: Sequence[Any], params: dict[str, Any]) -> Any:
        found = self.impl(*[argument(a, self.name) for a in args], **params)
        return [_array(o) for o in found] if self.multiple_results else _array(found)

    def _values(self, *values: np.ndarray, **params: Any) -> Any:
        with use(eager):
            found = self._evaluate(values, params)
        return [as_array(o)._npy for o in found] if self.multiple_results else as_array(found)._npy

    def _program(self, eqn: JaxprEqn) -> Jaxpr | None:
        if self.lowering is None:
            if isinstance(self.impl, Missing):
                raise NotImplementedError(
                    f"jit: {self.name} has no meaning: give it one by def_impl or by"
                    " interpreters.mlir.register_lowering"
                )
            return None
        avals = tuple([v.aval for v in eqn.invars])
        wanted = tuple([v.aval for v in eqn.outvars])
        return lowered(self, avals, wanted, eqn.params)


def _array(out: Any) -> Any:
    """A result as an array."""
    return out if isinstance(out, DeviceArray) else argument(out, "impl")


def lowered(
    primitive: Primitive,
    avals: Sequence[ShapedArray],
    wanted: Sequence[ShapedArray],
    params: dict[str, Any],
) -> Jaxpr:
    """The program that an operation's lowering writes for operands of these types."""

    def flat(*args: Any) -> list[Any]:
        assert primitive.lowering is not None
        found = primitive.lowering(*args, **params)
        return [_matched(primitive, o, w) for o, w in zip(found, wanted, strict=True)]

    return stage_pure(flat, avals, primitive.name)


def _matched(primitive: Primitive, out: Any, wanted: ShapedArray) -> Any:
    """A result of the lowering, of the type that abstract evaluation gave it."""
    got = get_aval(out)
    if not same_type(got, wanted):
        raise TypeError(
            f"{primitive.name}: its lowering gives {type_name(got)},"
            f" its abstract evaluation {type_name(wanted)}"
        )
    return out if got == wanted else convert_element_type(out, wanted.dtype, wanted.weak_type)
