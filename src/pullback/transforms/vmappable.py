"""Values that `vmap` maps in a way of their own: what their elements are, and what batches of them.

Such a value is a pytree, and its class says how an element is made of elements of its parts, and a
batch of batches of parts: an array with its shape beside it, for one, whose shape changes too.
"""

# pyright: reportPrivateUsage=false

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .. import tree
from ..core import trace as tracing
from ..core.trace import use
from .batch import BatchTrace, BatchTracer, to_dim
from .flat import prefix_axes
from .named import function_name

Part = Callable[..., Any]


class Handlers(NamedTuple):
    """`to_element(part, None, value, axis)`, `from_element(part, size, element, axis)`.

    `part(x, axis)` is the element of a part, and `part(size, x, axis)` the batch of one.
    """

    to_element: Callable[[Part, None, Any, Any], Any]
    from_element: Callable[[Part, int, Any, Any], Any]


_handlers: dict[type, Handlers] = {}


def register(data_type: type, handlers: Handlers) -> None:
    """Map values of a class as the handlers say."""
    _handlers[data_type] = handlers


def is_vmappable(x: Any) -> bool:
    """Whether a value is mapped in a way of its own."""
    return type(x) in _handlers


def any_vmappable() -> bool:
    """Whether there are such classes at all."""
    return bool(_handlers)


def _element(x: Any, axis: Any) -> Any:
    """An element of a value, in the trace of the batch."""
    if is_vmappable(x):
        return _handlers[type(x)].to_element(_element, None, x, axis)
    return x if axis is None else BatchTracer(tracing.current_trace(), x, axis)


class Wholes:
    """A call of a mapped function: arguments and results of such classes, beside the others."""

    def __init__(
        self, fun: Callable[..., Any], whole: Any, dims: Sequence[Any], out_axes: Any, size: int
    ) -> None:
        self.fun = fun
        self.__name__ = function_name(fun)
        self.whole = whole
        self.dims = dims
        self.out_axes = out_axes
        self.size = size
        self.kept: dict[int, Any] = {}
        self.axes: list[Any] = []
        self.outer: Any = None

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """The result's parts that are mapped as usual; the others are kept aside."""
        args, kwargs = self._elements((args, kwargs))
        nodes, self.outer = tree.flatten(self.fun(*args, **kwargs), is_vmappable)
        axes = prefix_axes(self.out_axes, self.outer.unflatten(nodes), "out_axes", is_vmappable)
        for k, (node, axis) in enumerate(zip(nodes, axes, strict=True)):
            if is_vmappable(node):
                self.kept[k] = self._batch(node, axis)
        self.axes = [a for k, a in enumerate(axes) if k not in self.kept]
        return [node for k, node in enumerate(nodes) if k not in self.kept]

    def restore(self, nodes: list[Any]) -> Any:
        """The result, of its parts that were mapped and those that were kept."""
        rest = iter(nodes)
        count = self.outer.num_leaves
        return self.outer.unflatten(
            [self.kept[k] if k in self.kept else next(rest) for k in range(count)]
        )

    def _elements(self, given: Any) -> Any:
        nodes, outer = tree.flatten(self.whole, is_vmappable)
        inner = outer.flatten_up_to(given)
        at = 0
        for k, node in enumerate(nodes):
            count = tree.structure(node).num_leaves
            if is_vmappable(node) and count:
                inner[k] = _element(node, self.dims[at])
            at += count
        return outer.unflatten(inner)

    def _batch(self, element: Any, axis: Any) -> Any:
        trace = tracing.current_trace()
        assert isinstance(trace, BatchTrace)
        assert trace.parent is not None

        def part(size: int, x: Any, axis: Any) -> Any:
            if is_vmappable(x):
                return _handlers[type(x)].from_element(part, size, x, axis)
            (value,), (dim,), _ = trace.split([x])
            if axis is None and dim is not None:
                raise ValueError(
                    f"vmap: out_axes is None for a result of {self.__name__} that depends on the"
                    " mapped axis; give it an integer"
                )
            return to_dim(value, dim, axis, size)

        with use(trace.parent):
            return part(self.size, element, axis)
