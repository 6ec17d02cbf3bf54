"""vmap: the same program on JAX gives the same result."""

import jax
import jax.interpreters.batching
import numpy as np
import pytest
from both import Node, Pair, Record, compare, sample

import pullback as pb
from pullback import numpy as pnp


def predict(s, params, x):
    """The README's function."""
    a, b = params
    return s.np.sum(s.np.tanh(s.np.dot(a, x) + b))


@pytest.mark.parametrize(
    ("in_axes", "shapes"),
    [
        (0, [(4, 3), (4, 3)]),
        (1, [(3, 4), (3, 4)]),
        (-1, [(3, 4), (3, 4)]),
        ((0, 1), [(4, 3), (3, 4)]),
        ((0, -1), [(4, 3), (3, 4)]),
        ((None, 0), [(3,), (4, 3)]),
        ([0, None], [(4, 3), (3,)]),
        ((0, 0), [(4, 3), (4,)]),
    ],
)
def test_in_axes(in_axes, shapes):
    def program(s, x, y):
        return s.vmap(lambda x, y: (x * y, s.np.sum(x), 3.0), in_axes=in_axes)(x, y)

    compare(program, *[sample(*shape, seed=i) for i, shape in enumerate(shapes)])


@pytest.mark.parametrize("out_axes", [0, 1, -1, 2, (0, 1), [1, 0], (-1, None)])
def test_out_axes(out_axes):
    def program(s, x):
        def f(x):
            constant = s.np.ones((2, 2)) if isinstance(out_axes, tuple) else x + 1
            return (x, constant) if isinstance(out_axes, tuple) else [x, constant]

        out = out_axes
        return s.vmap(f, out_axes=out)(x)

    compare(program, sample(4, 2, 3))


TREES = [
    (({"w": 0, "b": None}, 0), lambda w, b: {"w": w, "b": b}),
    (((0, None), 0), lambda w, b: (w, b)),
    ((Pair(0, None), 0), lambda w, b: Pair(w, b)),
    ((Pair(0, None), None), lambda w, b: Pair(w, b)),
    ((Record(0, None), 0), lambda w, b: Record(w, b)),
    ((Node(0, None, "t"), 0), lambda w, b: Node(w, b, "t")),
    (([{"w": 0}, None], 0), lambda w, b: [{"w": w}, {"b": (b, None)}]),
    ((0, None), lambda w, b: {"w": w, "x": [w, None]}),
]


@pytest.mark.parametrize("case", range(len(TREES)))
def test_in_axes_are_prefixes_of_pytrees(case):
    in_axes, make = TREES[case]

    def program(s, w, b, x):
        def f(p, x):
            return s.np.sum(s.np.stack([s.np.sum(leaf) for leaf in s.tree_util.tree_leaves(p)])) + x

        mapped = in_axes[1] is not None
        return s.vmap(f, in_axes=in_axes)(make(w, b), x if mapped else x[0])

    compare(program, sample(4, 2), sample(3), sample(4))


def test_out_axes_are_prefixes_of_pytrees():
    def program(s, x):
        def f(x):
            return {"a": (x, x + 1), "b": Pair(x, None)}

        return s.vmap(f, out_axes={"a": 1, "b": Pair(0, None)})(x)

    compare(program, sample(4, 3))


def test_keywords_are_mapped_over_axis_0():
    def program(s, x, y):
        return s.vmap(lambda x, *, y: x * y["y"], in_axes=1)(x, y={"y": y})

    compare(program, sample(3, 4), sample(4, 3))


def test_axis_size_without_mapped_arguments():
    def program(s, x):
        f = s.vmap(lambda x: x + 1, in_axes=None, axis_size=4)
        return (
            f(x),
            s.vmap(lambda: 2, axis_size=2)(),
            s.vmap(lambda x: x, axis_size=4)(s.np.ones(4)),
        )

    compare(program, sample(3))


