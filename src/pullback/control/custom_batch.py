"""Functions that an operation carries, applied to batches."""

from collections.abc import Callable, Sequence
from typing import Any

from ..core.primitive import Zero
from ..core.rewrite import named_axes
from ..core.stage import JaxprFunction
from ..transforms.batch import to_dim, vmap_flat
from .custom_call import Rule
from .custom_capture import flat_jvp, with_zeros


class Batch:
    """How the operands of one call are batched and, once it has run, its results.

    The call's function runs, or a rule in its place; whichever is first decides whether the
    results are batched, all or none, along axis 0. Those of unbatched operands are where the
    function captured a value of the same vmap, which `tag` names.
    """

    __slots__ = ("axis", "dims", "out", "tag")

    def __init__(self, dims: Sequence[int | None], axis: tuple[Any, int], tag: object) -> None:
        self.dims = tuple(dims)
        self.axis = axis
        self.tag = tag
        self.out: tuple[int | None] | None = None

    @property
    def key(self) -> Any:
        """What makes two batches of equal calls equal."""
        return self.dims, self.axis

    @property
    def out_dim(self) -> int | None:
        """The batch axis of every result of a call that has run."""
        assert self.out is not None
        return self.out[0]

    def map(
        self, fun: Callable[..., Any], args: Sequence[Any], dims: Sequence[int | None]
    ) -> tuple[list[Any], list[int | None]]:
        """Results of a flat function over the batch, and their batch axes."""
        return vmap_flat(fun, args, dims, *self.axis, self.tag)

    def results(self, outs: Sequence[Any], dims: Sequence[int | None]) -> list[Any]:
        """Results, or their tangents, with the batch axis that all results have."""
        hit = any(d is not None for d in dims)
        if self.out is None:
            self.out = (0 if hit or any(d is not None for d in self.dims) else None,)
        if hit and self.out_dim is None:
            raise TypeError(
                "vmap: the rule of a custom_jvp or custom_vjp function captures a value of the"
                " mapped axis that the function itself does not depend on: pass it as an"
                " argument of the function"
            )
        size = self.axis[1]
        return [to_dim(o, d, self.out_dim, size) for o, d in zip(outs, dims, strict=True)]


def is_unbatched(call: Any, dims: Sequence[int | None], axis_name: Any) -> bool:
    """Whether a call is the same for all elements: a program of values that are, and of no axis."""
    return (
        isinstance(call, JaxprFunction)
        and all(d is None for d in dims)
        and axis_name not in named_axes(call.jaxpr)
    )


class BatchedCall(Rule):
    """A flat function of single elements on batches."""

    __slots__ = ("batch", "call")

    def __init__(self, call: Callable[..., Any], batch: Batch) -> None:
        super().__init__(call, batch.key)
        self.call, self.batch = call, batch

    def __call__(self, *values: Any) -> list[Any]:
        outs, dims = self.batch.map(self.call, values, self.batch.dims)
        return self.batch.results(outs, dims)


class BatchedJvp(Rule):
    """A derivative rule on batches."""

    __slots__ = ("batch", "jvp")

    def __init__(self, jvp: Callable[..., Any], batch: Batch) -> None:
        super().__init__(jvp, batch.key)
        self.jvp, self.batch = jvp, batch

    def __call__(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        dims = self.batch.dims
        fun, moving, moves = flat_jvp(self.jvp, tangents)
        moving_dims = [d for t, d in zip(tangents, dims, strict=True) if type(t) is not Zero]
        outs, found = self.batch.map(fun, [*primals, *moving], [*dims, *moving_dims])
        return with_zeros(self.batch.results(outs, found), moves)
