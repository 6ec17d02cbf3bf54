"""Sizes that are not known: arithmetic and comparisons against numbers, types against JAX's."""

import operator
from functools import partial
from typing import Any

import hypothesis.strategies as st
import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

import pullback as pb
from pullback import export, lax
from pullback import numpy as pnp

CONSTRAINTS = ["b >= 2", "c <= 9", "b >= c"]
OPERATIONS = [
    operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod,
    pb.core.max_dim, pb.core.min_dim,
]  # fmt: skip
COMPARISONS = [operator.ge, operator.gt, operator.le, operator.lt]


def at(size: Any, **values: int) -> int:
    """The number that a size is for some values of the unknowns."""
    names = {"floordiv": operator.floordiv, "mod": operator.mod, **values}
    return eval(str(size).replace("^", "**"), names)


def expressions(leaves: Any) -> Any:
    """Trees of (operation, left, right)."""
    inner = st.sampled_from([*leaves, *range(1, 6)])
    return st.recursive(inner, lambda t: st.tuples(st.sampled_from(OPERATIONS), t, t), max_leaves=6)


def computed(tree: Any, leaves: dict[Any, Any]) -> Any:
    """The value of a tree."""
    if not isinstance(tree, tuple):
        return leaves.get(tree, tree)
    f, left, right = tree
    return f(computed(left, leaves), computed(right, leaves))


@settings(max_examples=400, deadline=None)
@given(expressions("bc"), st.integers(1, 9), st.integers(0, 20))
def test_arithmetic_is_that_of_numbers(tree: Any, c: int, more: int) -> None:
    values = {"c": c, "b": max(2, c + more)}
    unknown = dict(zip("bc", export.symbolic_shape("b, c", constraints=CONSTRAINTS), strict=True))
    try:
        size, wanted = computed(tree, unknown), computed(tree, values)
    except (ZeroDivisionError, pb.errors.InconclusiveDimensionOperation):
        return
    assert at(size, **values) == wanted


@settings(max_examples=400, deadline=None)
@given(expressions("bc"), expressions("bc"), st.integers(1, 9), st.integers(0, 20))
def test_what_is_decided_is_so(first: Any, second: Any, c: int, more: int) -> None:
    values = {"c": c, "b": max(2, c + more)}
    unknown = dict(zip("bc", export.symbolic_shape("b, c", constraints=CONSTRAINTS), strict=True))
    for compare in COMPARISONS:
        try:
            found = compare(computed(first, unknown), computed(second, unknown))
            wanted = compare(computed(first, values), computed(second, values))
        except (ZeroDivisionError, pb.errors.InconclusiveDimensionOperation):
            continue
        assert found == wanted


def test_what_follows() -> None:
    b, c = export.symbolic_shape("b, c", constraints=CONSTRAINTS)
    assert b >= c and b > 1 and c < 10 and 2 * b > b and b // 2 <= b and b % 4 < 4 and b + 1 != b
    assert (b * b - c * c) // (b - c) == b + c and (4 * b + 2) // 4 == b and b - b == 0
    with pytest.raises(pb.errors.InconclusiveDimensionOperation, match="b >= 5 is not known"):
        assert b >= 5
    with pytest.raises(pb.errors.InconclusiveDimensionOperation, match="where an int is wanted"):
        range(b)


def test_shapes_as_text() -> None:
    text = "(a, 3, 2*a + 1, floordiv(a, 2), a*d*d, _, max(a, d), min(a + d, max(a, 2*d)), ...)"
    like = (5, 3, 11, 2, 45, 8, 5, 6, 6, 7)
    ours, theirs = [m.symbolic_shape(text, like=like) for m in (export, jax.export)]
    assert [at(n, a=5, d=3) for n in ours] == [at(n, a=5, d=3) for n in theirs]
    assert export.symbolic_shape("") == () == export.symbolic_shape("()")
    scope = export.SymbolicScope(["h == 2*w"])
    h, w = export.symbolic_shape("h, w", scope=scope)
    assert h == 2 * w and h // w == 2


TEXTS = """
    2*b*a; -2 * b * a^2 + b^2; 3 * a * b * a - 2; a - b; -2*a; a + -1; + a - b; + 2; a - 1 ,;
    3 * a * mod(a + 2, b + 2); 3 * floordiv(a + 2, b + 2) * 2; max(a, b); min(a, b) - a;
    a*b + a^2 + b + a; mod(a, 4) + floordiv(a, 4) + a; a*b^2 + a^2*b; max(a + 2, a); min(3, 4);
    a*floordiv(b, 8)*mod(b, 4); - mod(a, 4) + 3; max(a, 3) + b^2
"""


