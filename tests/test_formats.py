"""Layouts and formats: how arrays lie in memory, and what may be asked for."""

import jax
import jax.experimental.layout as theirs
import numpy as np
import pytest

import pullback as pb
from pullback.experimental import layout as ours

BOTH = ((pb, ours), (jax, theirs))


def texts(program):
    """What a program gives, as text, here and in JAX; devices have names of their own."""
    return [[str(x).replace("<", "").replace(">", "") for x in program(*both)] for both in BOTH]


def test_layouts_are_values():
    def program(p, m):
        a, b = m.Layout((1, 0)), m.Layout([1, 0], tiling=[[2, 2]])
        same = [a == m.Layout([1, 0]), hash(a) == hash(m.Layout([1, 0])), a == b, a == 3]
        return [a, b, a.update(major_to_minor=(0, 1)), *same, m.Layout.AUTO]

    got, want = texts(program)
    assert got == want


def test_formats_are_values():
    def program(p, m):
        here = p.numpy.ones(2).sharding
        a = m.Format(m.Layout((0,)), here)
        same = [a == m.Format(m.Layout((0,)), here), a == m.Format(None, here), a == 3]
        return [m.Format(), m.Format(m.Layout.AUTO), *same, hash(a) == hash(a), a.layout]

    got, want = texts(program)
    assert got == want


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (ValueError, lambda m: (m.Layout((0,)),)),
        (TypeError, lambda m: ((0, 1),)),
        (TypeError, lambda m: (None, "x")),
    ],
)
def test_formats_that_cannot_be(error, arguments):
    for _, m in BOTH:
        with pytest.raises(error):
            m.Format(*arguments(m))


def test_arrays_and_compiled_functions_have_formats():
    def program(p, m):
        x = p.numpy.ones((2, 3))
        compiled = p.jit(lambda x, y: {"a": x @ y}).lower(x, np.ones(3, np.float32)).compile()
        found = p.tree.leaves((x.format, compiled.input_formats, compiled.output_formats))
        return [type(compiled.input_formats).__name__, *(f.layout for f in found)]

    got, want = texts(program)
    assert got == want and len(got) == 5


def test_what_takes_shardings_takes_formats():
    def program(p, m):
        x = np.ones((2, 3), np.float32)
        row = m.Format(m.Layout((0, 1)), p.numpy.ones(2).sharding)
        auto = m.Format(m.Layout.AUTO)
        put = p.device_put(x, row)
        jitted = p.jit(lambda x: x + 1, in_shardings=auto, out_shardings=row)(x)
        said = p.jit(lambda x: m.with_layout_constraint(x, m.Layout((0, 1))))(x)
        return [put, put.format.layout, p.device_put(x, put.format), jitted, said]

    got, want = texts(program)
    assert got == want


def test_orders_that_arrays_do_not_lie_in_are_refused():
    column, x = ours.Layout((1, 0)), np.ones((2, 3), np.float32)
    with pytest.raises(NotImplementedError, match=r"device_put.*row-major"):
        pb.device_put(x, ours.Format(column, pb.numpy.ones(2).sharding))
    with pytest.raises(NotImplementedError, match=r"with_layout_constraint.*row-major"):
        ours.with_layout_constraint(x, column)
    for _, m in BOTH:
        for wrong in (m.Layout((0, 1, 2)), "row-major"):
            with pytest.raises(ValueError):
                m.with_layout_constraint(x, wrong)
