"""Operations without a form in XLA: their NumPy value, called back from the compiled program."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ....core.ir import JaxprEqn
from ..builder import ORDER, Builder
from ..hlo import Tensor, Value, held_as, tensor
from .divided import everywhere

# The custom calls that run a Python function, by platform.
TARGETS = {"cpu": "xla_ffi_python_cpu_callback", "cuda": "xla_ffi_python_gpu_callback"}


def call_back(
    b: Builder,
    what: str,
    f: Callable[..., Sequence[np.ndarray]],
    args: Sequence[Value],
    types: Sequence[Tensor],
    effect: bool = False,
) -> list[Value]:
    """Call a function of NumPy arrays: one of those that the program is loaded with."""
    if b.module.platform not in TARGETS:
        raise NotImplementedError(
            f"{what}: a program on {b.module.platform} cannot call functions of NumPy arrays; run"
            ' it on "cpu" or "cuda", or take the operation out of the compiled function'
        )
    callbacks = b.module.callbacks
    callbacks.append(_checked(f, tuple(types)))
    if not effect:
        return _python_call(b, args, types, len(callbacks) - 1, False)
    callbacks[-1] = _in_order(callbacks[-1])
    before = [*args, b.ordering()]
    held = b.op("optimization_barrier", before, [a.type for a in before])
    *outs, b.order = _python_call(b, held, [*types, ORDER], len(callbacks) - 1, True)
    return outs


def _python_call(
    b: Builder, args: Sequence[Value], types: Sequence[Tensor], index: int, effect: bool
) -> list[Value]:
    alone = _once(b, len(types))
    outs = b.op(
        "custom_call",
        args,
        types,
        call_target_name=f'"{TARGETS[b.module.platform]}"',
        has_side_effect="true" if effect else "false",
        api_version="4 : i32",
        backend_config=f"{{index = {index} : ui64}}",
        operand_layouts=_layouts([a.type for a in args]),
        result_layouts=_layouts(types),
        **alone,
    )
    return [everywhere(b, o) for o in outs] if alone else outs


def _once(b: Builder, count: int) -> dict[str, str]:
    """What lets one of several devices call, on whole values; each does in a `shard_map`."""
    if not b.module.devices or b.manual:
        return {}
    place = f"<@{b.module.first_device()}, []>"
    listed = ", ".join([place] * max(count, 1))
    return {"sdy.sharding": f"#sdy.sharding_per_value<[{listed}]>"}


def _layouts(types: Sequence[Tensor]) -> str:
    """Row-major layouts."""
    return f"[{', '.join([_row_major(len(t.shape)) for t in types])}]"


def _row_major(ndim: int) -> str:
    if ndim == 0:
        return "dense<> : tensor<0xindex>"
    return f"dense<{list(range(ndim))[::-1]}> : tensor<{ndim}xindex>"


def _checked(
    f: Callable[..., Sequence[np.ndarray]], types: tuple[Tensor, ...]
) -> Callable[..., tuple[np.ndarray, ...]]:
    """The function with results of the types that the program reserved memory for."""

    def run(*args: np.ndarray) -> tuple[np.ndarray, ...]:
        outs = tuple([np.ascontiguousarray(o) for o in f(*args)])
        assert [Tensor(o.shape, o.dtype) for o in outs] == list(types), (outs, types)
        return outs

    return run


def _in_order(f: Callable[..., tuple[np.ndarray, ...]]) -> Callable[..., tuple[np.ndarray, ...]]:
    """The function with one more operand and result, which say what comes before what."""
    return lambda *args: (*f(*args[:-1]), np.zeros((), bool))


def on_the_host(b: Builder, eqn: JaxprEqn, ins: Sequence[Value]) -> list[Value]:
    """An operation by its NumPy value."""
    types = [tensor(v.aval) for v in eqn.outvars]
    p = eqn.primitive
    return call_back(b, p.name, value_function(eqn), ins, types, p.effect is not None)


def value_function(eqn: JaxprEqn) -> Callable[..., Sequence[np.ndarray]]:
    """The value rule with the equation's parameters, on arrays as XLA holds them."""
    rule, params, many = eqn.primitive.value, eqn.params, eqn.primitive.multiple_results
    dtypes_in = [v.aval.dtype for v in eqn.invars]
    avals_out = [v.aval for v in eqn.outvars]

    def run(*args: Any) -> Sequence[np.ndarray]:
        values = [_unpacked(np.asarray(a), d) for a, d in zip(args, dtypes_in, strict=True)]
        out = rule(*values, **params)
        outs = out if many else [out]
        return [held_as(np.asarray(o, a.dtype)) for o, a in zip(outs, avals_out, strict=True)]

    return run


def _unpacked(x: np.ndarray, dtype: Any) -> np.ndarray:
    """An array of a dtype from the one that holds it."""
    if x.dtype == dtype:
        return x
    if dtype.itemsize == 0:
        return np.zeros(x.shape, dtype)
    return np.ascontiguousarray(x).view(dtype)[..., 0]