@pytest.mark.parametrize("text", TEXTS.split(";"))
def test_texts_are_jax_texts(text: str) -> None:
    ours, theirs = [m.symbolic_shape(text.strip()) for m in (export, jax.export)]
    assert str(ours) == str(theirs)
    assert str(export.symbolic_shape(str(ours[0]))[0]) == str(ours[0])


def test_the_greater_and_the_smaller() -> None:
    for p, m in ((pb, export), (jax, jax.export)):
        a, b, c = m.symbolic_shape("a, b, c")
        most, least = p.core.max_dim, p.core.min_dim
        assert most(a, a + 2) == a + 2 and most(a, a - 2) is a and most(a % 2 - 1, 0) == 0
        assert most(a, b) >= a and most(a, b) + c - 1 >= b and least(a, b) <= b
        assert most(a, b) >= least(a, b) and a - least(a, b) >= 0 and b - most(b - a, 0) >= 1
        assert most(15 - a, 0) <= 14 and most(1 - b, 0) == 0 and least(a, 5) >= least(a, 2)


def test_constraints_may_speak_of_them() -> None:
    for m in (export, jax.export):
        a, b = m.symbolic_shape("a, b", constraints=["max(a, b) >= 3", "a^2 >= 9"])
        assert a * a > 8 and str(a + b) == "b + a"


SLICES = [
    slice(3), slice(2, 5), slice(-3, None), slice(None, -1), slice(1, None), slice(None, None, 2),
]  # fmt: skip


@pytest.mark.parametrize("at", SLICES, ids=str)
def test_slices_may_be_longer_than_the_axis(at: slice) -> None:
    found = []
    for p, m in ((pb, export), (jax, jax.export)):
        x = p.ShapeDtypeStruct(m.symbolic_shape("a"), np.float32)
        found.append(str(p.eval_shape(lambda x: x[at], x).shape).replace(" ", ""))
    assert found[0] == found[1] or at.start == -3


MADE = {
    "split": lambda n, x: n.split(x, 2)[1],
    "arange": lambda n, x: n.arange(x.shape[1]),
    "take": lambda n, x: n.take(x, n.array([0, 1]), axis=0),
}


