"""Batching: each operation is applied to all elements of a batch at once."""

# `_trace` is hidden from users, whose arrays have a method `trace`; interpreters read it.
# pyright: reportPrivateUsage=false

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .. import _native
from .._native import ArrayImpl
from ..core import trace as tracing
from ..core.aval import ShapedArray
from ..core.leaks import check_leaks
from ..core.primitive import Primitive
from ..core.rewrite import named_axes_of
from ..core.trace import Trace, Tracer, get_aval, use
from ..primitives.batching import broadcast_batch, move_axis
from .jvp import escape_check


class BatchTracer(Tracer):
    """An array one axis of which, `dim`, is the batch; its type is that of one element."""

    __slots__ = ("dim", "value")

    def __init__(self, trace: Trace, value: Any, dim: int) -> None:
        aval = value.aval if type(value) is ArrayImpl else get_aval(value)
        shape = aval.shape[:dim] + aval.shape[dim + 1 :]
        self._trace = trace
        self.aval = ShapedArray(shape, aval.dtype, aval.weak_type)
        self.value = value
        self.dim = dim
        self.line = None

    def __repr__(self) -> str:
        return f"VmapTracer(aval={self.aval}, batched={get_aval(self.value)})"


class BatchTrace(Trace):
    """Applies batching rules; what is not batched is computed by the parent alone.

    Traces of one `tag` are one vmap: functions that an operation carries are run under another
    trace of it, and may have captured values of the first.
    """

    __slots__ = ("axis_name", "size", "tag")
    what = "vmap"

    def __init__(self, parent: Trace, axis_name: Any, size: int, tag: object = None) -> None:
        super().__init__(parent)
        self.axis_name = axis_name
        self.size = size
        self.tag = object() if tag is None else tag

    def axis_size(self, name: Any) -> int | None:
        """The size of this batch's axis if that is its name."""
        return self.size if name is not None and name == self.axis_name else None

    def axes(self) -> tuple[Any, ...]:
        """The axis of this batch, if it has a name."""
        return () if self.axis_name is None else ((self.axis_name, self.size),)

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Apply the primitive's batching rule."""
        values, dims, mapped = self.split(args)
        parent = self.parent
        assert parent is not None
        if primitive.collective and self.axis_name is not None and self.axis_name in params["axes"]:
            return self.collective(primitive, values, dims, params)
        # Those with a `stage` rule carry functions, which may have captured batched values.
        if not mapped and primitive.stage is None and not self.is_named(primitive, params):
            return parent.process(primitive, tuple(values), params)
        rule = primitive.batch
        if rule is None:
            assert primitive.batch_over is not None, f"{primitive.name} has no batching rule"
            rule = partial(primitive.batch_over, (self.axis_name, self.size))
        if primitive.higher:
            params = self.sized(primitive, params)
        previous = _native.swap_trace(parent)
        try:
            out, dim = rule(values, dims, **params)
        finally:
            _native.swap_trace(previous)
        return self.join(primitive, out, dim)

    def is_named(self, primitive: Primitive, params: dict[str, Any]) -> bool:
        """Whether a program that the operation holds goes over the axis of this batch."""
        if self.axis_name is None or not primitive.higher:
            return False
        return self.axis_name in named_axes_of(primitive, params)

    def sized(self, primitive: Primitive, params: dict[str, Any]) -> dict[str, Any]:
        """The parameters and the axis, for rules of operations that hold programs or functions."""
        axis = {"axis": (self.axis_name, self.size)}
        return (
            {**params, **axis} if primitive.stage is None else {**params, **axis, "tag": self.tag}
        )

    def collective(
        self,
        primitive: Primitive,
        values: list[Any],
        dims: list[int | None],
        params: dict[str, Any],
    ) -> Any:
        """An operation over the axis that this trace maps."""
        assert self.parent is not None
        assert primitive.batch is not None
        with use(self.parent):
            out, dim = primitive.batch(values, dims, **params, mapped=(self.axis_name, self.size))
        return self.join(primitive, out, dim)

    def is_same(self, trace: Trace) -> bool:
        """Whether another trace belongs to the vmap of this one."""
        return trace is self or (isinstance(trace, BatchTrace) and trace.tag is self.tag)

    def split(self, args: Sequence[Any]) -> tuple[list[Any], list[int | None], bool]:
        """Values, their batch axes (None where there is none), and whether there is any."""
        values: list[Any] = []
        dims: list[int | None] = []
        mapped = False
        for x in args:
            if type(x) is BatchTracer and (x._trace is self or self.is_same(x._trace)):
                values.append(x.value)
                dims.append(x.dim)
                mapped = True
            else:
                values.append(x)
                dims.append(None)
        return values, dims, mapped

    def join(self, primitive: Primitive, out: Any, dim: Any) -> Any:
        """Tracers for batched results."""
        if not primitive.multiple_results:
            return out if dim is None else BatchTracer(self, out, dim)
        return [o if d is None else BatchTracer(self, o, d) for o, d in zip(out, dim, strict=True)]


def vmap_flat(
    fun: Callable[..., Sequence[Any]],
    args: Sequence[Any],
    dims: Sequence[int | None],
    axis_name: Any,
    size: int,
    tag: object = None,
) -> tuple[list[Any], list[int | None]]:
    """Results of a flat function over a batch, and their batch axes."""
    trace = BatchTrace(tracing.current_trace(), axis_name, size, tag)
    with use(trace):
        tracers = [
            a if d is None else BatchTracer(trace, a, d) for a, d in zip(args, dims, strict=True)
        ]
        outs = [escape_check(o) for o in fun(*tracers)]
    trace.alive = False
    values, found, _ = trace.split(outs)
    del tracers, outs
    check_leaks(trace)
    return values, found


def to_dim(x: Any, dim: int | None, wanted: int | None, size: int) -> Any:
    """An array with its batch at the wanted axis (None: not batched)."""
    if wanted is None:
        assert dim is None
        return x
    return broadcast_batch(x, size, wanted) if dim is None else move_axis(x, dim, wanted)
