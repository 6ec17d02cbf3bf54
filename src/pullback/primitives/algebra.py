"""Local identities: what an operation on special inputs can be replaced by, to the bit.

Each rule takes an equation and `definition`, which gives the equation behind an input; it returns
an equation, an input, or None. x + 0 is no identity of floats (-0 + 0 is 0), and x * 0 is none.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..core.aval import make_aval
from ..core.ir import Atom, JaxprEqn, Literal
from ..core.primitive import Primitive
from ..core.structure import literal_key
from .arithmetic import add_p, div_p, mul_p, neg_p, sub_p
from .bitwise import and_p, not_p, or_p, xor_p
from .complex import complex_p, imag_p, real_p
from .convert import convert_element_type_p
from .magnitude import abs_p, max_p, min_p
from .nary import add_any_p
from .pieces import concatenate_p, pad_p, rev_p, slice_p
from .power import integer_pow_p, square_p
from .select import select_n_p
from .shape import broadcast_in_dim_p, reshape_p, squeeze_p, transpose_p

Definition = Callable[[Atom], JaxprEqn | None]
Result = Atom | JaxprEqn | None
Rule = Callable[[JaxprEqn, Definition], Result]


def kind(atom: Atom) -> str:
    """The family of an input's dtype."""
    return dtypes.kind(atom.aval.dtype)


def argument(atom: Atom, primitive: Primitive, definition: Definition) -> Atom | None:
    """x where the input is primitive(x)."""
    eqn = definition(atom)
    return eqn.invars[0] if eqn is not None and eqn.primitive is primitive else None


def number(atom: Atom, definition: Definition) -> Any:
    """The real number that every element of an input is, or None."""
    while not isinstance(atom, Literal):
        eqn = definition(atom)
        if eqn is None or eqn.primitive not in (broadcast_in_dim_p, reshape_p):
            return None
        atom = eqn.invars[0]
    return atom.val if kind(atom) in ("bool", "signed", "unsigned", "float") else None


def is_number(atom: Atom, value: float, definition: Definition) -> bool:
    """Whether an input is this number; the zeros of floats differ."""
    found = number(atom, definition)
    if found is None or not found == value:
        return False
    return kind(atom) != "float" or math.copysign(1, float(found)) == math.copysign(1, value)


def same(x: Atom, y: Atom) -> bool:
    """Whether two inputs are one value."""
    if isinstance(x, Literal) and isinstance(y, Literal):
        return literal_key(x) == literal_key(y)
    return x is y


def rewritten(eqn: JaxprEqn, primitive: Primitive, *invars: Atom, **params: Any) -> JaxprEqn:
    """The equation with another operation, inputs and parameters."""
    return eqn.replace(primitive=primitive, invars=list(invars), params=params)


def neutral(value: float) -> Rule:
    """x * value = value * x = x."""

    def rule(eqn: JaxprEqn, definition: Definition) -> Result:
        x, y = eqn.invars
        if is_number(y, value, definition):
            return x
        return y if is_number(x, value, definition) else None

    return rule


def right_neutral(value: float) -> Rule:
    """x - value = x."""

    def rule(eqn: JaxprEqn, definition: Definition) -> Result:
        return eqn.invars[0] if is_number(eqn.invars[1], value, definition) else None

    return rule


def zero_neutral(eqn: JaxprEqn, definition: Definition) -> Result:
    """x + 0 = x of integers, x + -0 = x of floats."""
    return neutral(-0.0 if kind(eqn.invars[0]) == "float" else 0)(eqn, definition)


def idempotent(eqn: JaxprEqn, definition: Definition) -> Result:
    """x & x = x."""
    return eqn.invars[0] if same(*eqn.invars) else None


def involution(eqn: JaxprEqn, definition: Definition) -> Result:
    """-(-x) = x."""
    return argument(eqn.invars[0], eqn.primitive, definition)


def plus_negative(eqn: JaxprEqn, definition: Definition) -> Result:
    """x + -y = x - y and -x + y = y - x."""
    x, y = eqn.invars
    minus_x, minus_y = argument(x, neg_p, definition), argument(y, neg_p, definition)
    if minus_y is not None:
        return rewritten(eqn, sub_p, x, minus_y)
    return None if minus_x is None else rewritten(eqn, sub_p, y, minus_x)


