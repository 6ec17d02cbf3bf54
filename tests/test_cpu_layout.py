"""Passes that move elements, unite axes or cut them, text in and text out."""

from textwrap import dedent

import pytest
from passes import becomes

from pullback.backends.cpu import (
    across,
    components,
    dead,
    digits,
    flat,
    fuse,
    layout,
    peel,
)

RECORDS = """
        arg a0: float32[300] 0
        out o0: float32[300] 0
        temp t1: float32[300]
        temp t2: float32[100]
        for i0:3 i1:100
          t1[3*i1 + i0] = sin:float32(a0[100*i0 + i1])
        for i2:100 over i3:3
          t2[i2] = add:float32 t1[3*i2 + i3]
        for i4:100 i5:3
          o0[3*i4 + i5] = div:float32(t1[3*i4 + i5], t2[i4])
        """


def test_short_axes_are_written_out_where_nests_disagree_on_them() -> None:
    becomes(
        [components.components, fuse.fuse, dead.drop_unread],
        RECORDS,
        """
        arg a0: float32[300] 0
        out o0: float32[300] 0
        for i0:100
          v0 = sin:float32(a0[i0 + 200])
          v1 = sin:float32(a0[i0 + 100])
          v2 = sin:float32(a0[i0])
          v3 = add:float32(add:float32(v2, v1), v0)
          o0[3*i0] = div:float32(v2, v3)
          o0[3*i0 + 1] = div:float32(v1, v3)
          o0[3*i0 + 2] = div:float32(v0, v3)
        """,
    )


def test_layout_keeps_the_fields_of_records_together() -> None:
    becomes(
        [layout.layout],
        """
        arg a0: float32[300] 0
        out o0: float32[300] 0
        temp t1: float32[300]
        for i0:100 i1:3
          t1[3*i0 + i1] = a0[3*i0 + i1]
        loop i2:9
          for i3:100
            t1[3*i3] = add:float32(t1[3*i3 + 1], t1[3*i3])
            t1[3*i3 + 1] = t1[3*i3 + 2]
            t1[3*i3 + 2] = t1[3*i3]
        for i4:300
          o0[i4] = a0[i4]
        """,
        """
        arg a0: float32[300] 0
        out o0: float32[300] 0
        temp t1: float32[300]
        for i0:100 i1:3
          t1[i0 + 100*i1] = a0[3*i0 + i1]
        loop i2:9
          for i3:100
            t1[i3] = add:float32(t1[i3 + 100], t1[i3])
            t1[i3 + 100] = t1[i3 + 200]
            t1[i3 + 200] = t1[i3]
        for i4:300
          o0[i4] = a0[i4]
        """,
    )


def test_layout_divides_where_records_are_stepped_through_as_one_axis() -> None:
    becomes(
        [layout.layout, digits.digits],
        """
        arg a0: float32[300] 0
        out o0: float32[300] 0
        temp t1: float32[300]
        for i0:300
          t1[i0] = a0[i0]
        loop i1:9
          for i2:100
            t1[3*i2] = add:float32(t1[3*i2 + 1], t1[3*i2 + 2])
        for i3:300
          o0[i3] = t1[i3]
        """,
        """
        arg a0: float32[300] 0
        out o0: float32[300] 0
        temp t1: float32[300]
        for i0:100 i1:3
          t1[i0 + 100*i1] = a0[3*i0 + i1]
        loop i2:9
          for i3:100
            t1[i3] = add:float32(t1[i3 + 100], t1[i3 + 200])
        for i4:100 i5:3
          o0[3*i4 + i5] = t1[i4 + 100*i5]
        """,
    )


def test_layout_leaves_records_that_are_read_whole() -> None:
    text = """
        arg a0: float32[300] 0
        out o0: float32[300] 0
        temp t1: float32[300]
        for i0:100 i1:3
          t1[3*i0 + i1] = sin:float32(a0[3*i0 + i1])
        for i2:100
          t1[3*i2] = float32:0.0
        for i3:300
          o0[i3] = t1[-1*i3 + 299]
        """
    becomes([layout.layout], text, text)