@pytest.mark.parametrize("name", MADE)
def test_pieces_ranges_and_places(name: str) -> None:
    found = []
    for p, m, n in ((pb, export, pnp), (jax, jax.export, jnp)):
        x = p.ShapeDtypeStruct(m.symbolic_shape("2*a, b"), np.float32)
        found.append(str(p.eval_shape(partial(MADE[name], n), x).shape))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("text", "options", "match"),
    [
        ("a b", {}, "is no shape"),
        ("a ^ a", {}, "is no shape"),
        ("mod(a)", {}, "is no shape"),
        ("floordiv(a, b, c)", {}, "is no shape"),
        ("other(a, b)", {}, "is no shape"),
        ("3", {"like": (4,)}, "axis 0 is of size 4, not 3"),
        ("b, 7, c, ...", {"like": (4, 7)}, "is no shape"),
        ("a", {"constraints": ["a >= "]}, "is no constraint"),
        ("_", {}, "is no shape"),
        ("least(a, 2)", {}, "is no shape"),
        ("a", {"constraints": ["a > 3"]}, "a constraint is a >= b"),
        ("a", {"constraints": ["a >= 3", "a <= 2"]}, "contradict"),
        ("a", {"constraints": ["a + 1 == 3"]}, "one product"),
    ],
)
def test_wrong_texts(text: str, options: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        export.symbolic_shape(text, **options)


def conv(n: Any, k: Any, x: Any) -> Any:
    layout = ("NHWC", "HWIO", "NHWC")
    return k.conv_general_dilated(
        n.reshape(x, (x.shape[0], 2, 2, 3)), n.ones((2, 2, 3, 5)), (1, 1), "SAME",
        dimension_numbers=layout,
    )  # fmt: skip


W = np.ones((12, 4), np.float32)
PROGRAMS = {
    "arithmetic": lambda n, k, x: n.sin(x) * 2 + x[:1],
    "product": lambda n, k, x: n.tanh(x @ W) @ W.T,
    "einsum": lambda n, k, x: n.einsum("bi,ij,kj->bk", x, W, W),
    "means": lambda n, k, x: (x.mean(), x.mean(0), x.var(0), n.std(x, 1)),
    "softmax": lambda n, k, x: n.exp(x - x.max(0)) / n.exp(x).sum(0),
    "reshape": lambda n, k, x: (x.reshape(-1), x.reshape(-1, 4), x.reshape(x.shape[0], 3, -1)),
    "joined": lambda n, k, x: (n.concatenate([x, x]), n.stack([x, x]), n.tile(x, (2, 3))),
    "slices": lambda n, k, x: (x[1:], x[:, ::2], x[::-1], x[:-1, None], x[0], x[..., -1]),
    "taken": lambda n, k, x: (n.take(x, np.array([0, 1]), 1), n.asarray(W)[n.argmax(x, 1)]),
    "made": lambda n, k, x: (n.zeros(x.shape), n.arange(x.shape[0]), n.full_like(x, 2.0)),
    "padded": lambda n, k, x: (n.pad(x, 1), n.roll(x, 1, 0), n.repeat(x, 2, 0)),
    "sorted": lambda n, k, x: (n.sort(x, 0), n.cumsum(x, 0), k.top_k(x, 2)),
    "spread": lambda n, k, x: n.broadcast_to(x[:, None], (x.shape[0], 2, 12)),
    "scan": lambda n, k, x: k.scan(lambda c, r: (c + r.sum(), r * c), 0.0, x),
    "loops": lambda n, k, x: k.while_loop(lambda c: c.sum() < 9, lambda c: c + 1, x),
    "branches": lambda n, k, x: k.cond(x.sum() > 0, n.sin, n.cos, x),
    "updates": lambda n, k, x: (x.at[:, 0].set(1.0), x.at[0].add(2.0)),
    "convolution": conv,
    "windows": lambda n, k, x: k.reduce_window(x, -np.inf, k.max, (1, 3), (1, 3), "SAME"),
}


def structs(lib: Any, module: Any) -> Any:
    (b,) = module.symbolic_shape("b", constraints=["b >= 2"])
    return lib.ShapeDtypeStruct((b, 12), np.float32)


@pytest.mark.parametrize("name", PROGRAMS)
def test_types_are_those_of_numbers_and_of_jax(name: str) -> None:
    f = PROGRAMS[name]
    ours = pb.eval_shape(lambda x: f(pnp, lax, x), structs(pb, export))
    theirs = jax.eval_shape(lambda x: f(jnp, jax.lax, x), structs(jax, jax.export))
    known = pb.eval_shape(lambda x: f(pnp, lax, x), pb.ShapeDtypeStruct((5, 12), np.float32))
    leaves = [jax.tree.leaves(t) for t in (ours, theirs, known)]
    for mine, other, number in zip(*leaves, strict=True):
        assert mine.dtype == other.dtype == number.dtype
        assert tuple(at(n, b=5) for n in mine.shape) == number.shape
        assert tuple(at(n, b=5) for n in other.shape) == number.shape


def test_derivatives_batches_and_calls() -> None:
    x = structs(pb, export)
    for f in (
        pb.grad(lambda x: (x**2).mean()),
        pb.vmap(lambda r: r / r.sum()),
        pb.jit(lambda x: pb.checkpoint(pnp.sin)(x)),
        lambda x: pb.jvp(pnp.tanh, (x,), (x,))[1],
        lambda x: pb.random.normal(pb.random.key(0), x.shape),
    ):
        assert pb.eval_shape(f, x).shape == x.shape


def test_sizes_are_numbers_among_floats() -> None:
    for f in (
        lambda x: x * (x.shape[0] / 2) + x.shape[0] * 2.5,
        lambda x: 1 / x.shape[0] - (x.shape[0] - 0.5) * x,
        lambda x: (0.5 - x.shape[0]) / (x * x.shape[0] ** 0.5 + x.shape[0] ** -1.0),
    ):
        assert pb.eval_shape(f, structs(pb, export)) == structs(pb, export)


def test_programs_of_unknown_sizes_are_not_run() -> None:
    f = pb.jit(lambda x: x.mean())
    with pytest.raises(NotImplementedError, match="the sizes b are not known"):
        f.lower(structs(pb, export)).compile()
    with pytest.raises(NotImplementedError, match="export of <lambda>: the sizes b"):
        export.export(f)(structs(pb, export))
    (b,) = export.symbolic_shape("b")
    with pytest.raises(pb.errors.InconclusiveDimensionOperation):
        pnp.zeros((b,))


def test_specs_of_arguments() -> None:
    args = {"w": np.ones((3, 4)), "x": (np.float32(1), np.ones(2, np.int32))}
    specs = {"w": "b, ...", "x": "..."}
    ours, theirs = [m.symbolic_args_specs(args, specs) for m in (export, jax.export)]
    for mine, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert (str(mine.shape), mine.dtype) == (str(other.shape), jnp.zeros((), other.dtype).dtype)