def minus_negative(eqn: JaxprEqn, definition: Definition) -> Result:
    """x - -y = x + y."""
    y = argument(eqn.invars[1], neg_p, definition)
    return None if y is None else rewritten(eqn, add_p, eqn.invars[0], y)


def zero_minus(eqn: JaxprEqn, definition: Definition) -> Result:
    """0 - y = -y of integers, -0 - y = -y of floats."""
    x, y = eqn.invars
    zero = -0.0 if kind(x) == "float" else 0
    whole = y.aval.shape == eqn.outvars[0].aval.shape
    return rewritten(eqn, neg_p, y) if whole and is_number(x, zero, definition) else None


def negatives_cancel(eqn: JaxprEqn, definition: Definition) -> Result:
    """-x * -y = x * y."""
    x, y = (argument(v, neg_p, definition) for v in eqn.invars)
    return None if x is None or y is None else eqn.replace(invars=[x, y])


def with_number(eqn: JaxprEqn, definition: Definition) -> tuple[Atom, Any] | None:
    """(x, c) where the equation is x * c or c * x, c a number and x of the result's shape."""
    x, y = eqn.invars
    if kind(x) not in ("float", "signed", "unsigned"):
        return None
    for a, b in ((x, y), (y, x)):
        value = number(b, definition)
        if value is not None and a.aval.shape == eqn.outvars[0].aval.shape:
            return a, value
    return None


def constant(value: Any, eqn: JaxprEqn) -> Literal:
    """A literal of the dtype and weakness of the equation's result."""
    aval = eqn.outvars[0].aval
    scalar = make_aval(aval.dtype, (), aval.weak_type)
    return Literal(np.asarray(value, aval.dtype)[()], scalar)


def times_minus_one(eqn: JaxprEqn, definition: Definition) -> Result:
    """x * -1 = -x."""
    found = with_number(eqn, definition)
    if found is None or kind(found[0]) == "unsigned" or found[1] != -1:
        return None
    return rewritten(eqn, neg_p, found[0])


def negative_times_number(eqn: JaxprEqn, definition: Definition) -> Result:
    """-x * c = x * -c."""
    found = with_number(eqn, definition)
    x = None if found is None else argument(found[0], neg_p, definition)
    if found is None or x is None:
        return None
    with np.errstate(all="ignore"):
        return rewritten(eqn, mul_p, x, constant(np.negative(found[1]), eqn))


def product_times_number(eqn: JaxprEqn, definition: Definition) -> Result:
    """(x * a) * b = x * (a * b), where a * b is exact in every use: integers, powers of two."""
    outer = with_number(eqn, definition)
    inner = None if outer is None else definition(outer[0])
    if outer is None or inner is None or inner.primitive is not mul_p:
        return None
    found = with_number(inner, definition)
    if found is None or not (scales_exactly(found[1]) and scales_exactly(outer[1])):
        return None
    with np.errstate(all="ignore"):
        product = np.multiply(found[1], outer[1])
    if not np.isfinite(product):
        return None
    return rewritten(eqn, mul_p, found[0], constant(product, eqn))


def scales_exactly(value: Any) -> bool:
    """Integers wrap; floats round nothing when the factor is a power of two of at least 1."""
    if np.asarray(value).dtype.kind in "iu":
        return True
    size = abs(float(value))
    return 1 <= size < math.inf and math.frexp(size)[0] == 0.5


def by_power_of_two(eqn: JaxprEqn, definition: Definition) -> Result:
    """x / c = x * (1 / c), where 1 / c is exact: powers of two whose inverse is not subnormal."""
    x, y = eqn.invars
    value = number(y, definition)
    if value is None or kind(x) != "float" or x.aval.shape != eqn.outvars[0].aval.shape:
        return None
    size = abs(float(value))
    if not 0 < size < math.inf or math.frexp(size)[0] != 0.5:
        return None
    info = dtypes.info(x.aval.dtype)
    if not float(info.smallest_normal) <= 1 / size <= float(info.max):
        return None
    return rewritten(eqn, mul_p, x, constant(1 / float(value), eqn))


