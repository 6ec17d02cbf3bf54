"""JAX's programs as Pullback's data, so that what holds programs can be compared with JAX."""

from typing import Any

import numpy as np
from jax.extend import core as jax_core

from pullback.core.aval import ShapedArray
from pullback.core.ir import Atom, Jaxpr, JaxprEqn, Literal, Var
from pullback.core.primitive import Primitive, registry
from pullback.dtypes import key_fry

# Parameters that JAX does not print where they have these values, or never.
NEVER = object()
HIDDEN: dict[str, dict[str, Any]] = {
    "mul": {"out_dtype": None},
    "convert_element_type": {"sharding": NEVER},
    "broadcast_in_dim": {"shape": NEVER, "sharding": NEVER, "broadcast_dimensions": ()},
    "dot_general": {"precision": None, "preferred_element_type": None, "out_sharding": NEVER},
    "custom_jvp_call": {"num_consts": 0},
    "custom_vjp_call": {"num_consts": 0, "out_trees": NEVER},
    **{f: {"accuracy": None} for f in "exp exp2 log log1p expm1 sin cos tan tanh sqrt".split()},
    **{f: {"accuracy": None} for f in "rsqrt cbrt logistic".split()},
}
# What JAX prints of a jit whose other parameters are left alone.
CALL = ("name", "jaxpr")
CUSTOM = ("custom_jvp_call", "custom_vjp_call")

_primitives: dict[str, Primitive] = {}


def primitive(name: str) -> Primitive:
    """A primitive that is a name only. It is not registered, so it hides no real one."""
    if name not in _primitives:
        kept = registry.pop(name, None)
        _primitives[name] = Primitive(name, multiple_results=True, higher=True)
        del registry[name]
        if kept is not None:
            registry[name] = kept
        if name == "jit":
            _primitives[name].def_show(lambda params: (params, params["jaxpr"]))
        if name in CUSTOM:
            _primitives[name].def_show(lambda params: (params, None))
    return _primitives[name]


class FromJax:
    """Converts one JAX program; programs that are one object stay one."""

    def __init__(self) -> None:
        self.programs: dict[int, Jaxpr] = {}
        self.vars: dict[Any, Var] = {}

    def aval(self, aval: Any) -> ShapedArray:
        """A type."""
        dtype = key_fry if str(aval.dtype) == "key<fry>" else aval.dtype
        return ShapedArray(aval.shape, dtype, getattr(aval, "weak_type", False))

    def atom(self, atom: Any) -> Atom:
        """A variable or literal."""
        if isinstance(atom, jax_core.Literal):
            return Literal(np.asarray(atom.val)[()], self.aval(atom.aval))
        if atom not in self.vars:
            self.vars[atom] = Var(self.aval(atom.aval))
        return self.vars[atom]

    def program(self, jaxpr: Any) -> Jaxpr:
        """A program."""
        jaxpr = getattr(jaxpr, "jaxpr", jaxpr)
        if id(jaxpr) not in self.programs:
            parts = (jaxpr.constvars, jaxpr.invars, jaxpr.outvars)
            constvars, invars, outvars = ([self.atom(v) for v in part] for part in parts)
            eqns = [self.eqn(e) for e in jaxpr.eqns]
            self.programs[id(jaxpr)] = Jaxpr(constvars, invars, outvars, eqns)
        return self.programs[id(jaxpr)]

    def eqn(self, eqn: Any) -> JaxprEqn:
        """An equation."""
        ins, outs = ([self.atom(v) for v in part] for part in (eqn.invars, eqn.outvars))
        params = {k: self.param(v) for k, v in self.printed(eqn)}
        return JaxprEqn(primitive(eqn.primitive.name), ins, outs, params)

    def printed(self, eqn: Any) -> Any:
        """The parameters that JAX prints."""
        name, params = eqn.primitive.name, dict(eqn.params)
        if name == "jit":
            return [(k, params[k]) for k in CALL]
        if name in CUSTOM:
            params = _custom_params(params)
        if name == "dot_general":
            params["dimension_numbers"] = tuple(
                tuple(list(axes) for axes in pair) for pair in params["dimension_numbers"]
            )
        hidden = HIDDEN.get(name, {})
        keep = [k for k in params if not (k in hidden and hidden[k] in (NEVER, params[k]))]
        return [(k, params[k]) for k in keep]

    def param(self, value: Any) -> Any:
        """A parameter."""
        if isinstance(value, jax_core.Jaxpr | jax_core.ClosedJaxpr):
            return self.program(value)
        if (
            type(value) is tuple
            and value
            and all(isinstance(v, jax_core.ClosedJaxpr) for v in value)
        ):
            return tuple(self.program(v) for v in value)
        return value


def _custom_params(params: dict[str, Any]) -> dict[str, Any]:
    """The functions of a custom rule by their names, its own name first."""
    renamed = {"jvp_jaxpr_fun": "jvp", "fwd_jaxpr_thunk": "fwd", "bwd": "bwd"}
    shown = {
        renamed.get(k, k): v.debug_info.func_name if k in renamed else v for k, v in params.items()
    }
    name = params["call_jaxpr"].jaxpr.debug_info.func_name
    return {"name": name, **dict(sorted(shown.items()))}


def from_jax(closed: Any) -> Jaxpr:
    """Pullback's form of a program of JAX's, for printing: rules are missing."""
    return FromJax().program(closed)
