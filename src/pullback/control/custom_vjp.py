"""custom_vjp: functions whose reverse derivative is given by their author."""

from collections.abc import Callable, Sequence
from functools import partial, update_wrapper
from typing import Any, NoReturn

from .. import dtypes, tree
from ..core.aval import ShapedArray, same_type, type_name
from ..core.primitive import Linear, Primitive, Zero
from ..core.stage import JaxprFunction
from ..core.trace import get_aval
from ..primitives.shape import reduce_sum, zeros
from ..transforms.batch import to_dim, vmap_flat
from ..transforms.flat import Flat, arguments, function_name
from ..transforms.jvp import instantiate_zeros
from .call import interpret
from .custom_jvp import _Bound, check_captured, inline_call, run_call, stage_call
from .signature import positional, without_nondiff

custom_vjp_call_p = Primitive("custom_vjp_call", multiple_results=True, higher=True)
custom_vjp_call_p.eager = run_call
custom_vjp_call_p.stage = stage_call(custom_vjp_call_p)
custom_vjp_call_p.inline = inline_call

# The linear part of such a call: (residuals, tangents) -> tangents of the results. Only its
# transpose, the user's rule, is known.
custom_lin_p = Primitive("custom_lin", multiple_results=True, linear=True, higher=True)


@custom_vjp_call_p.def_type
def _(*avals: ShapedArray, call: JaxprFunction, **_params: Any) -> list[ShapedArray]:
    return call.jaxpr.out_avals


@custom_vjp_call_p.def_value
def _(*args: Any, call: JaxprFunction, **_params: Any) -> list[Any]:
    return interpret(call.jaxpr, *args)


@custom_vjp_call_p.def_jvp
def _(
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    call: Any,
    fwd: Any,
    bwd: Any,
    num_consts: int,
) -> Any:
    tangents = check_captured("custom_vjp", tangents, num_consts)
    primals = primals[num_consts:]
    outs, residuals = fwd(*primals)
    avals = tuple(get_aval(o).tangent() for o in outs)
    moving = [t for t in instantiate_zeros_float(tangents)]
    active = tuple(dtypes.is_float(t.aval.dtype) if type(t) is Zero else True for t in tangents)
    given = [t for t, a in zip(moving, active, strict=True) if a]
    out_tangents = custom_lin_p.bind(
        *residuals, *given, num_res=len(residuals), bwd=partial(_pull, bwd, active), out_avals=avals
    )
    return outs, [
        Zero(a) if a.dtype == dtypes.float0 else t for t, a in zip(out_tangents, avals, strict=True)
    ]


def instantiate_zeros_float(tangents: Sequence[Any]) -> list[Any]:
    """Arrays for the tangents that are Zero, where their type has any."""
    return [
        t if type(t) is Zero and t.aval.dtype == dtypes.float0 else instantiate_zeros([t])[0]
        for t in tangents
    ]


def _pull(
    bwd: Callable[..., Any], active: Sequence[bool], residuals: Sequence[Any], cts: Sequence[Any]
) -> list[Any]:
    found = bwd(residuals, cts)
    return [c for c, a in zip(found, active, strict=True) if a]


