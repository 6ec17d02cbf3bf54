"""A program as a function of JAX: each operation is JAX's of the same name."""

from collections.abc import Callable
from typing import Any

import jax
from jax import lax
from jax.extend.core import primitives

from pullback.core.ir import Jaxpr, JaxprEqn, Literal

# Parameters that exist in JAX only.
MORE: dict[str, dict[str, Any]] = {
    "mul": {"out_dtype": None},
    "iota": {"sharding": None},
    "reshape": {"sharding": None},
    "reduce_sum": {"out_sharding": None},
    "dot_general": {"out_sharding": None},
    "broadcast_in_dim": {"sharding": None},
    "convert_element_type": {"sharding": None},
    **{f: {"accuracy": None} for f in "exp exp2 log log1p expm1 sin cos tan tanh sqrt".split()},
    **{f: {"accuracy": None} for f in "rsqrt cbrt logistic".split()},
}


def function(jaxpr: Jaxpr) -> Callable[..., list[Any]]:
    """The program in JAX."""

    def run(*args: Any) -> list[Any]:
        env = dict(zip(jaxpr.invars, args, strict=True))

        def read(atom: Any) -> Any:
            return atom.val if isinstance(atom, Literal) else env[atom]

        for eqn in jaxpr.eqns:
            outs = apply(eqn, [read(v) for v in eqn.invars])
            env.update(zip(eqn.outvars, outs, strict=True))
        return [jax.numpy.asarray(read(v)) for v in jaxpr.outvars]

    return run


def apply(eqn: JaxprEqn, args: list[Any]) -> list[Any]:
    """The results of one operation."""
    name = eqn.primitive.name
    if name in FUNCTIONS:
        return list(FUNCTIONS[name](args, **eqn.params))
    outs = primitive(name).bind(*args, **eqn.params, **MORE.get(name, {}))
    return list(outs) if eqn.primitive.multiple_results else [outs]


def primitive(name: str) -> Any:
    """The operation of that name."""
    found = getattr(lax, name + "_p", None) or getattr(primitives, name + "_p", None)
    assert found is not None, name
    return found


def _gather(args: Any, *, dimension_numbers: Any, mode: Any, **params: Any) -> list[Any]:
    n = dimension_numbers
    numbers = lax.GatherDimensionNumbers(
        n.offset_dims, n.collapsed_slice_dims, n.start_index_map,
        n.operand_batching_dims, n.start_indices_batching_dims,
    )  # fmt: skip
    return [lax.gather(*args, numbers, mode=lax.GatherScatterMode[mode.name], **params)]


def _scatter(f: Any) -> Any:
    def run(args: Any, *, dimension_numbers: Any, mode: Any, **params: Any) -> list[Any]:
        n = dimension_numbers
        numbers = lax.ScatterDimensionNumbers(
            n.update_window_dims, n.inserted_window_dims, n.scatter_dims_to_operand_dims,
            n.operand_batching_dims, n.scatter_indices_batching_dims,
        )  # fmt: skip
        known = {k: params[k] for k in ("indices_are_sorted", "unique_indices")}
        return [f(*args, numbers, mode=lax.GatherScatterMode[mode.name], **known)]

    return run


def _scan(args: Any, **params: Any) -> Any:
    nc, nk = params["num_consts"], params["num_carry"]
    consts, init, xs = args[:nc], args[nc : nc + nk], args[nc + nk :]
    body = function(params["jaxpr"])

    def step(carry: Any, x: Any) -> Any:
        outs = body(*consts, *carry, *x)
        return outs[:nk], outs[nk:]

    last, ys = lax.scan(step, init, xs, length=params["length"], reverse=params["reverse"])
    return [*last, *ys]


def _while(args: Any, **params: Any) -> Any:
    nc, nb = params["cond_nconsts"], params["body_nconsts"]
    check, body = function(params["cond_jaxpr"]), function(params["body_jaxpr"])
    return lax.while_loop(
        lambda c: check(*args[:nc], *c)[0],
        lambda c: body(*args[nc : nc + nb], *c),
        args[nc + nb :],
    )


def _conv(args: Any, *, dimension_numbers: Any, **params: Any) -> list[Any]:
    numbers = lax.ConvDimensionNumbers(*dimension_numbers)
    return [lax.conv_general_dilated(*args, dimension_numbers=numbers, **params)]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add_any": lambda args: [lax.add(*args)],
    "conj": lambda args, **_: [lax.conj(*args)],
    "conv_general_dilated": _conv,
    "gather": _gather,
    "scatter": _scatter(lax.scatter),
    "scatter-add": _scatter(lax.scatter_add),
    "scatter-sub": _scatter(lax.scatter_sub),
    "scatter-mul": _scatter(lax.scatter_mul),
    "scatter-min": _scatter(lax.scatter_min),
    "scatter-max": _scatter(lax.scatter_max),
    "round": lambda args, rounding_method: [
        lax.round(*args, lax.RoundingMethod[rounding_method.name])
    ],
    "optimization_barrier": lambda args: lax.optimization_barrier(args),
    "jit": lambda args, jaxpr, name: jax.jit(function(jaxpr))(*args),
    "checkpoint": lambda args, jaxpr, **_: jax.checkpoint(function(jaxpr))(*args),
    "cond": lambda args, branches: lax.switch(args[0], [function(b) for b in branches], *args[1:]),
    "scan": _scan,
    "while": _while,
}
