"""Operations applied by compiling them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from ..core.primitive import Primitive
from ..jit import jit

__all__ = ["apply_primitive"]


def apply_primitive(prim: Primitive, *args: Any, **params: Any) -> Any:
    """One operation on arrays, compiled: for `def_impl(partial(apply_primitive, prim))`.

    >>> from pullback.extend.core.primitives import neg_p
    >>> pb.interpreters.xla.apply_primitive(neg_p, pnp.ones(2))
    Array([-1., -1.], dtype=float32)
    """
    assert getattr(prim, "lowering", prim) is not None, f"{prim.name} has no lowering"
    return _compiled(prim, tuple(params.items()))(*args)


@cache
def _compiled(prim: Primitive, params: Sequence[tuple[str, Any]]) -> Any:
    def apply(*args: Any) -> Any:
        return prim.bind(*args, **dict(params))

    apply.__name__ = prim.name
    return jit(apply)
