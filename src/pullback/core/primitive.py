"""A primitive: a name and its typed rule slots. `Zero` and `Linear` stand in for values."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, TypeVar

from .. import _native
from .aval import ShapedArray
from .memo import Memory

Rule = Callable[..., Any]
F = TypeVar("F", bound=Rule)

registry: dict[str, "Primitive"] = {}


class Effect(Enum):
    """What an operation does besides computing results, and how often it may do it.

    >>> [effect.name for effect in pb.extend.core.Effect][:2]
    ['DEBUG', 'IO']
    """

    # Tells what the program does: where a derivative runs a part of it again, it tells that again
    # or is left out.
    DEBUG = "Debug"
    # Acts on the world outside: exactly as often as the program says.
    IO = "IO"
    # Raises where a value is wrong: not for what the program does not mean to compute.
    CHECK = "Check"


class Zero:
    """A tangent or cotangent that is zero, without an array. `aval` is its (tangent) type.

    >>> from pullback.interpreters import ad
    >>> ad.instantiate_zeros(ad.Zero(pb.typeof(np.zeros(2, np.float32))))
    Array([0., 0.], dtype=float32)
    """

    __slots__ = ("aval",)

    def __init__(self, aval: ShapedArray) -> None:
        self.aval = aval

    def __repr__(self) -> str:
        return f"Zero({self.aval.str_short()})"


class Linear:
    """Marks, in a transpose rule, the arguments in which the operation is linear.

    >>> from pullback.interpreters import ad
    >>> ad.is_undefined_primal(ad.UndefinedPrimal(pb.typeof(1.0)))
    True
    """

    __slots__ = ("aval",)

    def __init__(self, aval: ShapedArray) -> None:
        self.aval = aval

    def __repr__(self) -> str:
        return f"Linear({self.aval.str_short()})"


class Primitive:
    """An operation that traces interpret. Each slot holds one rule, set once by its decorator.

    type(*avals, **params) -> aval, or a list of them where `multiple_results`.
    value(*ndarrays, **params) -> ndarray or list: the NumPy meaning.
    jvp(primals, tangents, **params) -> (out, tangent) or two lists. Tangents may be Zero, and so
        may the result's. None for an operation whose results have no derivative.
    transpose(ct, *args, **params) -> one cotangent (or None) an argument; the arguments in which
        the operation is linear come as Linear. `ct` is a list where `multiple_results`.
    batch(args, dims, **params) -> (out, dim) or two lists; `dims` holds the batched axis of
        each argument or None.
    batch_over(axis, args, dims, **params) -> as `batch`, where that is None; `axis` is the name
        and size of the batch. For operations that users define.
    linearize(primals, nonzero, **params) -> (outs, nonzero_outs, linear): for primitives that
        hold programs; `linear(*tangents)` maps the nonzero tangents to the nonzero results'.
    stage(trace, args, **params) -> outs: how it enters a program, where that is not one equation.
    eager(args, params) -> outs: how it runs eagerly, where that is not its `value`; for primitives
        that hold programs or functions. The compiler installs itself here (pullback.jit).
    dce(eqn, used) -> eqn or None: the equation that computes only the used results (`used` has a
        bool a result); its inputs are all that it needs. For primitives that hold programs.
    inline(eqn) -> Jaxpr or None: the program that the operation stands for, on the same inputs.
    simplify(eqn, definition) -> Atom, JaxprEqn or None: what the operation can be replaced by;
        `definition(atom)` is the equation that computes an input, or None.
    show(params) -> (params, Jaxpr or None): the parameters to print, in order, and the program
        whose variables take the names of the equation's.

    `higher` operations hold programs in their parameters. Those with an `effect` do something
    besides computing results: they are never dropped, merged or reordered.
    """

    __slots__ = (
        "batch", "batch_over", "collective", "dce", "differentiable", "eager", "effect", "higher",
        "inline", "jvp", "linear", "linearize", "multiple_results", "name", "show", "simplify",
        "stage", "transpose", "type", "types", "value",
    )  # fmt: skip

    # Interpreters written for JAX ask: no operation here carries a function that they must call.
    call_primitive = map_primitive = False

    def __init__(
        self,
        name: str,
        *,
        multiple_results: bool = False,
        differentiable: bool = True,
        linear: bool = False,
        higher: bool = False,
        collective: bool = False,
        effect: Effect | None = None,
    ) -> None:
        self.name = name
        self.multiple_results = multiple_results
        self.differentiable = differentiable
        self.linear = linear
        self.higher = higher
        self.collective = collective
        self.effect = effect
        self.type: Rule
        self.value: Rule
        self.jvp: Rule | None = None
        self.transpose: Rule | None = None
        self.batch: Rule | None = None
        self.batch_over: Rule | None = None
        self.linearize: Rule | None = None
        self.stage: Rule | None = None
        self.eager: Rule | None = None
        self.dce: Rule | None = None
        self.inline: Rule | None = None
        self.simplify: Rule | None = None
        self.show: Rule | None = None
        # Result types by operand types and parameters; None where parameters hold programs.
        self.types: Memory[Any, Any] | None = None if higher or collective else Memory()
        self._enter()

    def _enter(self) -> None:
        """Be known by name, as the library's own operations are."""
        assert self.name not in registry, self.name
        registry[self.name] = self

    def bind(self, *args: Any, **params: Any) -> Any:
        """Apply the operation under the current trace."""
        return _native.current_trace().process(self, args, params)

    def get_bind_params(self, params: dict[str, Any]) -> dict[str, Any]:
        """What interpreters written for JAX pass to `bind`: an equation's parameters."""
        return params

    def infer(self, avals: Sequence[ShapedArray], params: dict[str, Any]) -> Any:
        """What `type` says, remembered."""
        types = self.types
        if types is None:
            return self.type(*avals, **params)
        key = (*avals, *params.items()) if params else tuple(avals)
        found = types.get(key)
        if found is None:
            found = types[key] = self.type(*avals, **params)
        return found

    def _define(self, slot: str, rule: F) -> F:
        assert getattr(self, slot, None) is None, f"{self.name} has a {slot} rule already"
        setattr(self, slot, rule)
        return rule

    def def_type(self, rule: F) -> F:
        """Set the rule for result types."""
        return self._define("type", rule)

    def def_value(self, rule: F) -> F:
        """Set the NumPy meaning."""
        return self._define("value", rule)

    def def_jvp(self, rule: F) -> F:
        """Set the rule for forward derivatives."""
        return self._define("jvp", rule)

    def def_transpose(self, rule: F) -> F:
        """Set the rule for the transpose of a linear operation."""
        return self._define("transpose", rule)

    def def_batch(self, rule: F) -> F:
        """Set the rule for batched arguments."""
        return self._define("batch", rule)

    def def_linearize(self, rule: F) -> F:
        """Set the rule that splits an operation that holds programs."""
        return self._define("linearize", rule)

    def def_stage(self, rule: F) -> F:
        """Set how the operation enters a program."""
        return self._define("stage", rule)

    def def_dce(self, rule: F) -> F:
        """Set how the operation drops results that nothing uses."""
        return self._define("dce", rule)

    def def_inline(self, rule: F) -> F:
        """Set the program that the operation stands for."""
        return self._define("inline", rule)

    def def_simplify(self, rule: F) -> F:
        """Set the local identities."""
        return self._define("simplify", rule)

    def def_show(self, rule: F) -> F:
        """Set how the parameters are printed."""
        return self._define("show", rule)

    def __repr__(self) -> str:
        return self.name


def instantiate(tangent: Any, zeros: Callable[[ShapedArray], Any]) -> Any:
    """An array for a tangent that may be Zero."""
    return zeros(tangent.aval) if type(tangent) is Zero else tangent


Args = Sequence[Any]