def even(eqn: JaxprEqn, definition: Definition) -> Result:
    """|-x| = |x|."""
    x = argument(eqn.invars[0], neg_p, definition)
    return None if x is None or kind(x) == "complex" else eqn.replace(invars=[x])


def square_of_self(eqn: JaxprEqn, definition: Definition) -> Result:
    """x^2 = x * x."""
    (x,) = eqn.invars
    return rewritten(eqn, mul_p, x, x) if kind(x) != "complex" else None


def small_power(eqn: JaxprEqn, definition: Definition) -> Result:
    """x^1 = x and x^2 = x * x."""
    if eqn.params["y"] == 1:
        return eqn.invars[0]
    return square_of_self(eqn, definition) if eqn.params["y"] == 2 else None


def one_case(eqn: JaxprEqn, definition: Definition) -> Result:
    """select(p, x, x) = x, and select of a known case is that case."""
    which, *cases = eqn.invars
    if all(same(c, cases[0]) for c in cases):
        return cases[0]
    known = number(which, definition)
    return None if known is None else cases[min(max(int(known), 0), len(cases) - 1)]


def select_of_not(eqn: JaxprEqn, definition: Definition) -> Result:
    """select(not p, x, y) = select(p, y, x)."""
    which, *cases = eqn.invars
    p = argument(which, not_p, definition)
    if p is None or kind(p) != "bool" or len(cases) != 2:
        return None
    return eqn.replace(invars=[p, *reversed(cases)])


def same_dtype(eqn: JaxprEqn, definition: Definition) -> Result:
    """A conversion to the dtype that the input has."""
    (x,) = eqn.invars
    return x if x.aval == eqn.outvars[0].aval else None


def through_wider(eqn: JaxprEqn, definition: Definition) -> Result:
    """A conversion by way of a dtype that holds every value of the first."""
    x = argument(eqn.invars[0], convert_element_type_p, definition)
    if x is None or not holds(x.aval.dtype, eqn.invars[0].aval.dtype):
        return None
    return eqn.replace(invars=[x])


def holds(dtype: dtypes.DType, wider: dtypes.DType) -> bool:
    """Whether one dtype is the other, or a larger one of the same family has all its values."""
    if dtype == wider or dtypes.kind(dtype) == "bool":
        return True
    family = dtypes.kind(dtype)
    if family not in ("signed", "unsigned", "float") or dtypes.kind(wider) != family:
        return False
    if dtype.itemsize >= wider.itemsize:
        return False
    a, b = dtypes.info(dtype), dtypes.info(wider)
    if family == "float":
        return bool(a.nmant <= b.nmant and a.maxexp <= b.maxexp and a.minexp >= b.minexp)
    return bool(a.min >= b.min and a.max <= b.max)


def composed_transpose(eqn: JaxprEqn, definition: Definition) -> Result:
    """The identity permutation, and a permutation after a permutation."""
    (y,) = eqn.invars
    outer = eqn.params["permutation"]
    if outer == tuple(range(len(outer))):
        return y
    inner = definition(y)
    if inner is None or inner.primitive is not transpose_p:
        return None
    both = tuple(inner.params["permutation"][p] for p in outer)
    return rewritten(eqn, transpose_p, inner.invars[0], permutation=both)


def reshape_once(eqn: JaxprEqn, definition: Definition) -> Result:
    """A reshape after something that keeps the order of the elements."""
    (y,) = eqn.invars
    if y.aval.shape == eqn.outvars[0].aval.shape:
        return y
    inner = definition(y)
    if inner is None or inner.primitive not in (reshape_p, squeeze_p):
        return None
    return eqn.replace(invars=inner.invars)


def same_shape(eqn: JaxprEqn, definition: Definition) -> Result:
    """Operations that would change the shape, and do not: a slice is then of everything."""
    (x, *_) = eqn.invars
    return x if x.aval.shape == eqn.outvars[0].aval.shape else None


def broadcast_once(eqn: JaxprEqn, definition: Definition) -> Result:
    """A broadcast of a broadcast."""
    inner = definition(eqn.invars[0])
    if inner is None or inner.primitive is not broadcast_in_dim_p:
        return None
    outer = eqn.params["broadcast_dimensions"]
    both = tuple(outer[d] for d in inner.params["broadcast_dimensions"])
    params = {**eqn.params, "broadcast_dimensions": both}
    return eqn.replace(invars=inner.invars, params=params)


