"""Shapes of unknown sizes as text: "(b, 2*c)", with what is known of the unknowns."""

import ast
import re
from collections.abc import Callable, Sequence
from typing import Any

from .. import tree
from ..core.aval import ShapedArray
from ..core.symbolic import Dim, Scope, max_dim, min_dim
from ..core.trace import get_aval
from ..dtypes import canonicalize_dtype
from ..transforms.make_jaxpr import ShapeDtypeStruct

BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Pow: lambda a, b: a**b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
}
CALLS: dict[str, Callable[..., Any]] = {
    "floordiv": BINARY[ast.FloorDiv],
    "mod": BINARY[ast.Mod],
    "max": max_dim,
    "min": min_dim,
}
CONSTRAINT = re.compile(r"(.*?)(==|>=|<=)(.*)")


class SymbolicScope(Scope):
    """Unknown sizes that may occur together, and what is known of them.

    Args:
      constraints: texts such as "b >= 4", "h <= w" and "h == 2*w".

    >>> from pullback import export
    >>> scope = export.SymbolicScope(["b >= 8"])
    >>> (b,) = export.symbolic_shape("b", scope=scope)
    >>> b > 4
    True
    """

    def __init__(self, constraints: Sequence[str] = ()) -> None:
        super().__init__()
        for text in constraints:
            self._note(text)

    def _note(self, text: str) -> None:
        found = CONSTRAINT.fullmatch(text)
        if found is None:
            raise ValueError(
                f"symbolic_shape: a constraint is a >= b, a <= b or a == b, got {text!r}"
            )
        try:
            sides = [ast.parse(found[k].strip().replace("^", "**"), mode="eval") for k in (1, 3)]
            left, right = [_value(side.body, self) for side in sides]
        except (SyntaxError, AssertionError) as error:
            raise ValueError(f"symbolic_shape: {text!r} is no constraint") from error
        if found[2] == "==":
            if not isinstance(left, Dim) or [c for _, c in left.terms] != [1]:
                raise ValueError(f"symbolic_shape: the left side is one product, got {text!r}")
            self.equal[left.terms[0][0]] = right
        else:
            self.at_least_zero(left - right if found[2] == ">=" else right - left)


def symbolic_shape(
    shape_spec: str | None,
    *,
    constraints: Sequence[str] = (),
    scope: SymbolicScope | None = None,
    like: Sequence[int | None] | None = None,
) -> tuple[Any, ...]:
    """A shape whose sizes are integers, unknowns and sums and products of them.

    Arrays of such shapes have types: `eval_shape` and `make_jaxpr` take `ShapeDtypeStruct`s of
    them. They are compiled and exported once their sizes are known.

    Args:
      shape_spec: the sizes, as text; "_" takes that of `like`, and "..." all that are left.
      constraints: what is known of the unknowns: see `SymbolicScope`. Sizes are positive.
      scope: unknowns of shapes that are made together.
      like: a shape.

    Returns:
      A tuple of integers and sizes.

    Raises:
      ValueError: the text is no shape, or the constraints contradict each other.

    >>> import pullback as pb
    >>> b, n = pb.export.symbolic_shape("b, 2*n")
    >>> pb.eval_shape(pb.numpy.ravel, pb.ShapeDtypeStruct((b, n), "float32")).shape
    (2*b*n,)
    """
    if scope is not None and constraints:
        raise ValueError("symbolic_shape: constraints belong to the scope: SymbolicScope([...])")
    scope = scope if scope is not None else SymbolicScope(constraints)
    text = "..." if shape_spec is None else shape_spec
    inside = re.sub(r"^\((.*)\)$", r"\1", text.strip()).strip().rstrip(",").replace("^", "**")
    try:
        items = ast.parse(f"({inside},)" if inside else "()", mode="eval").body
        assert isinstance(items, ast.Tuple)
        return _sizes(items.elts, scope, like)
    except (SyntaxError, AssertionError) as error:
        raise ValueError(f"symbolic_shape: {shape_spec!r} is no shape") from error


def _sizes(items: Sequence[ast.expr], scope: Scope, like: Any) -> tuple[Any, ...]:
    out: list[Any] = []
    for k, item in enumerate(items):
        if isinstance(item, ast.Constant) and item.value is Ellipsis:
            assert like is not None and k == len(items) - 1 and k <= len(like)
            out += like[k:]
        elif isinstance(item, ast.Name) and item.id == "_":
            assert like is not None and k < len(like)
            out.append(like[k])
        else:
            out.append(_value(item, scope))
            _check_like(out, like)
    return tuple(out)


def _check_like(out: Sequence[Any], like: Any) -> None:
    """Raise unless the last size may be the one in its place of the shape that was given."""
    if like is None:
        return
    assert len(out) <= len(like), "like is shorter"
    known, said = like[len(out) - 1], out[-1]
    if isinstance(known, int) and isinstance(said, int) and known != said:
        raise ValueError(f"symbolic_shape: axis {len(out) - 1} is of size {known}, not {said}")


def _value(node: ast.expr, scope: Scope) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.Name):
        return 0 + Dim([((node.id,), 1)], scope)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = _value(node.operand, scope)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and type(node.op) in BINARY:
        assert not isinstance(node.op, ast.Pow) or isinstance(node.right, ast.Constant)
        return BINARY[type(node.op)](_value(node.left, scope), _value(node.right, scope))
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name), ast.dump(node)
    assert node.func.id in CALLS and len(node.args) == 2, ast.dump(node)
    return CALLS[node.func.id](*[_value(a, scope) for a in node.args])


def symbolic_args_specs(
    args: Any,
    shapes_specs: Any,
    constraints: Sequence[str] = (),
    scope: SymbolicScope | None = None,
) -> Any:
    """Types like those of `args`, of shapes given as text: a prefix of the pytree.

    >>> import pullback as pb
    >>> pb.export.symbolic_args_specs(pb.numpy.ones((3, 4)), "b, ...")
    ShapeDtypeStruct(shape=(b, 4), dtype=float32)
    """
    scope = scope if scope is not None else SymbolicScope(constraints)
    leaves, structure = tree.flatten(args)
    texts = tree.broadcast_prefix(shapes_specs, args, lambda s: s is None)
    avals: list[ShapedArray] = [get_aval(x) for x in leaves]
    shapes = [
        symbolic_shape(t, scope=scope, like=a.shape) for t, a in zip(texts, avals, strict=True)
    ]
    pairs = zip(shapes, avals, strict=True)
    made = [ShapeDtypeStruct(s, canonicalize_dtype(a.dtype)) for s, a in pairs]
    return structure.unflatten(made)


def is_symbolic_dim(p: Any) -> bool:
    """Whether a size is not known yet.

    >>> from pullback import export
    >>> [export.is_symbolic_dim(n) for n in export.symbolic_shape("b, 3")]
    [True, False]
    """
    return isinstance(p, Dim)
