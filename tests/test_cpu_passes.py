"""The passes of the CPU compiler, text in and text out; every pass keeps programs well formed."""

from textwrap import dedent

import numpy as np
import pytest
import test_cpu_fuse as fused
import test_cpu_loops as looped
from cpu import program
from passes import becomes, read

from pullback.backends.cpu import (
    check,
    chosen,
    coalesce,
    dead,
    fuse,
    parse,
    pipeline,
    show,
    split,
    turns,
)
from pullback.core.rewrite import simplify
from pullback.transforms.grad import grad


def test_fuse_forwards_what_was_just_stored() -> None:
    becomes(
        [fuse.fuse, dead.drop_unread],
        """
        arg a0: float32[1000] 0
        out o0: float32[1000] 0
        temp t1: float32[1000]
        for i0:1000
          t1[i0] = exp:float32(a0[i0])
        for i1:1000
          o0[i1] = mul:float32(t1[i1], a0[i1])
        """,
        """
        arg a0: float32[1000] 0
        out o0: float32[1000] 0
        for i0:1000
          o0[i0] = mul:float32(exp:float32(a0[i0]), a0[i0])
        """,
    )


def test_fuse_leaves_what_reads_neighbours() -> None:
    text = """
        arg a0: float32[1000] 0
        out o0: float32[999] 0
        temp t1: float32[1000]
        for i0:1000
          t1[i0] = exp:float32(a0[i0])
        for i1:999
          o0[i1] = add:float32(t1[i1], t1[i1 + 1])
        """
    becomes([fuse.fuse, dead.drop_unread], text, text)


def test_rows_of_a_softmax_stay_in_one_loop() -> None:
    becomes(
        [fuse.fuse, dead.drop_unread, dead.shrink_rows],
        """
        arg a0: float32[2000] 0
        out o0: float32[2000] 0
        temp t1: float32[2000]
        temp t2: float32[20]
        for i0:20 i1:100
          t1[100*i0 + i1] = exp:float32(a0[100*i0 + i1])
        for i2:20 over i3:100
          t2[i2] = add:float32 t1[100*i2 + i3]
        for i4:20 i5:100
          o0[100*i4 + i5] = div:float32(t1[100*i4 + i5], t2[i4])
        """,
        """
        arg a0: float32[2000] 0
        out o0: float32[2000] 0
        row t1: float32[100]
        row t2: float32[1]
        nest i0:20
          for over i1:100
            v0 = exp:float32(a0[100*i0 + i1])
            t1[i1] = v0
            t2[0] = add:float32 v0
          for i2:100
            o0[100*i0 + i2] = div:float32(t1[i2], t2[0])
        """,
    )


def test_sums_down_columns_do_not_become_rows() -> None:
    text = """
        arg a0: float32[90000] 0
        out o0: float32[300] 0
        temp t1: float32[300]
        for i0:300 over i1:300
          t1[i0] = add:float32 a0[i0 + 300*i1]
        for i2:300
          o0[i2] = exp:float32(t1[i2])
        """
    becomes([fuse.fuse], text, text)


def test_short_rows_leave_long_work_beside_them() -> None:
    text = """
        arg a0: float32[10000] 0
        arg a1: float32[20] 1
        out o0: float32[500] 0
        temp t1: float32[500]
        for i0:500 over i1:20
          t1[i0] = add:float32 mul:float32(a0[20*i0 + i1], a1[i1])
        for i2:500
          o0[i2] = exp:float32(exp:float32(t1[i2]))
        """
    becomes([fuse.fuse], text, text)


def test_rows_and_columns_of_one_matrix_have_loops_of_their_own() -> None:
    text = """
        arg a0: float32[90000] 0
        out o0: float32[300] 0
        out o1: float32[300] 1
        for i0:300 over i1:300
          o0[i0] = add:float32 a0[300*i0 + i1]
        for i2:300 over i3:300
          o1[i2] = add:float32 a0[i2 + 300*i3]
        """
    becomes([fuse.fuse], text, text)


