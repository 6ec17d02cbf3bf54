"""Counted loops whose steps threads share: which they are, and that their results are the same."""

from collections.abc import Callable
from textwrap import dedent, indent
from typing import Any

import numpy as np
import pytest

import pullback as pb
from pullback import _native, lax
from pullback import numpy as pnp
from pullback.backends.cpu import check, parse, steps
from pullback.backends.cpu.loops import For

HEAD = """
    arg a0: float32[100000] 0
    arg a1: int32[1] 1
    out o0: float32[100000] 0
    out o1: float32[16] 1
    temp t0: float32[16]
    temp t1: float32[100000]
    temp t2: bool[1]
    temp t3: int32[1]
"""
FILL = """
    for i1:16
      t0[i1] = sin:float32(a0[16*i0 + i1])
"""
GIVE = """
    for i2:16
      o0[16*i0 + i2] = t0[-1*i2 + 15]
"""


def private(body: str, before: str = "", after: str = "") -> frozenset[str] | None:
    """What lives within a step of a loop, or None where threads do not share its steps."""
    loop = "loop i0:6250\n" + indent(dedent(body).strip("\n"), "  ")
    text = "\n".join([*(dedent(t).strip("\n") for t in (HEAD, before)), loop, dedent(after)])
    p = parse.program(text.replace("\n\n", "\n").strip("\n"))
    check.check(p)
    (loop,) = [s for s in p.body if isinstance(s, For)]
    found = steps.apart(p, loop, 64)
    return found and found.private


def test_rows_of_results_and_what_lives_within_a_step() -> None:
    assert private(FILL + GIVE) == {"t0"}


def test_a_row_may_be_read_where_it_is_written() -> None:
    assert private(GIVE.replace("t0[-1*i2 + 15]", "exp:float32(o0[16*i0 + i2])")) == frozenset()


@pytest.mark.parametrize(
    "body",
    {
        "a row of another step is read": FILL.replace("a0[16*i0 + i1]", "o0[16*i0 + -1*i1 + 99]")
        + GIVE,
        "rows overlap": FILL + GIVE.replace("16*i0", "8*i0"),
        "all steps write the same": FILL + GIVE.replace("16*i0 + i2", "i2"),
        "a temporary is read before it is filled": GIVE + FILL,
        "half of a temporary is filled": FILL.replace("i1:16", "i1:8") + GIVE,
        "a result of the last step": FILL + GIVE.replace("o0[16*i0 + i2]", "o1[i2]"),
        "an array that only the loop has": FILL.replace("t0[i1]", "t1[16*i0 + i1]"),
    }.values(),
)
def test_steps_that_need_one_another(body: str) -> None:
    assert private(dedent(body)) is None


def test_what_is_used_outside_does_not_live_within_a_step() -> None:
    assert private(FILL + GIVE, before="for i9:16\n  t0[i9] = float32:0.0") is None
    assert private(FILL + GIVE, after="for i9:16\n  o1[i9] = t0[i9]") is None


LOOP = """
    for
      t3[0] = int32:0
    while
      for
        t2[0] = lt:bool(t3[0], a1[0])
      test t2
    do
      for i3:16
        t0[i3] = convert_element_type:float32(t3[0])
      for i4:16
        o0[16*i0 + i4] = t0[i4]
      for
        t3[0] = add:int32(t3[0], int32:1)
"""


def test_a_loop_within_a_step() -> None:
    assert private(LOOP) == {"t0", "t2", "t3"}
    assert private(LOOP + GIVE) is None


BRANCH = """
    for
      t3[0] = int32(i0)
    switch t3
    case 0
      for i3:16
        t0[i3] = sin:float32(a0[16*i0 + i3])
      for i4:16
        o0[16*i0 + i4] = t0[i4]
    case 1
      for i4:16
        o0[16*i0 + i4] = float32:1.0
"""


def test_a_branch_within_a_step() -> None:
    assert private(BRANCH) == {"t0", "t3"}
    assert private(BRANCH + GIVE) is None


def halved(x: Any) -> Any:
    return lax.while_loop(lambda x: x.sum() > 1, lambda x: x * 0.5, pnp.abs(x))


def chosen(x: Any) -> Any:
    return lax.cond(x[0] > 0, lambda x: pnp.linalg.norm(x[:, None] - x), lambda x: x[1], x)


X = np.random.default_rng(0).normal(size=(3000, 24)).astype("float32")
PROGRAMS: dict[str, Callable[..., Any]] = {
    "a loop": lambda x: lax.map(halved, x),
    "a branch": lambda x: lax.map(chosen, x),
    "products": lambda x: lax.map(lambda x: (x[:, None] * x) @ pnp.sin(x[:, None] + x), x),
    "what LAPACK does": lambda x: lax.map(lambda x: pnp.linalg.eigh(x[:, None] * x)[0], x),
    "a scan": lambda x: lax.map(lambda x: lax.scan(lambda c, x: (c + x, c * x), x[0], x)[1], x),
    "a row of each": lambda x: lax.scan(lambda c, x: (c, pnp.sort(x)), 0, x, reverse=True)[1],
    "random numbers": lambda x: pb.random.gamma(pb.random.key(3), pnp.abs(x) + 0.1),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_results_do_not_depend_on_threads(name: str) -> None:
    f = PROGRAMS[name]
    assert "steps; by threads" in pb.explain(f)(X)
    run, before, found = pb.jit(f), _native.get_num_threads(), []
    for count in (1, 2, 3):
        _native.set_num_threads(count)
        found.append(np.asarray(run(X)).tobytes())
    _native.set_num_threads(before)
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("name", [n for n in PROGRAMS if n not in ("random numbers", "products")])
def test_results_are_those_of_the_steps_one_by_one(name: str) -> None:
    some = X[:3000:500]
    with pb.disable_jit():
        wanted = np.asarray(PROGRAMS[name](some))
    got = np.asarray(pb.jit(PROGRAMS[name])(X))
    np.testing.assert_allclose(got[::500], wanted, rtol=1e-4, atol=1e-4)


def test_a_carried_state_is_not_shared() -> None:
    def f(x: Any) -> Any:
        return lax.scan(lambda c, x: (pnp.sin(c + x), c), pnp.zeros(24), x)[1]

    assert "steps; by threads" not in pb.explain(f)(X)
