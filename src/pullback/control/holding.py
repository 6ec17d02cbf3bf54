"""Operations that hold programs. Interpreters that users write may give them closed programs."""

from typing import Any

from ..core.ir import ClosedJaxpr, Jaxpr
from ..core.memo import weak_memo
from ..core.primitive import Primitive
from ..core.stage import hoist
from ..transforms.program import holding


class HoldingPrimitive(Primitive):
    """An operation whose parameters are programs; values that these captured are constants of them.

    >>> (eqn,) = pb.make_jaxpr(pb.jit(pnp.sin))(1.0).eqns
    >>> other = pb.make_jaxpr(lambda x: x * np.arange(2.0))(1.0)
    >>> eqn.primitive.bind(2.0, **{**eqn.params, "jaxpr": other})
    [Array([0., 2.], dtype=float32)]
    """

    __slots__ = ()

    def __init__(self, name: str) -> None:
        super().__init__(name, multiple_results=True, higher=True)

    def bind(self, *args: Any, **params: Any) -> Any:
        """Apply the operation under the current trace."""
        return super().bind(*args, **{name: opened(value) for name, value in params.items()})


def opened(param: Any) -> Any:
    """A parameter whose programs capture nothing."""
    if isinstance(param, ClosedJaxpr):
        return _holding_all(param) if param.consts else param.jaxpr
    if type(param) is tuple and any(isinstance(p, ClosedJaxpr) for p in param):
        return tuple(map(opened, param))
    return param


@weak_memo
def _holding_all(closed: ClosedJaxpr) -> Jaxpr:
    return holding(hoist(closed.jaxpr), closed.consts)
