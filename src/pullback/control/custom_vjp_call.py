"""custom_vjp_call_p: a call whose reverse derivative is given by a forward rule.

fwd(perturbed, *arguments) -> (results, residuals, backward) runs in place of the function;
backward(residuals, cotangents) -> cotangents of the arguments. Cotangents may be Zero, in and out.
"""

from collections.abc import Sequence
from typing import Any, NoReturn

from .. import dtypes
from ..core.aval import ShapedArray
from ..core.primitive import Linear, Primitive, Zero
from ..core.trace import get_aval
from ..primitives.shape import reduce_sum
from ..transforms.batch import to_dim
from ..transforms.program import pick, spread
from .custom_batch import Batch, BatchedCall, is_unbatched
from .custom_call import Rule, check_captured, check_results, define
from .custom_capture import CapturedForward, flat_forward

custom_vjp_call_p = define("custom_vjp_call", "fwd", CapturedForward)

# The linear part of such a call: (residuals, nonzero tangents) -> tangents of the results. Only
# its transpose, the user's rule, is known.
custom_lin_p = Primitive("custom_lin", multiple_results=True, linear=True, higher=True)


@custom_vjp_call_p.def_jvp
def _(*_args: Any, **_params: Any) -> NoReturn:
    _forward_mode()


@custom_vjp_call_p.def_linearize
def _(
    primals: Sequence[Any], nonzero: Sequence[bool], *, call: Any, fwd: Any, num_consts: int
) -> Any:
    check_captured("custom_vjp", nonzero[:num_consts])
    perturbed = tuple(nonzero)
    outs, residuals, backward = fwd(perturbed, *primals)
    check_results("custom_vjp", call, outs)
    avals = [get_aval(o).tangent() for o in outs]
    moving = tuple(a.dtype != dtypes.float0 for a in avals)

    def linear(*tangents: Any) -> list[Any]:
        pull = Pull(backward, perturbed, moving, tuple(avals))
        out_avals = tuple(pick(avals, moving))
        return custom_lin_p.bind(
            *residuals, *tangents, num_res=len(residuals), pull=pull, out_avals=out_avals
        )

    return outs, moving, linear


class Pull(Rule):
    """The rule on the cotangents of the moving results, for the perturbed arguments."""

    __slots__ = ("avals", "backward", "moving", "perturbed")

    def __init__(
        self, backward: Any, perturbed: Sequence[bool], moving: Sequence[bool], avals: Any
    ) -> None:
        super().__init__(backward, perturbed, moving, avals)
        self.backward, self.perturbed, self.moving, self.avals = backward, perturbed, moving, avals

    def __call__(self, residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        found = self.backward(residuals, spread(cts, self.moving, self.avals))
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
    tag: object,
    call: Any,
    fwd: Any,
    num_consts: int,
) -> Any:
    if is_unbatched(call, dims, axis[0]):
        outs = custom_vjp_call_p.bind(*args, call=call, fwd=fwd, num_consts=num_consts)
        return outs, [None] * len(outs)
    batch = Batch(dims, axis, tag)
    forward = BatchedForward(fwd, batch)
    outs = custom_vjp_call_p.bind(
        *args, call=BatchedCall(call, batch), fwd=forward, num_consts=num_consts
    )
    return outs, [batch.out_dim] * len(outs)


class BatchedForward(Rule):
    """A forward rule on batches."""

    __slots__ = ("batch", "fwd")

    def __init__(self, fwd: Any, batch: Batch) -> None:
        super().__init__(fwd, batch.key)
        self.fwd, self.batch = fwd, batch

    def __call__(self, perturbed: Sequence[bool], *values: Any) -> tuple[list[Any], list[Any], Any]:
        fun, kept = flat_forward(self.fwd, perturbed)
        outs, dims = self.batch.map(fun, values, self.batch.dims)
        n, backward = kept
        front = self.batch.results(outs[:n], dims[:n])
        return front, outs[n:], BatchedBackward(backward, self.batch, tuple(dims[n:]))


class BatchedBackward(Rule):
    """A backward rule on batches; residuals are batched as they came."""

    __slots__ = ("backward", "batch", "res_dims")

    def __init__(self, backward: Any, batch: Batch, res_dims: Sequence[int | None]) -> None:
        super().__init__(backward, batch.key, batch.out_dim, res_dims)
        self.backward, self.batch, self.res_dims = backward, batch, res_dims

    def __call__(self, residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        n, size, out_dim = len(residuals), self.batch.axis[1], self.batch.out_dim
        live = tuple(type(c) is not Zero for c in cts)
        known: list[ShapedArray | None] = []

        def pull(*elements: Any) -> list[Any]:
            avals = [_element(c.aval, out_dim) if type(c) is Zero else get_aval(c) for c in cts]
            found = self.backward(elements[:n], spread(elements[n:], live, avals))
            known[:] = [c.aval if type(c) is Zero else None for c in found]
            return [c for c in found if type(c) is not Zero]

        dims = [*self.res_dims, *[out_dim] * sum(live)]
        moving, moving_dims = self.batch.map(pull, [*residuals, *pick(cts, live)], dims)
        pairs = iter(zip(moving, moving_dims, strict=True))
        return [
            self._argument(*next(pairs), d) if a is None else Zero(_batched(a, d, size))
            for a, d in zip(known, self.batch.dims, strict=True)
        ]

    def _argument(self, ct: Any, dim: int | None, wanted: int | None) -> Any:
        """A cotangent as its argument is: summed over the batch if that was not batched."""
        size = self.batch.axis[1]
        if wanted is not None:
            return to_dim(ct, dim, wanted, size)
        if dim is None and self.batch.out_dim is None:
            return ct
        return reduce_sum(to_dim(ct, dim, 0, size), (0,))


def _element(aval: ShapedArray, dim: int | None) -> ShapedArray:
    return aval if dim is None else aval.update(shape=aval.shape[1:])


def _batched(aval: ShapedArray, dim: int | None, size: int) -> ShapedArray:
    if dim is None:
        return aval
    return aval.update(shape=(*aval.shape[:dim], size, *aval.shape[dim:]))
