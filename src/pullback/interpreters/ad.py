"""Rules of differentiation, and the values that they meet: `jax.interpreters.ad`.

A jvp rule is `rule(primals, tangents, **params) -> (out, tangent)`, a transpose rule
`rule(ct, *args, **params) -> cotangents`; both take and give lists where the operation has several
results. What is zero may come as `Zero`; the arguments in which an operation is transposed come as
`UndefinedPrimal`.
"""

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any

from .. import tree
from ..core.primitive import Linear, Primitive, Zero, registry
from ..core.trace import get_aval
from ..primitives.arithmetic import add_any
from ..transforms.jvp import JVPTrace, JVPTracer, zero_array
from .rules import Rules

__all__ = [
    "JVPTrace",
    "JVPTracer",
    "UndefinedPrimal",
    "Zero",
    "add_jaxvals",
    "add_jaxvals_p",
    "add_tangents",
    "defbilinear",
    "defjvp",
    "defjvp2",
    "deflinear",
    "deflinear2",
    "get_primitive_transpose",
    "instantiate_zeros",
    "is_undefined_primal",
    "primitive_jvps",
    "primitive_transposes",
    "zeros_like_aval",
]

Rule = Callable[..., Any]

UndefinedPrimal = Linear
add_jaxvals, add_jaxvals_p = add_any, registry["add_any"]
zeros_like_aval = zero_array
primitive_jvps = Rules("jvp", "Differentiation")
primitive_transposes = Rules("transpose", "Transposition")

tree.register_node(UndefinedPrimal, lambda x: ((), x.aval), lambda aval, _: UndefinedPrimal(aval))


def is_undefined_primal(x: Any) -> bool:
    """Whether an argument of a transpose rule is one in which the operation is transposed.

    >>> from pullback.interpreters import ad
    >>> ad.is_undefined_primal(pnp.ones(2))
    False
    """
    return type(x) is UndefinedPrimal


def instantiate_zeros(tangent: Any) -> Any:
    """The tangent as an array, where it is `Zero`.

    >>> from pullback.interpreters import ad
    >>> ad.instantiate_zeros(ad.Zero(pb.typeof(np.float32(1))))
    Array(0., dtype=float32)
    """
    return zero_array(tangent.aval) if type(tangent) is Zero else tangent


def add_tangents(x: Any, y: Any) -> Any:
    """The sum of two tangents, each of which may be `Zero`.

    >>> from pullback.interpreters import ad
    >>> ad.add_tangents(ad.Zero(pb.typeof(np.zeros(2, np.float32))), pnp.ones(2))
    Array([1., 1.], dtype=float32)
    """
    if type(x) is Zero:
        return y
    return x if type(y) is Zero else add_any(x, y)


def get_primitive_transpose(p: Primitive) -> Rule:
    """The transpose rule of an operation. NotImplementedError if it has none.

    >>> from pullback.extend.core.primitives import neg_p
    >>> from pullback.interpreters import ad
    >>> callable(ad.get_primitive_transpose(neg_p))
    True
    """
    if p not in primitive_transposes:
        raise NotImplementedError(
            f"{p.name} has no transpose rule, for reverse-mode differentiation"
        )
    return primitive_transposes[p]


def _no_tangent(out: Any) -> Zero:
    return Zero(get_aval(out).tangent())


def deflinear(primitive: Primitive, transpose_rule: Rule) -> None:
    """Make an operation linear in all arguments; `transpose_rule(ct, **params)`.

    >>> from pullback.extend.core import Primitive
    >>> from pullback.interpreters import ad
    >>> twice_p = Primitive("twice")
    >>> twice = twice_p.def_impl(lambda x: 2 * x)
    >>> ad.deflinear(twice_p, lambda ct: [2 * ct])
    >>> pb.jvp(twice_p.bind, (1.0,), (3.0,))[1]
    Array(6., dtype=float32, weak_type=True)
    """
    _linear(primitive, lambda ct, *_args, **params: transpose_rule(ct, **params))


def deflinear2(primitive: Primitive, transpose_rule: Rule) -> None:
    """Make an operation linear in all arguments; `transpose_rule(ct, *args, **params)`.

    >>> from pullback.extend.core import Primitive
    >>> from pullback.interpreters import ad
    >>> thrice_p = Primitive("thrice")
    >>> thrice = thrice_p.def_impl(lambda x: 3 * x)
    >>> ad.deflinear2(thrice_p, lambda ct, x: [3 * ct])
    >>> pb.jvp(thrice_p.bind, (1.0,), (3.0,))[1]
    Array(9., dtype=float32, weak_type=True)
    """
    _linear(primitive, transpose_rule)


