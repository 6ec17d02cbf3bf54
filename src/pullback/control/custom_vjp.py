"""custom_vjp: functions whose reverse derivative is given by their author."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .. import dtypes, errors, tree
from ..core.aval import ShapedArray, type_name
from ..core.cell import Cell
from ..core.primitive import Zero
from ..core.structure import value_key
from ..core.trace import Tracer, get_aval
from ..primitives.convert import convert_element_type
from ..transforms.flat import Flat, arguments, result_text
from ..transforms.jvp import instantiate_zeros
from ..transforms.named import function_name
from .custom_call import Rule, from_symbolic, runs_alone, to_symbolic
from .custom_function import CustomFunction
from .custom_vjp_call import custom_vjp_call_p
from .signature import without_nondiff


class custom_vjp(CustomFunction):
    """A function with a reverse derivative of its own, set by `defvjp`.

    Args:
      fun: function of arrays or pytrees of arrays.
      nondiff_argnums: positions of arguments passed to `bwd` first, as they are. They must not be
        traced values.
      nondiff_argnames: such arguments by name.

    >>> import pullback as pb
    >>> @pb.custom_vjp
    ... def f(x):
    ...     return x * x
    >>> f.defvjp(lambda x: (f(x), x), lambda x, ct: (10.0 * ct,))
    >>> float(pb.grad(f)(3.0))
    10.0
    """

    def __init__(
        self,
        fun: Callable[..., Any],
        nondiff_argnums: Sequence[int] = (),
        nondiff_argnames: Sequence[str] = (),
    ) -> None:
        super().__init__(fun, nondiff_argnums, nondiff_argnames)
        self.fwd: Callable[..., Any] | None = None
        self.bwd: Callable[..., Any] | None = None
        self.symbolic_zeros = False
        self.optimize_remat = False

    def defvjp(
        self,
        fwd: Callable[..., Any],
        bwd: Callable[..., Any],
        symbolic_zeros: bool = False,
        optimize_remat: bool = False,
    ) -> None:
        """Set the rules: fwd(*args) -> (result, residuals); bwd(residuals, ct) -> cotangents.

        Args:
          fwd: computes the result and what `bwd` needs. Takes the arguments of the function.
          bwd: returns a tuple with one cotangent an argument, each of the argument's structure,
            or None for zeros.
          symbolic_zeros: whether `fwd` takes `CustomVJPPrimal`s in place of arrays, and `bwd`
            `SymbolicZero`s where a cotangent is known to be zero.
          optimize_remat: accepted; the compiler drops what nothing uses in any case.
        """
        if not (callable(fwd) and callable(bwd)):
            raise TypeError(
                f"custom_vjp.defvjp: fwd and bwd must be functions, got {fwd!r} and {bwd!r}"
            )
        self.fwd, self.bwd = fwd, bwd
        self.symbolic_zeros, self.optimize_remat = symbolic_zeros, optimize_remat

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = function_name(self.fun)
        if self.fwd is None or self.bwd is None:
            raise AttributeError(
                f"custom_vjp: {name} has no rules: set them with {name}.defvjp(fwd, bwd)"
            )
        if self.is_alone(args, kwargs):
            return self.fun(*args)
        fun, chosen, fixed, whole = self.arguments(args, kwargs, _untraced)
        if runs_alone(chosen):
            return fun(*chosen)
        fwd, _, _ = without_nondiff(self.fwd, self.nondiff_argnums, (), whole)
        flat, in_tree = arguments(chosen, "custom_vjp")
        call = Flat(fun, in_tree, name="custom_vjp")
        forward = _Forward(self, fwd, fixed, in_tree, [get_aval(x) for x in flat])
        outs = custom_vjp_call_p.bind(*flat, call=call, fwd=forward, num_consts=0)
        out_tree = forward.out_tree if call.out_tree is None else call.out_tree
        return out_tree.unflatten(outs)


def _untraced(x: Any) -> Any:
    """An argument that rules take as it is: the backward one, when no trace may be left."""
    for leaf in tree.leaves(x):
        if isinstance(leaf, Tracer):
            raise errors.UnexpectedTracerError(
                f"custom_vjp: an argument named by nondiff_argnums is {leaf.describe()}, which the"
                " backward rule cannot receive: nondiff_argnums is for functions and other static"
                " values; pass arrays as ordinary arguments"
            )
    return x


@dataclass(slots=True)
class CustomVJPPrimal:
    """An argument of a forward rule set with symbolic_zeros=True.

    `value` is the array; `perturbed` says whether it is being differentiated.

    >>> f = pb.custom_vjp(lambda x, y: x * y)
    >>> def forward(x, y):
    ...     print(x.perturbed, y.perturbed)
    ...     return x.value * y.value, (x.value, y.value)
    >>> f.defvjp(forward, lambda kept, ct: (ct * kept[1], None), symbolic_zeros=True)
    >>> pb.grad(f)(2.0, 3.0)
    True False
    Array(3., dtype=float32, weak_type=True)
    """

    value: Any
    perturbed: bool


@custom_vjp_call_p.def_show
def _(params: dict[str, Any]) -> Any:
    """The user's functions by name, the call's own first."""
    fwd = params["fwd"]
    given = (fwd.name, fwd.bwd.func, fwd.fwd) if isinstance(fwd, _Forward) else (None, fwd, fwd)
    name, bwd, own = given
    shown = {"bwd": function_name(bwd), "call_jaxpr": params["call"].jaxpr}
    shown |= {"fwd": function_name(own)}
    shown |= {"num_consts": params["num_consts"]} if params["num_consts"] else {}
    symbolic = isinstance(fwd, _Forward) and fwd.symbolic
    return {"name": name, **shown, "symbolic_zeros": symbolic}, None


class _Forward(Rule):
    """A user's forward rule on leaves; checks what it returns."""

    __slots__ = ("bwd", "fwd", "in_avals", "in_tree", "name", "out_tree", "symbolic")

    def __init__(
        self,
        function: custom_vjp,
        fwd: Callable[..., Any],
        fixed: tuple[Any, ...],
        in_tree: Any,
        in_avals: list[ShapedArray],
    ) -> None:
        super().__init__(function, fixed, in_tree, tuple(in_avals))
        assert function.bwd is not None
        self.fwd, self.bwd = fwd, partial(function.bwd, *fixed)
        self.in_tree, self.in_avals = in_tree, in_avals
        self.name, self.symbolic = function_name(function.fun), function.symbolic_zeros
        self.out_tree: Any = None

    def __call__(self, perturbed: Sequence[bool], *leaves: Any) -> tuple[list[Any], list[Any], Any]:
        given: Sequence[Any] = leaves
        if self.symbolic:
            given = [CustomVJPPrimal(x, p) for x, p in zip(leaves, perturbed, strict=True)]
        pair = self.fwd(*self.in_tree.unflatten(given))
        if not (isinstance(pair, (tuple, list)) and len(pair) == 2):
            raise TypeError(
                f"custom_vjp: the forward rule of {self.name} must return a pair"
                f" (result, residuals), got {result_text(pair)}"
            )
        outs, self.out_tree = tree.flatten(pair[0])
        kept, res_tree = tree.flatten(pair[1])
        for x in kept:
            self._check_cell(x)
        backward = _Backward(self, self.out_tree, res_tree, _static(kept))
        return outs, [x for x in kept if not _stays(x)], backward

    def _check_cell(self, x: Any) -> None:
        if isinstance(x, Cell) and x.home is not None and not x.home.alive:
            raise NotImplementedError(
                f"custom_vjp: the backward rule of {self.name} takes {x.describe()}, as it was"
                f" passed to {x.home.what}, which is differentiated as a whole: differentiate"
                " inside of it, as in jit(grad(f)), not grad(jit(f))"
            )


