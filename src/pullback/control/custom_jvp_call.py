"""custom_jvp_call_p: a call whose forward derivative is a function of (primals, tangents)."""

from collections.abc import Sequence
from typing import Any

from ..core.primitive import Zero
from ..transforms.jvp import instantiate_zeros
from .custom_batch import Batch, BatchedCall, BatchedJvp, is_unbatched
from .custom_call import check_captured, check_results, define
from .custom_capture import CapturedJvp

custom_jvp_call_p = define("custom_jvp_call", "jvp", CapturedJvp)


@custom_jvp_call_p.def_jvp
def _(
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    call: Any,
    jvp: Any,
    num_consts: int,
    symbolic_zeros: bool,
) -> Any:
    check_captured("custom_jvp", [type(t) is not Zero for t in tangents[:num_consts]])
    own = list(tangents[num_consts:])
    given = own if symbolic_zeros else instantiate_zeros(own)
    outs, changes = jvp(primals, [*tangents[:num_consts], *given])
    check_results("custom_jvp", call, outs)
    return outs, changes


@custom_jvp_call_p.def_batch
def _(
    args: Sequence[Any],
    dims: Sequence[Any],
    *,
    axis: Any,
    tag: object,
    call: Any,
    jvp: Any,
    num_consts: int,
    symbolic_zeros: bool,
) -> Any:
    if is_unbatched(call, dims, axis[0]):
        params = {"call": call, "jvp": jvp, "num_consts": num_consts}
        outs = custom_jvp_call_p.bind(*args, **params, symbolic_zeros=symbolic_zeros)
        return outs, [None] * len(outs)
    batch = Batch(dims, axis, tag)
    outs = custom_jvp_call_p.bind(
        *args,
        call=BatchedCall(call, batch),
        jvp=BatchedJvp(jvp, batch),
        num_consts=num_consts,
        symbolic_zeros=symbolic_zeros,
    )
    return outs, [batch.out_dim] * len(outs)