def test_nested_maps():
    def program(s, x, y):
        table = s.vmap(s.vmap(lambda a, b: a * b + 1, (None, 0)), (0, None))(x, y)
        matmul = s.vmap(s.vmap(s.np.dot, (None, 1)), (0, None))(
            s.np.stack([x, x]), s.np.stack([x, x]).T
        )
        return table, matmul

    compare(program, sample(3), sample(4))


def test_three_deep_with_different_axes():
    def program(s, x):
        f = s.vmap(lambda x: s.np.sum(x) * x, in_axes=0, out_axes=1)
        f = s.vmap(f, in_axes=1, out_axes=0)
        return s.vmap(f, in_axes=2, out_axes=-1)(x)

    compare(program, sample(2, 3, 4, 5))


def test_the_readme_examples():
    def program(s, a, b, xs):
        params = (a, b)

        def f(p, x):
            return predict(s, p, x)

        values = s.vmap(f, in_axes=(None, 0))(params, xs)
        gradients = s.vmap(s.grad(f, argnums=1), in_axes=(None, 0))(params, xs)
        per_example = s.vmap(s.grad(f), in_axes=(None, 0))(params, xs)
        return values, gradients, per_example

    compare(program, sample(3, 4), sample(3), sample(10, 4))


def test_gradients_of_maps():
    def program(s, a, b, xs):
        def loss(p, xs):
            return s.np.sum(s.vmap(lambda p, x: predict(s, p, x) ** 2, (None, 0))(p, xs))

        first = s.grad(loss)((a, b), xs)
        second = s.grad(lambda p: s.np.sum(s.grad(loss)(p, xs)[0] ** 2))((a, b))
        return first, second, s.jvp(lambda xs: loss((a, b), xs), (xs,), (xs,))

    compare(program, sample(3, 4), sample(3), sample(5, 4))


def test_maps_close_over_outer_values():
    def program(s, x, ys):
        def f(x):
            return s.np.sum(s.vmap(lambda y: s.np.sin(x) * y + s.np.sum(ys))(ys))

        return (
            s.grad(f)(x),
            s.vmap(f)(s.np.stack([x, x + 1])),
            s.vmap(s.grad(f))(s.np.stack([x, x])),
        )

    compare(program, sample(), sample(3))


