"""Operations as they run alone: positions become operands, so that one program serves all."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.primitive import Primitive
from ...primitives.dynamic import dynamic_slice_p

Operation = tuple[Primitive, Sequence[Any], dict[str, Any]]


def _slice(primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Operation:
    """x[a:b] is x[a : a + n] for a traced a, unless it has steps."""
    starts, limits = params["start_indices"], params["limit_indices"]
    if params["strides"] is not None and set(params["strides"]) != {1}:
        return primitive, args, params
    sizes = tuple([b - a for a, b in zip(starts, limits, strict=True)])
    return dynamic_slice_p, (*args, *map(np.int32, starts)), {"slice_sizes": sizes}


FORMS: dict[str, Callable[[Primitive, Sequence[Any], dict[str, Any]], Operation]] = {
    "slice": _slice,
}