def test_peel_cuts_a_joined_array_into_its_pieces() -> None:
    becomes(
        [peel.peel],
        """
        arg a0: float32[100] 0
        arg a1: float32[300] 1
        out o0: float32[400] 0
        for i0:400
          o0[i0] = (a0[i0] if 0 <= i0 < 100 else a1[i0 + -100])
        """,
        """
        arg a0: float32[100] 0
        arg a1: float32[300] 1
        out o0: float32[400] 0
        for i0:100
          o0[i0] = a0[i0]
        for i1:300
          o0[i1 + 100] = a1[i1]
        """,
    )


def test_peel_goes_on_in_pieces_that_still_ask() -> None:
    becomes(
        [peel.peel],
        """
        arg a0: float32[1024] 0
        arg a1: float32[960] 1
        out o0: float32[2048] 0
        for i0:2 i1:1024
          o0[1024*i0 + i1] = (a0[i1] if 0 <= i0 < 1 else (a1[i1] if 0 <= i1 < 960 else a0[0]))
        """,
        """
        arg a0: float32[1024] 0
        arg a1: float32[960] 1
        out o0: float32[2048] 0
        for i0:1024
          o0[i0] = a0[i0]
        for i1:960
          o0[i1 + 1024] = a1[i1]
        for i2:64
          o0[i2 + 1984] = a0[0]
        """,
    )


def test_fields_of_many_records_that_a_loop_works_on_stand_together() -> None:
    becomes(
        [across.across],
        """
        arg a0: float32[320] 0
        arg a1: float32[32] 1
        out o0: float32[320] 0
        temp t1: float32[320]
        for i0:32 i1:10
          t1[10*i0 + i1] = a0[10*i0 + i1]
        loop i2:50
          for i3:32 i4:10
            o0[10*i3 + i4] = mul:float32(a1[i3], (t1[10*i3 + i4 + -1] if 1 <= i4 < 10 else a1[i3]))
          for i5:32 i6:10
            t1[10*i5 + i6] = add:float32(o0[10*i5 + i6], t1[10*i5 + i6])
        """,
        """
        arg a0: float32[320] 0
        arg a1: float32[32] 1
        out o0: float32[320] 0
        temp t1: float32[320]
        temp x4: float32[320]
        for i0:32 i1:10
          t1[i0 + 32*i1] = a0[10*i0 + i1]
        loop i2:50
          for i3:32 i4:10
            x4[i3 + 32*i4] = mul:float32(a1[i3], (t1[i3 + 32*i4 + -32] if 1 <= i4 < 10 else a1[i3]))
          for i5:32 i6:10
            t1[i5 + 32*i6] = add:float32(x4[i5 + 32*i6], t1[i5 + 32*i6])
        for i7:32 i8:10
          o0[10*i7 + i8] = x4[i7 + 32*i8]
        """,
    )


@pytest.mark.parametrize(
    "body",
    {
        "a record reads the one before": """
          for i1:32 i2:10
            o0[10*i1 + i2] = t1[10*i1 + i2]
          for i3:31 i4:10
            t1[10*i3 + i4 + 10] = add:float32(o0[10*i3 + i4 + 5], o0[10*i3 + i4 + 9])""",
        "it is stepped through as one": """
          for i1:32 i2:10
            o0[10*i1 + i2] = t1[10*i1 + i2]
          for i3:320
            t1[i3] = sin:float32(o0[-1*i3 + 319])""",
    }.values(),
)
def test_records_that_are_not_apart_stay(body: str) -> None:
    text = f"""
        out o0: float32[320] 0
        temp t1: float32[320]
        loop i0:50{body}
        """
    becomes([across.across], text, text)


def test_digits_splits_what_is_divided() -> None:
    becomes(
        [digits.digits],
        """
        arg a0: float32[300] 0
        arg a1: float32[10] 1
        out o0: float32[3000] 0
        for i0:3000
          o0[i0] = mul:float32(a0[(i0)%300], a1[(i0)//300])
        """,
        """
        arg a0: float32[300] 0
        arg a1: float32[10] 1
        out o0: float32[3000] 0
        for i0:10 i1:300
          o0[300*i0 + i1] = mul:float32(a0[i1], a1[i0])
        """,
    )