def test_dtypes_and_weak_types():
    def program(s, n, b):
        return s.vmap(lambda n, b: (n + 1, n * 2.0, b, 1, n // 2))(n, b)

    compare(program, np.arange(3, dtype=np.int32), np.asarray([True, False, True]), x64=False)


def test_what_is_not_mapped_stays_as_it_is():
    def program(s, x, y):
        whole = {"n": 3, "array": np.ones(2, np.float32), "number": np.float32(2), "f": 2.5}
        seen = []

        def f(x, whole):
            seen.append({name: type(v) for name, v in whole.items()})
            return s.jit(lambda x, n: x.reshape(n, -1), static_argnums=1)(x, whole["n"]), whole

        out = s.vmap(f, (0, None))(x, whole), s.vmap(f, (0, None), (0, None))(x, whole)
        assert seen == [{name: type(v) for name, v in whole.items()}] * 2
        return out[0][0], out[1][0], s.vmap(lambda x, y: y, (0, None), None)(x, y)

    compare(program, sample(2, 6), sample(2))


def test_empty_batches():
    def program(s, x):
        return s.vmap(lambda x: (s.np.sin(x), s.np.sum(x)))(x)

    compare(program, np.zeros((0, 3)))


def test_no_results():
    def program(s, x):
        return s.vmap(lambda x: None)(x), s.vmap(lambda x: {})(x)

    compare(program, sample(3))


@pytest.mark.parametrize(
    ("f", "wanted"),
    [
        (lambda: pb.vmap(3), "vmap: the first argument must be a function, got 3"),
        (
            lambda: pb.vmap(pnp.sin, in_axes="a"),
            "in_axes must be an int, None, or a tuple .* got str",
        ),
        (
            lambda: pb.vmap(pnp.sin, in_axes=1.0),
            "in_axes must be an int, None, or a tuple .* float",
        ),
        (
            lambda: pb.vmap(pnp.sin, in_axes=(0, 0))(ones(3)),
            "in_axes has 2 entries .* 1 positional",
        ),
        (
            lambda: pb.vmap(pnp.sin, in_axes=2)(ones(3)),
            r"axis 2 of .* float32\[3\], which has 1 axes",
        ),
        (
            lambda: pb.vmap(pnp.sin)(1.0),
            r"axis 0 of an argument of .* float32\[\], which has 0 axes",
        ),
        (
            lambda: pb.vmap(pnp.add)(ones(3), ones(4)),
            r"of add differ in size:\n.*argument 0 .*size 3\n.*argument 1 .*size 4",
        ),
        (lambda: pb.vmap(pnp.sin, axis_size=4)(ones(3)), "size 3\n  axis_size=4"),
        (
            lambda: pb.vmap(pnp.sin, in_axes=None)(ones(3)),
            "no argument of sin is mapped.*axis_size",
        ),
        (lambda: pb.vmap(lambda: 1)(), "no argument of .* is mapped.*axis_size"),
        (
            lambda: pb.vmap(lambda d: d["x"], in_axes=({"y": 0},))({"x": ones(3)}),
            "in_axes must be a pytree prefix",
        ),
        (
            lambda: pb.vmap(lambda x: x, in_axes=(("a",),))((ones(3),)),
            "must hold integers and None, got 'a'",
        ),
        (
            lambda: pb.vmap(lambda x: x, out_axes=None)(ones(3)),
            "out_axes is None for a result .* depends",
        ),
        (
            lambda: pb.vmap(lambda x: x, out_axes=2)(ones(3)),
            "out_axes=2 is out of bounds .* with 1 axes",
        ),
        (
            lambda: pb.vmap(lambda x: (x, x), out_axes=(0,))(ones(3)),
            "out_axes must be a pytree prefix",
        ),
        (
            lambda: pb.vmap(lambda x: "a")(ones(3)),
            "vmap: <lambda> returned 'a' of type str at output",
        ),
        (lambda: pb.vmap(lambda x: x)("abc"), "vmap: argument.* is 'abc' of type str"),
        (lambda: pb.vmap(lambda x: x)(object()), "vmap: argument.* of type object"),
    ],
)
def test_errors(f, wanted):
    with pytest.raises((TypeError, ValueError), match=f"(?s){wanted}"):
        f()


def ones(n):
    return pnp.ones(n)


def test_unequal_sizes_name_arguments_and_keywords():
    with pytest.raises(
        ValueError, match=r"argument 0\['a'\].*size 2\n.*argument y .*size 3"
    ) as error:
        pb.vmap(lambda x, y: x["a"] + y)({"a": ones(2)}, y=ones(3))
    assert "of <lambda> differ in size" in str(error.value)


def test_values_of_classes_that_say_how_they_are_mapped():
    """A table whose rows are mapped, whatever axis its parts have them at."""

    def run(m, batching):
        class Table:
            def __init__(self, columns, rows):
                self.columns, self.rows = columns, rows

        def to_element(cont, _, table, axis):
            return Table([cont(c, axis) for c in table.columns], None)

        def from_element(cont, size, table, axis):
            return Table([cont(size, c, axis) for c in table.columns], size)

        m.tree_util.register_pytree_node(
            Table, lambda t: (t.columns, t.rows), lambda rows, columns: Table(columns, rows)
        )
        batching.register_vmappable(Table, int, int, to_element, from_element, None)

        def f(table, k):
            assert table.rows is None
            first, second = table.columns
            return Table([first * k, second.sum()], None), {"x": second}

        table = Table([np.arange(3.0), np.ones((3, 2))], 3)
        out, rest = m.vmap(f, (0, None), (0, 1), axis_size=3)(table, 2.0)
        assert out.rows == 3
        made = m.jit(m.vmap(lambda k: Table([k, 1.0], None)))(np.arange(4.0))
        assert made.rows == 4
        return [*out.columns, rest["x"], *made.columns]

    ours, theirs = run(pb, pb.interpreters.batching), run(jax, jax.interpreters.batching)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, other)