def squeeze_of_broadcast(eqn: JaxprEqn, definition: Definition) -> Result:
    """Axes that a broadcast added and a squeeze takes away."""
    inner = definition(eqn.invars[0])
    if inner is None or inner.primitive is not broadcast_in_dim_p:
        return None
    dropped, dims = eqn.params["dimensions"], inner.params["broadcast_dimensions"]
    if set(dropped) & set(dims):
        return None
    moved = tuple(d - sum(k < d for k in dropped) for d in dims)
    shape = eqn.outvars[0].aval.shape
    x = inner.invars[0]
    return rewritten(eqn, broadcast_in_dim_p, x, shape=shape, broadcast_dimensions=moved)


def reversed_twice(eqn: JaxprEqn, definition: Definition) -> Result:
    """rev(rev(x)) = x."""
    inner = definition(eqn.invars[0])
    again = inner is not None and inner.primitive is rev_p and inner.params == eqn.params
    return inner.invars[0] if inner is not None and again else None


def no_padding(eqn: JaxprEqn, definition: Definition) -> Result:
    """A padding by nothing."""
    nothing = all(p == (0, 0, 0) for p in eqn.params["padding_config"])
    return eqn.invars[0] if nothing else None


def one_piece(eqn: JaxprEqn, definition: Definition) -> Result:
    """A concatenation of one array."""
    return eqn.invars[0] if len(eqn.invars) == 1 else None


def part(place: int) -> Rule:
    """A part of a number that was put together from its parts."""

    def rule(eqn: JaxprEqn, definition: Definition) -> Result:
        whole = definition(eqn.invars[0])
        if whole is None or whole.primitive is not complex_p:
            return None
        found = whole.invars[place]
        return found if found.aval == eqn.outvars[0].aval else None

    return rule


def parts_of_one(eqn: JaxprEqn, definition: Definition) -> Result:
    """Both parts of one number, put together."""
    x, y = (argument(v, p, definition) for v, p in zip(eqn.invars, (real_p, imag_p), strict=True))
    return x if x is not None and x is y and x.aval == eqn.outvars[0].aval else None


# The rules of each operation, in the order in which they are tried.
RULES: dict[Primitive, tuple[Rule, ...]] = {
    add_p: (zero_neutral, plus_negative),
    add_any_p: (zero_neutral, plus_negative),
    sub_p: (right_neutral(0.0), zero_minus, minus_negative),
    neg_p: (involution,),
    mul_p: (
        *(neutral(1.0), times_minus_one, negatives_cancel),
        *(negative_times_number, product_times_number),
    ),
    div_p: (right_neutral(1.0), negatives_cancel, by_power_of_two),
    abs_p: (even,),
    square_p: (square_of_self,),
    integer_pow_p: (small_power,),
    max_p: (idempotent, neutral(-math.inf)),
    min_p: (idempotent, neutral(math.inf)),
    and_p: (idempotent,),
    or_p: (idempotent, neutral(0)),
    xor_p: (neutral(0),),
    not_p: (involution,),
    select_n_p: (one_case, select_of_not),
    real_p: (part(0),),
    imag_p: (part(1),),
    complex_p: (parts_of_one,),
    convert_element_type_p: (same_dtype, through_wider),
    transpose_p: (composed_transpose,),
    reshape_p: (reshape_once,),
    broadcast_in_dim_p: (same_shape, broadcast_once),
    squeeze_p: (same_shape, squeeze_of_broadcast),
    rev_p: (reversed_twice,),
    slice_p: (same_shape,),
    pad_p: (no_padding,),
    concatenate_p: (one_piece,),
}


def first_of(rules: tuple[Rule, ...]) -> Rule:
    """What the first rule that applies says."""

    def rule(eqn: JaxprEqn, definition: Definition) -> Result:
        found = (r(eqn, definition) for r in rules)
        return next((f for f in found if f is not None), None)

    return rule


for _primitive, _rules in RULES.items():
    _primitive.def_simplify(first_of(_rules))