def test_coalesce_makes_an_update_in_place() -> None:
    becomes(
        [coalesce.coalesce],
        """
        arg a0: float32[100] 0
        arg a1: int32[1] 1
        out o0: float32[100] 0
        temp t1: float32[100]
        temp t2: float32[100]
        for i0:100
          t1[i0] = sin:float32(a0[i0])
        for i1:100
          t2[i1] = t1[i1]
        for
          t2[{a1[0] in 0..99}] = float32:1.0
        for i2:100
          o0[i2] = t2[i2]
        """,
        """
        arg a0: float32[100] 0
        arg a1: int32[1] 1
        out o0: float32[100] 0
        temp t1: float32[100]
        temp t2: float32[100]
        for i0:100
          o0[i0] = sin:float32(a0[i0])
        for
          o0[{a1[0] in 0..99}] = float32:1.0
        """,
    )


def test_coalesce_keeps_a_copy_that_is_needed() -> None:
    text = """
        arg a0: float32[100] 0
        out o0: float32[100] 0
        out o1: float32[100] 1
        temp t1: float32[100]
        for i0:100
          t1[i0] = sin:float32(a0[i0])
        for i1:100
          o0[i1] = t1[i1]
        for i2:100
          o1[i2] = cos:float32(t1[-1*i2 + 99])
        """
    becomes([coalesce.coalesce], text, text)


def test_a_large_state_takes_turns() -> None:
    becomes(
        [turns.turns],
        """
        arg a0: float32[5000] 0
        out o0: float32[5000] 0
        temp t1: float32[5000]
        for i0:5000
          o0[i0] = a0[i0]
        loop i1:7
          for i2:5000
            t1[i2] = add:float32(o0[-1*i2 + 4999], float32(i1))
          for i3:5000
            o0[i3] = t1[i3]
        """,
        """
        arg a0: float32[5000] 0
        out o0: float32[5000] 0
        temp t1: float32[5000]
        for i0:5000
          o0[i0] = a0[i0]
        loop i1:3
          for i2:5000
            t1[i2] = add:float32(o0[-1*i2 + 4999], float32(2*i1))
          for i2:5000
            o0[i2] = add:float32(t1[-1*i2 + 4999], float32(2*i1 + 1))
        for i2:5000
          t1[i2] = add:float32(o0[-1*i2 + 4999], float32:6.0)
        for i3:5000
          o0[i3] = t1[i3]
        """,
    )


@pytest.mark.parametrize(
    "body",
    {
        "not all of it is made": """
          for i1:2500
            t1[2*i1] = o0[-1*i1 + 4999]
          for i2:5000
            o0[i2] = t1[i2]""",
        "the new state is read later": """
          for i1:5000
            t1[i1] = o0[-1*i1 + 4999]
          for i2:5000
            o0[i2] = t1[i2]
          for i3:5000
            o1[i3] = t1[-1*i3 + 4999]""",
        "the old state is written otherwise": """
          for i1:5000
            t1[i1] = o0[-1*i1 + 4999]
          for i2:5000
            o0[i2] = t1[i2]
          for
            o0[3] = float32:1.0""",
    }.values(),
)
def test_a_state_takes_no_turns_where_its_memory_is_used_otherwise(body: str) -> None:
    text = f"""
        arg a0: float32[5000] 0
        out o0: float32[5000] 0
        out o1: float32[5000] 1
        temp t1: float32[5000]
        loop i0:7{body}
        """
    becomes([turns.turns], text, text)


def test_fuse_joins_sums_whose_axes_were_made_in_another_order() -> None:
    becomes(
        [fuse.fuse],
        """
        arg a0: float32[4000] 0
        out o0: float32[400] 0
        out o1: float32[400] 1
        for i1:400 over i0:10
          o0[i1] = add:float32 a0[400*i0 + i1]
        for i2:400 over i3:10
          o1[i2] = add:float32 mul:float32(a0[i2 + 400*i3], a0[i2 + 400*i3])
        """,
        """
        arg a0: float32[4000] 0
        out o0: float32[400] 0
        out o1: float32[400] 1
        for i0:400 over i1:10
          o0[i0] = add:float32 a0[i0 + 400*i1]
          o1[i0] = add:float32 mul:float32(a0[i0 + 400*i1], a0[i0 + 400*i1])
        """,
    )


