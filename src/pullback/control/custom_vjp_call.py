"""custom_vjp_call_p: a call whose reverse derivative is a pair of functions.

fwd(perturbed, *arguments) -> (results, residuals) runs in place of the function; bwd(residuals,
cotangents) -> cotangents of the arguments. Cotangents may be Zero, in and out.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from .. import dtypes
from ..core.aval import ShapedArray
from ..core.primitive import Linear, Primitive, Zero
from ..core.trace import get_aval
from ..primitives.shape import reduce_sum
from ..transforms.batch import to_dim, vmap_flat
from ..transforms.program import pick, spread
from .custom_call import Rule, check_captured, define
from .custom_jvp_call import BatchedCall, to_front

custom_vjp_call_p = define("custom_vjp_call")

# The linear part of such a call: (residuals, nonzero tangents) -> tangents of the results. Only
# its transpose, the user's rule, is known.
custom_lin_p = Primitive("custom_lin", multiple_results=True, linear=True, higher=True)


@custom_vjp_call_p.def_jvp
def _(*_args: Any, **_params: Any) -> NoReturn:
    _forward_mode()


@custom_vjp_call_p.def_linearize
def _(
    primals: Sequence[Any],
    nonzero: Sequence[bool],
    *,
    call: Any,
    fwd: Any,
    bwd: Any,
    num_consts: int,
) -> Any:
    check_captured("custom_vjp", nonzero[:num_consts])
    perturbed = tuple(nonzero[num_consts:])
    outs, residuals = fwd(perturbed, *primals[num_consts:])
    avals = [get_aval(o).tangent() for o in outs]
    moving = tuple(a.dtype != dtypes.float0 for a in avals)

    def linear(*tangents: Any) -> list[Any]:
        pull = Pull(bwd, perturbed, moving, tuple(avals))
        out_avals = tuple(pick(avals, moving))
        return custom_lin_p.bind(
            *residuals, *tangents, num_res=len(residuals), pull=pull, out_avals=out_avals
        )

    return outs, moving, linear


class Pull(Rule):
    """The rule on the cotangents of the moving results, for the perturbed arguments."""

    __slots__ = ("avals", "bwd", "moving", "perturbed")

    def __init__(
        self, bwd: Any, perturbed: Sequence[bool], moving: Sequence[bool], avals: Any
    ) -> None:
        super().__init__(bwd, perturbed, moving, avals)
        self.bwd, self.perturbed, self.moving, self.avals = bwd, perturbed, moving, avals

    def __call__(self, residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        found = self.bwd(residuals, spread(cts, self.moving, self.avals))
        return pick(found, self.perturbed)


@custom_lin_p.def_type
def _(*avals: ShapedArray, out_avals: Sequence[ShapedArray], **_params: Any) -> list[ShapedArray]:
    return list(out_avals)


@custom_lin_p.def_transpose
def _(cts: Sequence[Any], *args: Any, num_res: int, pull: Any, out_avals: Any) -> list[Any]:
    assert all(type(a) is Linear for a in args[num_res:])
    return [None] * num_res + pull(args[:num_res], cts)


def _forward_mode(*_args: Any, **_params: Any) -> NoReturn:
    raise TypeError(
        "custom_vjp: forward-mode differentiation (jvp, jacfwd, linearize) of a function with a"
        " custom_vjp rule is not possible: only its reverse rule is known. Use custom_jvp"
    )


custom_lin_p.def_value(_forward_mode)
custom_lin_p.def_batch(_forward_mode)
custom_lin_p.def_jvp(_forward_mode)


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
    rules = BatchedRules(fwd, bwd, tuple(dims[num_consts:]), axis)
    outs = custom_vjp_call_p.bind(
        *args,
        call=BatchedCall(call, tuple(dims), axis),
        fwd=rules.forward,
        bwd=rules.backward,
        num_consts=num_consts,
    )
    return outs, [0] * len(outs)


class BatchedRules(Rule):
    """Both rules on batches. All results are batched; the residuals as they come."""

    __slots__ = ("axis", "bwd", "dims", "fwd", "res_dims")

    def __init__(
        self, fwd: Callable[..., Any], bwd: Callable[..., Any], dims: Any, axis: Any
    ) -> None:
        super().__init__(fwd, bwd, dims, axis)
        self.fwd, self.bwd, self.dims, self.axis = fwd, bwd, dims, axis
        self.res_dims: list[int | None] = []

    def forward(self, perturbed: Sequence[bool], *values: Any) -> tuple[list[Any], list[Any]]:
        """Results and residuals."""
        name, size = self.axis
        count: list[int] = []

        def both(*elements: Any) -> list[Any]:
            outs, residuals = self.fwd(perturbed, *elements)
            count.append(len(outs))
            return [*outs, *residuals]

        outs, dims = vmap_flat(both, values, self.dims, name, size)
        n = count[0]
        self.res_dims[:] = dims[n:]
        return to_front(outs[:n], dims[:n], size), outs[n:]

    def backward(self, residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        """Cotangents of the arguments."""
        name, size = self.axis
        n = len(residuals)
        live = tuple(type(c) is not Zero for c in cts)
        known: list[ShapedArray | None] = []

        def pull(*elements: Any) -> list[Any]:
            avals = [_element(c.aval) if type(c) is Zero else get_aval(c) for c in cts]
            found = self.bwd(elements[:n], spread(elements[n:], live, avals))
            known[:] = [c.aval if type(c) is Zero else None for c in found]
            return [c for c in found if type(c) is not Zero]

        dims = [*self.res_dims, *[0] * sum(live)]
        moving, moving_dims = vmap_flat(pull, [*residuals, *pick(cts, live)], dims, name, size)
        pairs = iter(zip(moving, moving_dims, strict=True))
        return [
            _like_argument(*next(pairs), d, size) if a is None else Zero(_batched(a, d, size))
            for a, d in zip(known, self.dims, strict=True)
        ]


def _element(aval: ShapedArray) -> ShapedArray:
    return aval.update(shape=aval.shape[1:])


def _batched(aval: ShapedArray, dim: int | None, size: int) -> ShapedArray:
    if dim is None:
        return aval
    return aval.update(shape=(*aval.shape[:dim], size, *aval.shape[dim:]))


def _like_argument(ct: Any, dim: int | None, wanted: int | None, size: int) -> Any:
    """A batched cotangent for an argument: summed over the batch if that was not batched."""
    ct = to_dim(ct, dim, 0, size)
    return reduce_sum(ct, (0,)) if wanted is None else to_dim(ct, 0, wanted, size)
