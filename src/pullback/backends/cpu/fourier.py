"""fft: one call of the runtime, which reads operands of any strides."""

from ...core.ir import JaxprEqn
from ...primitives import fft as pf
from .build import Builder
from .fallback import callback
from .loops import Call, Operand
from .values import Value


def fft(b: Builder, eqn: JaxprEqn, ins: list[Value]) -> list[Value]:
    """The call, unless there is nothing to transform."""
    (var,), (out,) = eqn.invars, eqn.outvars
    if out.aval.size and not var.aval.size:
        return callback(b, eqn, ins)
    view = b.destination(out)
    if out.aval.size:
        x = b.operand(ins[0])
        plan = pf.plan(var.aval, **eqn.params, strides=x.strides, out_strides=view.strides)
        to = Operand(view.buffer, view.offset, out.aval.shape, view.strides)
        b.block.append(Call("fourier", plan, (x,), (to,)))
    return [b.standing(view, out.aval)]


EAGER = {"fft": fft}