def test_one_of_two_kernels_runs_where_a_condition_is_the_same_for_all() -> None:
    becomes(
        [chosen.chosen],
        """
        arg a0: bool[1] 0
        arg a1: float32[1000] 1
        out o0: float32[1000] 0
        for i0:1000
          o0[i0] = select_n:float32(a0[0], o0[i0], exp:float32(add:float32(a1[i0], o0[i0])))
        """,
        """
        arg a0: bool[1] 0
        arg a1: float32[1000] 1
        out o0: float32[1000] 0
        temp c3: int32[1]
        for
          c3[0] = convert_element_type:int32(a0[0])
        switch c3
        case 0
        case 1
          for i0:1000
            o0[i0] = exp:float32(add:float32(a1[i0], o0[i0]))
        """,
    )


@pytest.mark.parametrize(
    "value",
    [
        "select_n:float32(a0[0], a1[i0], a1[i0 + 1000])",
        "select_n:float32(a0[i0], a1[i0], exp:float32(a1[i0 + 1000]))",
        "add:float32(exp:float32(sin:float32(a1[i0])), select_n:float32(a0[0], a1[i0], o0[i0]))",
    ],
)
def test_kernels_are_not_chosen_where_little_is_saved(value: str) -> None:
    text = f"""
        arg a0: bool[1000] 0
        arg a1: float32[2000] 1
        out o0: float32[1000] 0
        for i0:1000
          o0[i0] = {value}
        """
    becomes([chosen.chosen], text, dedent(text).lstrip("\n"))


def test_split_cuts_big_sums_into_fixed_blocks() -> None:
    p = read(
        """
        arg a0: float32[10000007] 0
        out o0: float32[1] 0
        for over i0:10000007
          o0[0] = add:float32 a0[i0]
        """
    )
    split.split(p)
    check.check(p)
    blocks, rest, last = p.body
    (kernel,) = blocks.kernels
    size, number = kernel.reduce[0].extent, kernel.axes[0].extent
    left = rest.kernels[0].reduce[0].extent
    assert number * size + left == 10000007
    assert last.kernels[0].reduce[0].extent == number + 1


def test_split_finds_running_results_within_blocks() -> None:
    p = read(
        """
        arg a0: float32[300000] 0
        out o0: float32[300000] 0
        for over i0:300000
          o0[i0] = running add:float32 a0[i0]
        """
    )
    split.split(p)
    check.check(p)
    within, last, together = p.body
    size, number = within.kernels[0].reduce[0].extent, within.kernels[0].axes[0].extent
    assert size * number == 300000 and number > 2
    assert last.kernels[0].reduce[0].extent == number
    assert [a.extent for a in together.kernels[0].axes] == [number - 1, size]


PROGRAMS = {
    "softmax": (fused.softmax, [np.zeros((40, 50), np.float32)]),
    "layer_norm": (fused.layer_norm, [np.zeros((3, 50), np.float32)]),
    "softmax's gradient": (
        grad(lambda x: fused.total(fused.softmax(x))),
        [np.zeros((9, 50), np.float32)],
    ),
    "lorenz": (lambda s: looped.lorenz(s, 50), [np.zeros(3, np.float32)]),
    "lorenz's gradient": (
        grad(lambda s: looped.total(looped.lorenz(s, 50))),
        [np.zeros(3, np.float32)],
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_passes_keep_programs_well_formed_and_text_parses_back(name: str) -> None:
    f, args = PROGRAMS[name]
    jaxpr, _ = program(f, args)
    p = pipeline.build(simplify(jaxpr))[2]
    for _, run in [("build", lambda p: None), *pipeline.PASSES]:
        run(p)
        check.check(p)
        text = show.program(p)
        assert show.program(parse.program(text)) == text
