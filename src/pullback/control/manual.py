"""The program of one device among several: the axes of a mesh that it may name."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..core import trace as tracing
from ..core.mesh import AxisName, Mesh
from ..core.primitive import Primitive
from ..core.trace import Trace


class ManualScope(Trace):
    """Interprets nothing itself: it knows the axes of a mesh along which a program is one device's.

    checks: whether it is to be known which values are the same along an axis.
    """

    what = "shard_map"

    def __init__(self, mesh: Mesh, axes: Sequence[AxisName], checks: bool) -> None:
        super().__init__(tracing.current_trace())
        self.mesh = mesh
        self.sizes = {name: mesh.shape[name] for name in axes}
        self.manual = tuple(axes) if checks else ()

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """What is around decides."""
        assert self.parent is not None
        return self.parent.process(primitive, args, params)

    def axis_size(self, name: Any) -> int | None:
        """The size of an axis of the mesh."""
        return self.sizes.get(name)

    def axes(self) -> tuple[Any, ...]:
        """The axes of the mesh, and whether they are checked."""
        return (*self.sizes.items(), self.manual)


def are_mesh_axes(names: Sequence[Any]) -> bool:
    """Whether names are those of axes of a mesh, none of vmap."""
    return all(isinstance(tracing.trace_of_axis(name), ManualScope) for name in names)


@contextmanager
def scope(mesh: Mesh, axes: Sequence[AxisName], checks: bool = False) -> Iterator[None]:
    """Where programs of one device are made and transformed: the mesh's axes have names."""
    with tracing.use(ManualScope(mesh, axes, checks)):
        yield


def scopes() -> list[ManualScope]:
    """Those around, from the inside: the current program is already that of one device."""
    found: list[ManualScope] = []
    trace: Trace | None = tracing.current_trace()
    while trace is not None:
        if isinstance(trace, ManualScope):
            found.append(trace)
        trace = trace.parent
    return found