# Residuals that stay what they are: the backward rule may branch on numbers, and write to mutable
# arrays.
NUMBERS = (bool, int, float, complex)
Static = tuple[tuple[int, Any], ...]


def _stays(x: Any) -> bool:
    return type(x) in NUMBERS or isinstance(x, Cell)


def _static(kept: Sequence[Any]) -> Static:
    """What stays what it is among the residuals, by place."""
    return tuple([(i, x) for i, x in enumerate(kept) if _stays(x)])


class _Backward(Rule):
    """A user's backward rule on leaves, for one run of the forward rule; checks what it returns."""

    __slots__ = (
        "bwd",
        "in_avals",
        "in_tree",
        "name",
        "out_tree",
        "res_tree",
        "static",
        "symbolic",
    )

    def __init__(self, forward: _Forward, out_tree: Any, res_tree: Any, static: Static) -> None:
        super().__init__(forward, out_tree, res_tree, value_key(static))
        self.bwd, self.name, self.symbolic = forward.bwd, forward.name, forward.symbolic
        self.in_tree, self.in_avals = forward.in_tree, forward.in_avals
        self.out_tree, self.res_tree, self.static = out_tree, res_tree, static

    def __call__(self, residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        """Cotangents of the arguments, a Zero for None."""
        cts = [to_symbolic(c) for c in cts] if self.symbolic else instantiate_zeros(cts)
        kept = list(residuals)
        for place, value in self.static:
            kept.insert(place, value)
        found = self.bwd(self.res_tree.unflatten(kept), self.out_tree.unflatten(cts))
        if isinstance(found, list):
            found = tuple(found)
        n = len(self.in_tree.children())
        if not isinstance(found, tuple) or len(found) != n:
            got = f"{len(found)} values" if isinstance(found, tuple) else result_text(found)
            raise TypeError(
                f"custom_vjp: the backward rule of {self.name} must return a tuple of {n}"
                f" cotangents, one an argument, got {got}"
            )
        avals = self.in_tree.unflatten(self.in_avals)
        return [leaf for c, a in zip(found, avals, strict=True) for leaf in self._leaves(c, a)]

    def _leaves(self, ct: Any, aval: Any) -> list[Any]:
        """The cotangents of one argument; one value, or None, may stand for a whole part of it."""
        leaves: list[Any] = []

        def visit(given: Any, part: Any) -> Any:
            for a in tree.leaves(part):
                if given is not None:
                    leaves.append(self._check(given, a))
                elif not isinstance(a, Cell):
                    leaves.append(Zero(a.tangent()))
            return part  # users' nodes may refuse to hold None

        try:
            tree.map(visit, ct, aval, is_leaf=_is_none)
        except errors.OperandError:
            raise
        except ValueError as error:
            raise self._wrong_structure(ct, aval) from error
        return leaves

    def _wrong_structure(self, ct: Any, aval: Any) -> TypeError:
        return TypeError(
            f"custom_vjp: the backward rule of {self.name} must return a cotangent of the"
            f" structure {tree.structure(aval)}, got {tree.structure(ct)}"
        )

    def _check(self, ct: Any, aval: Any) -> Any:
        if not isinstance(aval, ShapedArray):
            raise self._wrong_structure(ct, aval)
        wanted = aval.tangent()
        if wanted.dtype == dtypes.float0:
            return Zero(wanted)
        ct = from_symbolic(ct)
        got = ct.aval if type(ct) is Zero else get_aval(ct)
        same_kind = dtypes.kind(got.dtype) == dtypes.kind(wanted.dtype)
        if got.shape != wanted.shape or not (same_kind or got.weak_type):
            raise errors.OperandError(
                f"custom_vjp: the backward rule of {self.name} must return, for an argument of type"
                f" {type_name(aval)}, a cotangent of type {type_name(wanted)},"
                f" got {type_name(got)}"
            )
        return ct if got.dtype == wanted.dtype else convert_element_type(ct, wanted.dtype)


def _is_none(x: Any) -> bool:
    return x is None