def test_digits_splits_the_parts_again() -> None:
    becomes(
        [digits.digits],
        """
        arg a0: float32[40] 0
        out o0: float32[2000] 0
        for i0:2000
          o0[i0] = add:float32(a0[((i0)//100)%4], a0[(i0)%10])
        """,
        """
        arg a0: float32[40] 0
        out o0: float32[2000] 0
        for i0:20 i1:10 i2:10
          o0[100*i0 + 10*i1 + i2] = add:float32(a0[(i0)%4], a0[i2])
        """,
    )


def test_short_axes_become_one() -> None:
    becomes(
        [flat.flat],
        """
        arg a0: float32[3000] 0
        out o0: float32[3000] 0
        for i0:1000 i1:3
          o0[3*i0 + i1] = exp:float32(a0[3*i0 + i1])
        """,
        """
        arg a0: float32[3000] 0
        out o0: float32[3000] 0
        for i0:3000
          o0[i0] = exp:float32(a0[i0])
        """,
    )


def test_axes_stay_apart_where_a_nest_on_the_same_elements_needs_them() -> None:
    text = """
        arg a0: float32[6000] 0
        arg a1: float32[1000] 1
        out o0: float32[3000] 0
        out o1: float32[6000] 1
        temp t2: float32[3000]
        for i0:1000 i1:3
          t2[3*i0 + i1] = exp:float32(a0[3*i0 + i1])
        for i2:1000 i3:3
          o0[3*i2 + i3] = mul:float32(t2[3*i2 + i3], a1[i2])
        """
    becomes([flat.flat], text, dedent(text).lstrip("\n"))


def test_axes_of_a_permutation_become_one_around_what_moves() -> None:
    becomes(
        [flat.flat],
        """
        arg a0: float32[64] 0
        out o0: float32[64] 0
        for i0:2 i1:2 i2:2 i3:2 i4:2 i5:2
          o0[32*i0 + 16*i1 + 8*i2 + 4*i3 + 2*i4 + i5] = a0[16*i0 + 8*i1 + 32*i2 + 4*i3 + 2*i4 + i5]
        """,
        """
        arg a0: float32[64] 0
        out o0: float32[64] 0
        for i0:4 i1:2 i2:8
          o0[16*i0 + 8*i1 + i2] = a0[8*i0 + 32*i1 + i2]
        """,
    )


def test_short_axes_are_written_out_where_a_place_of_one_is_read() -> None:
    becomes(
        [components.components],
        """
        arg a0: float32[200] 0
        out o0: float32[200] 0
        temp t1: float32[200]
        for i0:100 i1:2
          t1[2*i0 + i1] = sin:float32(a0[2*i0 + i1])
        for i2:100 i3:2
          o0[2*i2 + i3] = mul:float32(t1[2*i2 + i3], t1[2*i2 + 1])
        """,
        """
        arg a0: float32[200] 0
        out o0: float32[200] 0
        temp t1: float32[200]
        for i0:100
          t1[2*i0] = sin:float32(a0[2*i0])
          t1[2*i0 + 1] = sin:float32(a0[2*i0 + 1])
        for i1:100
          o0[2*i1] = mul:float32(t1[2*i1], t1[2*i1 + 1])
          o0[2*i1 + 1] = mul:float32(t1[2*i1 + 1], t1[2*i1 + 1])
        """,
    )


def test_layout_leaves_records_that_are_found_at_run_time() -> None:
    text = """
        arg a0: int32[1] 0
        arg a1: float32[3] 1
        out o0: float32[3] 0
        temp t1: float32[300]
        for i0:300
          t1[i0] = float32:0.0
        for i1:3
          t1[i1 + 3*{min:int32(max:int32(a0[0], int32:0), int32:99) in 0..99}] = a1[i1]
        for i2:3
          o0[i2] = t1[3*{min:int32(max:int32(a0[0], int32:0), int32:99) in 0..99} + i2]
        """
    becomes([layout.layout], text, text)