@custom_vjp_call_p.def_batch
def _(
    args: Sequence[Any],
    dims: Sequence[Any],
    *,
    axis: Any,
    call: Any,
    fwd: Any,
    bwd: Any,
    num_consts: int,
) -> Any:
    name, size = axis
    res_dims: list[int | None] = []

    def front(outs: Sequence[Any], out: Sequence[Any]) -> list[Any]:
        return [to_dim(o, d, 0, size) for o, d in zip(outs, out, strict=True)]

    def batched(*values: Any) -> list[Any]:
        return front(*vmap_flat(call, values, dims, name, size))

    def batched_fwd(*values: Any) -> Any:
        count: list[int] = []

        def both(*v: Any) -> list[Any]:
            outs, residuals = fwd(*v)
            count.append(len(outs))
            return [*outs, *residuals]

        outs, out = vmap_flat(both, values, dims[num_consts:], name, size)
        n = count[0]
        res_dims[:] = out[n:]
        return front(outs[:n], out[:n]), outs[n:]

    def batched_bwd(residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        n = len(residuals)
        given = [0 if type(c) is not Zero else None for c in cts]

        def pull(*v: Any) -> list[Any]:
            return bwd(v[:n], v[n:])

        found, out = vmap_flat(
            pull, [*residuals, *instantiate_zeros(cts)], [*res_dims, *given], name, size
        )
        own = dims[num_consts:]
        return [_like_argument(c, d, w, size) for c, d, w in zip(found, out, own, strict=True)]

    outs = custom_vjp_call_p.bind(
        *args, call=batched, fwd=batched_fwd, bwd=batched_bwd, num_consts=num_consts
    )
    return outs, [0] * len(outs)


def _like_argument(ct: Any, dim: int | None, wanted: int | None, size: int) -> Any:
    """A batched cotangent for an argument: summed over the batch if that was not batched."""
    ct = to_dim(ct, dim, 0, size)
    return reduce_sum(ct, (0,)) if wanted is None else to_dim(ct, 0, wanted, size)


@custom_lin_p.def_type
def _(*avals: ShapedArray, out_avals: Sequence[ShapedArray], **_params: Any) -> list[ShapedArray]:
    return list(out_avals)


@custom_lin_p.def_transpose
def _(cts: Sequence[Any], *args: Any, num_res: int, bwd: Any, out_avals: Any) -> list[Any]:
    assert all(type(a) is Linear for a in args[num_res:])
    return [None] * num_res + bwd(args[:num_res], instantiate_zeros_float(cts))


@custom_lin_p.def_batch
def _(args: Sequence[Any], dims: Sequence[Any], **_params: Any) -> NoReturn:
    _forward_mode()


def _forward_mode(*_args: Any) -> NoReturn:
    raise TypeError(
        "custom_vjp: forward-mode differentiation (jvp, jacfwd, linearize) of a function with a"
        " custom_vjp rule is not possible: only its reverse rule is known. Use custom_jvp"
    )


custom_lin_p.eager = _forward_mode
custom_lin_p.stage = _forward_mode


class custom_vjp:
    """A function with a reverse derivative of its own, set by `defvjp`.

    Args:
      fun: function of arrays or pytrees of arrays.
      nondiff_argnums: positions of arguments passed to `bwd` first, as they are.

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
        update_wrapper(self, fun)
        self.fun = fun
        self.nondiff_argnums = nondiff_argnums
        self.nondiff_argnames = nondiff_argnames
        self.fwd: Callable[..., Any] | None = None
        self.bwd: Callable[..., Any] | None = None

    def defvjp(
        self,
        fwd: Callable[..., Any],
        bwd: Callable[..., Any],
        symbolic_zeros: bool = False,
        optimize_remat: bool = False,
    ) -> None:
        """Set the rules.

        Args:
          fwd: takes the function's arguments, returns (result, residuals).
          bwd: takes (residuals, cotangent of the result), returns a tuple of one cotangent an
            argument, None for zero.
          symbolic_zeros: not supported.
          optimize_remat: accepted; has no effect.
        """
        if symbolic_zeros:
            raise NotImplementedError("custom_vjp: symbolic_zeros is not supported; leave it out")
        self.fwd, self.bwd = fwd, bwd

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else _Bound(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = function_name(self.fun)
        if self.fwd is None or self.bwd is None:
            raise AttributeError(
                f"custom_vjp: {name} has no rules: set them with {name}.defvjp(fwd, bwd)"
            )
        args = positional(self.fun, args, kwargs, "custom_vjp")
        fun, chosen, fixed = without_nondiff(
            self.fun, self.nondiff_argnums, self.nondiff_argnames, args
        )
        fwd, _, _ = without_nondiff(self.fwd, self.nondiff_argnums, self.nondiff_argnames, args)
        flat, in_tree = arguments(chosen, "custom_vjp")
        call = Flat(fun, in_tree, name="custom_vjp")
        rules = _Rules(fwd, partial(self.bwd, *fixed), in_tree, [get_aval(x) for x in flat], name)
        outs = custom_vjp_call_p.bind(
            *flat, call=call, fwd=rules.forward, bwd=rules.backward, num_consts=0
        )
        out_tree = rules.out_tree if call.out_tree is None else call.out_tree
        return out_tree.unflatten(outs)


@custom_vjp_call_p.def_show
def _(params: dict[str, Any]) -> Any:
    """The user's functions by name, the call's own first."""
    rules = getattr(params["fwd"], "__self__", None)
    given = (rules.name, rules.bwd.func, rules.fwd) if isinstance(rules, _Rules) else None
    name, bwd, fwd = given or (None, params["bwd"], params["fwd"])
    shown = {"bwd": function_name(bwd), "call_jaxpr": params["call"].jaxpr}
    shown |= {"fwd": function_name(fwd)}
    shown |= {"num_consts": params["num_consts"]} if params["num_consts"] else {}
    return {"name": name, **shown, "symbolic_zeros": False}, None


class _Rules:
    """A user's two rules on leaves; they check what the rules return."""

    def __init__(
        self, fwd: Any, bwd: Any, in_tree: Any, in_avals: list[ShapedArray], name: str
    ) -> None:
        self.fwd, self.bwd, self.in_tree, self.in_avals, self.name = (
            fwd,
            bwd,
            in_tree,
            in_avals,
            name,
        )
        self.out_tree: Any = None
        self.res_tree: Any = None

    def forward(self, *leaves: Any) -> tuple[list[Any], list[Any]]:
        """Results and residuals."""
        pair = self.fwd(*self.in_tree.unflatten(leaves))
        if not (isinstance(pair, (tuple, list)) and len(pair) == 2):
            raise TypeError(
                f"custom_vjp: the forward rule of {self.name} must return a pair (result, residuals), got {type(pair).__name__}"
            )
        outs, self.out_tree = tree.flatten(pair[0])
        residuals, self.res_tree = tree.flatten(pair[1])
        return outs, residuals

    def backward(self, residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        """Cotangents of the arguments, a Zero for None."""
        found = self.bwd(self.res_tree.unflatten(residuals), self.out_tree.unflatten(cts))
        if isinstance(found, list):
            found = tuple(found)
        n = len(self.in_tree.children())
        if not isinstance(found, tuple) or len(found) != n:
            got = f"{len(found)} values" if isinstance(found, tuple) else type(found).__name__
            raise TypeError(
                f"custom_vjp: the backward rule of {self.name} must return a tuple of {n} cotangents, one an argument, got {got}"
            )
        avals = self.in_tree.unflatten(self.in_avals)
        leaves: list[Any] = []
        for ct, aval in zip(found, avals, strict=True):
            leaves.extend(self._leaves(ct, aval))
        return leaves

    def _leaves(self, ct: Any, aval: Any) -> list[Any]:
        avals, treedef = tree.flatten(aval)
        if ct is None:
            return [_nothing(a) for a in avals]
        cts, ct_tree = tree.flatten(ct, is_leaf=lambda x: x is None)
        if len(cts) != len(avals):
            raise TypeError(
                f"custom_vjp: the backward rule of {self.name} must return a cotangent of the structure {treedef}, got {ct_tree}"
            )
        return [
            _nothing(a) if c is None else self._check(c, a) for c, a in zip(cts, avals, strict=True)
        ]

    def _check(self, ct: Any, aval: ShapedArray) -> Any:
        wanted = aval.tangent()
        if wanted.dtype == dtypes.float0:
            return Zero(wanted)
        got = get_aval(ct)
        if not same_type(got, wanted) and got.shape != aval.shape:
            raise TypeError(
                f"custom_vjp: the backward rule of {self.name} must return, for an argument of type"
                f" {type_name(aval)}, a cotangent of type {type_name(wanted)}, got {type_name(got)}"
            )
        return ct


def _nothing(aval: ShapedArray) -> Any:
    wanted = aval.tangent()
    return Zero(wanted) if wanted.dtype == dtypes.float0 else zeros(wanted)
