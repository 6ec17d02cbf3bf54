"""Passes: text in, text out; and on random programs the same results, well formed, no longer."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import toy
from hypothesis import given

from pullback.core.aval import ShapedArray
from pullback.core.check import check
from pullback.core.ir import Jaxpr, JaxprEqn, Var
from pullback.core.parse import parse
from pullback.core.rewrite import (
    STEPS,
    algebra,
    common_subexpressions,
    dead_code,
    inline,
    keep_arguments,
    prune,
    simplify,
)
from pullback.core.show import show
from pullback.core.structure import structure

PASSES = [dead_code, common_subexpressions, inline, algebra, simplify]


def becomes(rewrite: Callable[[Jaxpr], Jaxpr], before: str, after: str) -> None:
    """The pass makes the one text of the other."""
    program = parse(before)
    check(program)
    result = rewrite(program)
    check(result)
    assert show(result, exact=True) == show(parse(after), exact=True)


def test_dead_code_drops_what_nothing_uses() -> None:
    becomes(
        dead_code,
        """{ lambda ; a:f32[] b:f32[]. let
            c:f32[] = toy_sin a
            d:f32[] = toy_sin c
            e:f32[] f:f32[] = toy_pair b
          in (f,) }""",
        "{ lambda ; a:f32[] b:f32[]. let _:f32[] f:f32[] = toy_pair b in (f,) }",
    )


def test_dead_code_keeps_effects() -> None:
    held = "{ lambda ; a:f32[]. let toy_log a in (a,) }"
    text = f"""{{ lambda ; a:f32[]. let
        b:f32[] = toy_sin a
        toy_log b
        c:f32[] = toy_choose[branches=({held}{held})] a
      in () }}"""
    becomes(dead_code, text, text)


def test_dead_code_cuts_the_programs_inside() -> None:
    before = """{ lambda ; a:f32[] b:f32[]. let
        c:f32[] d:f32[] = toy_call[
          jaxpr={ lambda ; a:f32[] b:f32[]. let
              c:f32[] = toy_sin a
              d:f32[] = toy_sin b
            in (c, d) }
          name='f'
        ] a b
      in (d,) }"""
    after = """{ lambda ; a:f32[] b:f32[]. let
        d:f32[] = toy_call[
          jaxpr={ lambda ; b:f32[]. let d:f32[] = toy_sin b in (d,) }
          name='f'
        ] b
      in (d,) }"""
    becomes(dead_code, before, after)


def test_dead_code_keeps_an_effect_inside() -> None:
    before = """{ lambda ; a:f32[] b:f32[]. let
        c:f32[] = toy_call[
          jaxpr={ lambda ; a:f32[] b:f32[]. let toy_log b in (a,) }
          name='f'
        ] a b
      in () }"""
    after = """{ lambda ; a:f32[] b:f32[]. let
        toy_call[jaxpr={ lambda ; b:f32[]. let toy_log b in () } name='f'] b
      in () }"""
    becomes(dead_code, before, after)


def test_prune_says_which_arguments_are_needed() -> None:
    jaxpr = parse("{ lambda ; a:f32[] b:f32[]. let c:f32[] = toy_sin b in (a, c, 1.0:f32[]) }")
    program, needed = prune(jaxpr, (False, True, True))
    assert needed == (False, True)
    kept = keep_arguments(program, needed)
    check(kept)
    assert show(kept) == "{ lambda ; a:f32[]. let b:f32[] = toy_sin a in (b, 1.0:f32[]) }"


def test_equal_work_is_done_once() -> None:
    becomes(
        common_subexpressions,
        """{ lambda ; a:f32[] b:f32[]. let
            c:f32[] = toy_add a 1.0:f32[]
            d:f32[] = toy_add a 1.0:f32[]
            e:f32[] = toy_sin c
            f:f32[] = toy_sin d
            g:f32[] h:f32[] = toy_pair f
            i:f32[] j:f32[] = toy_pair e
          in (e, f, g, j) }""",
        """{ lambda ; a:f32[] b:f32[]. let
            c:f32[] = toy_add a 1.0:f32[]
            e:f32[] = toy_sin c
            g:f32[] h:f32[] = toy_pair e
          in (e, e, g, h) }""",
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("toy_add a 0.0:f32[]", "toy_add a -0.0:f32[]"),
        ("toy_add a 1.0:f32[]", "toy_add a 1.0:~f32[]"),
        ("toy_add a b", "toy_add b a"),
        ("toy-note[k=1] a", "toy-note[k=True] a"),
        ("toy-note[k=1] a", "toy-note[k=1.0] a"),
        ("toy-note a", "toy-note[k=None] a"),
    ],
)
def test_different_work_is_done_twice(one: str, other: str) -> None:
    text = f"{{ lambda ; a:f32[] b:f32[]. let c:f32[] = {one} d:f32[] = {other} in (c, d) }}"
    becomes(common_subexpressions, text, text)


def test_effects_are_not_merged() -> None:
    held = "{ lambda ; a:f32[]. let toy_log a in (a,) }"
    text = f"""{{ lambda ; a:f32[]. let
        toy_log a
        toy_log a
        b:f32[] = toy_call[jaxpr={held} name='f'] a
        c:f32[] = toy_call[jaxpr={held} name='f'] a
      in (b, c) }}"""
    becomes(common_subexpressions, text, text)


def test_equal_programs_inside_are_equal_work() -> None:
    held = "{ lambda ; a:f32[]. let b:f32[] = toy_sin a in (b,) }"
    becomes(
        common_subexpressions,
        f"""{{ lambda ; a:f32[]. let
            b:f32[] = toy_choose[branches=({held},)] a
            c:f32[] = toy_choose[branches=({held},)] a
          in (b, c) }}""",
        f"{{ lambda ; a:f32[]. let b:f32[] = toy_choose[branches=({held},)] a in (b, b) }}",
    )


def test_calls_are_replaced_by_their_bodies() -> None:
    body = "{ lambda ; a:f32[] b:f32[]. let c:f32[] = toy_add a b in (c, b, 2.0:f32[]) }"
    nest = f"{{ lambda ; a:f32[]. let b:f32[] c:f32[] d:f32[] = toy_call[jaxpr={body} name='g'] a"
    nest += " 1.0:f32[] in (b, c, d) }"
    becomes(
        inline,
        f"""{{ lambda ; a:f32[]. let
            b:f32[] c:f32[] d:f32[] = toy_call[jaxpr={nest} name='f'] a
            e:f32[] f:f32[] g:f32[] = toy_call[jaxpr={nest} name='f'] b
            h:f32[] = toy_add c g
          in (e, f, h) }}""",
        """{ lambda ; a:f32[]. let
            b:f32[] = toy_add a 1.0:f32[]
            c:f32[] = toy_add b 1.0:f32[]
            d:f32[] = toy_add 1.0:f32[] 2.0:f32[]
          in (c, 1.0:f32[], d) }""",
    )


def test_identities_are_applied_until_none_applies() -> None:
    becomes(
        algebra,
        """{ lambda ; a:f32[]. let
            b:f32[] = toy-note[k=1] a
            c:f32[] = toy-note b
            d:f32[] = toy-note[k=2] c
            e:f32[] = toy-note[k=3] d
            f:f32[] = toy-note a
          in (e, f) }""",
        """{ lambda ; a:f32[]. let
            b:f32[] = toy-note[k=1] a
            c:f32[] = toy-note a
            d:f32[] = toy-note[k=2] a
            e:f32[] = toy-note[k=3] a
          in (e, a) }""".replace("            c:f32[] = toy-note a\n", ""),
    )


def test_literals_are_computed() -> None:
    becomes(
        algebra,
        """{ lambda ; a:f32[]. let
            b:f32[] = toy_add 1.0:f32[] 2.0:f32[]
            c:f32[] = toy_add b a
            d:~f32[] = toy_add 1.0:~f32[] inf:~f32[]
            e:~f32[] f:~f32[] = toy_pair d
            toy_log b
          in (c, d, e) }""",
        """{ lambda ; a:f32[]. let
            c:f32[] = toy_add 3.0:f32[] a
            e:~f32[] f:~f32[] = toy_pair inf:~f32[]
            toy_log 3.0:f32[]
          in (c, inf:~f32[], e) }""",
    )


def test_identities_that_do_not_end_are_caught() -> None:
    text = "{ lambda ; a:f32[]. let b:f32[] = toy-note[loop=True] a in (b,) }"
    with pytest.raises(AssertionError, match="do not come to an end"):
        algebra(parse(text))


def _arguments(jaxpr: Jaxpr) -> list[Any]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 2, a.shape).astype(a.dtype) for a in jaxpr.in_avals]


@given(toy.programs())
def test_programs_mean_the_same(jaxpr: Jaxpr) -> None:
    before = structure(Jaxpr([], jaxpr.invars, jaxpr.outvars, jaxpr.eqns))
    args = _arguments(jaxpr)
    wanted = toy.run(jaxpr, *args)
    for rewrite in PASSES:
        result = rewrite(jaxpr)
        check(result)
        assert result.in_avals == jaxpr.in_avals and result.out_avals == jaxpr.out_avals
        assert toy.count(result) <= toy.count(jaxpr)
        assert structure(rewrite(result)) == structure(result)
        for x, y in zip(toy.run(result, *args), wanted, strict=True):
            np.testing.assert_array_equal(x, y)
    # The program that was given is as it was.
    assert structure(Jaxpr([], jaxpr.invars, jaxpr.outvars, jaxpr.eqns)) == before


def test_lines_are_kept() -> None:
    line = (test_lines_are_kept.__code__, 1)
    a, b, c = (Var(ShapedArray((), "float32")) for _ in range(3))
    body = Jaxpr([], [a], [b], [JaxprEqn(toy.sin, [a], [b], {})])
    call = JaxprEqn(toy.call, [a], [c], {"jaxpr": body, "name": "f"}, line)
    (eqn,) = simplify(Jaxpr([], [a], [c], [call])).eqns
    assert eqn.primitive is toy.sin and eqn.line == line


def test_shared_programs_stay_shared() -> None:
    held = parse("{ lambda ; a:f32[]. let b:f32[] = toy-note a in (b,) }")
    a, b, c = (Var(ShapedArray((), "float32")) for _ in range(3))
    params = {"branches": (held, held)}
    eqns = [JaxprEqn(toy.choose, [a], [b], params), JaxprEqn(toy.choose, [b], [c], params)]
    program = Jaxpr([], [a], [c], eqns)
    first, second = algebra(program).eqns
    assert first.params["branches"][0] is second.params["branches"][1]
    assert algebra(program) is algebra(program)


def test_steps_say_why() -> None:
    assert all(step.why for step in STEPS)


def calls_of(rewrite: Callable[[Jaxpr], Jaxpr], n: int) -> int:
    """How many calls of functions a pass over n equations makes."""
    v = [Var(ShapedArray((3,), "float32")) for _ in range(2)]
    eqns: list[JaxprEqn] = []
    for i in range(n):
        v.append(Var(v[0].aval))
        some = (toy.add, v[-3:-1], {}) if i % 2 else (toy.note, v[-2:-1], {"axes": (0, 1)})
        eqns.append(JaxprEqn(some[0], some[1], v[-1:], some[2]))
    program = Jaxpr([], v[:2], v[-1:], eqns)
    count = 0

    def counted(*_: Any) -> None:
        nonlocal count
        count += 1

    sys.setprofile(counted)
    try:
        rewrite(program)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("rewrite", PASSES)
def test_passes_take_linear_time(rewrite: Callable[[Jaxpr], Jaxpr]) -> None:
    assert calls_of(rewrite, 4_000) < 4.5 * calls_of(rewrite, 1_000)