def _linear(primitive: Primitive, transpose_rule: Rule) -> None:
    def transpose(ct: Any, *args: Any, **params: Any) -> Any:
        given = ct if primitive.multiple_results else [ct]
        if all(type(c) is Zero for c in given):
            return [Zero(x.aval) if is_undefined_primal(x) else None for x in args]
        return transpose_rule(ct, *args, **params)

    primitive_jvps[primitive] = partial(_linear_jvp, primitive)
    primitive_transposes[primitive] = transpose


def _linear_jvp(
    primitive: Primitive, primals: Sequence[Any], tangents: Sequence[Any], **params: Any
) -> Any:
    out = primitive.bind(*primals, **params)
    if not all(type(t) is Zero for t in tangents):
        return out, primitive.bind(*map(instantiate_zeros, tangents), **params)
    return out, [_no_tangent(o) for o in out] if primitive.multiple_results else _no_tangent(out)


def defjvp(primitive: Primitive, *jvprules: Rule | None) -> None:
    """Set a rule for each argument: `rule(tangent, *primals, **params)`, or None for zero.

    >>> from pullback.extend.core import Primitive
    >>> from pullback.interpreters import ad
    >>> cube_p = Primitive("cube")
    >>> cube = cube_p.def_impl(lambda x: x * x * x)
    >>> ad.defjvp(cube_p, lambda t, x: 3 * x * x * t)
    >>> pb.jvp(cube_p.bind, (2.0,), (1.0,))[1]
    Array(12., dtype=float32, weak_type=True)
    """
    assert not primitive.multiple_results

    def jvp(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
        out = primitive.bind(*primals, **params)
        return out, _summed(jvprules, tangents, out, *primals, **params)

    primitive_jvps[primitive] = jvp


def defjvp2(primitive: Primitive, *jvprules: Rule | None) -> None:
    """As `defjvp`, for rules that take the result too: `rule(tangent, out, *primals, **params)`.

    >>> from pullback.extend.core import Primitive
    >>> from pullback.interpreters import ad
    >>> root_p = Primitive("root")
    >>> root = root_p.def_impl(lambda x: pnp.sqrt(x))
    >>> ad.defjvp2(root_p, lambda t, out, x: t / (2 * out))
    >>> pb.jvp(root_p.bind, (4.0,), (1.0,))[1]
    Array(0.25, dtype=float32, weak_type=True)
    """
    assert not primitive.multiple_results

    def jvp(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
        out = primitive.bind(*primals, **params)
        return out, _summed(jvprules, tangents, out, out, *primals, **params)

    primitive_jvps[primitive] = jvp


def _summed(
    rules: Sequence[Rule | None], tangents: Sequence[Any], out: Any, *args: Any, **params: Any
) -> Any:
    """What the rules of the arguments whose tangents are not zero give, together."""
    found = [
        rule(t, *args, **params)
        for rule, t in zip(rules, tangents, strict=True)
        if rule is not None and type(t) is not Zero
    ]
    return reduce(add_tangents, found, _no_tangent(out))


def defbilinear(prim: Primitive, lhs_rule: Rule, rhs_rule: Rule) -> None:
    """Make an operation linear in each of two arguments: `lhs_rule(ct, x, y)`, `rhs_rule(...)`.

    >>> from pullback.extend.core import Primitive
    >>> from pullback.interpreters import ad
    >>> product_p = Primitive("product")
    >>> product = product_p.def_impl(lambda x, y: x * y)
    >>> ad.defbilinear(product_p, lambda ct, x, y: ct * y, lambda ct, x, y: ct * x)
    >>> pb.jvp(product_p.bind, (2.0, 3.0), (1.0, 0.0))[1]
    Array(3., dtype=float32, weak_type=True)
    """

    def transpose(ct: Any, x: Any, y: Any, **params: Any) -> Any:
        assert is_undefined_primal(x) is not is_undefined_primal(y)
        if type(ct) is Zero:
            return [Zero(a.aval) if is_undefined_primal(a) else None for a in (x, y)]
        if is_undefined_primal(x):
            return lhs_rule(ct, x, y, **params), None
        return None, rhs_rule(ct, x, y, **params)

    defjvp(
        prim,
        lambda t, _x, y, **params: prim.bind(t, y, **params),
        lambda t, x, _y, **params: prim.bind(x, t, **params),
    )
    primitive_transposes[prim] = transpose
