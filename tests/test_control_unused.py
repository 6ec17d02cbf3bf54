"""Results of calls, branches and loops that nothing uses are not computed."""

from typing import Any

import numpy as np
import pytest

from pullback.control import unused
from pullback.core.check import check
from pullback.core.ir import Jaxpr
from pullback.core.parse import parse
from pullback.core.rewrite import dead_code, simplify
from pullback.core.show import show
from pullback.core.stage import eval_jaxpr
from pullback.core.structure import structure

CALL = """{ lambda ; a:f32[] b:f32[]. let
    _:f32[] c:f32[] = PRIMITIVE[
      jaxpr={ lambda ; d:f32[] e:f32[]. let f:f32[] = neg d g:f32[] = abs e in (f, g) }
      name='f'
    ] a b
  in (c,) }"""
CALL_LEFT = """{ lambda ; a:f32[] b:f32[]. let
    c:f32[] = PRIMITIVE[jaxpr={ lambda ; e:f32[]. let g:f32[] = abs e in (g,) } name='f'] b
  in (c,) }"""

COND = """{ lambda ; i:i32[] a:f32[] b:f32[] c:f32[]. let
    _:f32[] r:f32[] = cond[
      branches=(
        { lambda ; d:f32[] e:f32[] f:f32[]. let g:f32[] = neg d h:f32[] = abs e in (g, h) }
        { lambda ; d:f32[] e:f32[] f:f32[]. let g:f32[] = neg e in (f, g) }
      )
    ] i a b c
  in (r,) }"""
COND_LEFT = """{ lambda ; i:i32[] a:f32[] b:f32[] c:f32[]. let
    r:f32[] = cond[
      branches=(
        { lambda ; e:f32[]. let h:f32[] = abs e in (h,) }
        { lambda ; e:f32[]. let g:f32[] = neg e in (g,) }
      )
    ] i b
  in (r,) }"""

# The first carry is needed by the second, which is used; the third by nothing.
SCAN = """{ lambda ; k:f32[] l:f32[] a:f32[] b:f32[] c:f32[] x:f32[4] y:f32[4]. let
    _:f32[] s:f32[] _:f32[] z:f32[4] _:f32[4] = scan[
      jaxpr={ lambda ; k:f32[] l:f32[] a:f32[] b:f32[] c:f32[] x:f32[] y:f32[]. let
          d:f32[] = mul a k
          e:f32[] = add b a
          f:f32[] = mul c l
          g:f32[] = neg x
          h:f32[] = abs y
        in (d, e, f, g, h) }
      length=4
      num_carry=3
      num_consts=2
      reverse=False
      unroll=1
    ] k l a b c x y
  in (s, z) }"""
SCAN_LEFT = """{ lambda ; k:f32[] l:f32[] a:f32[] b:f32[] c:f32[] x:f32[4] y:f32[4]. let
    _:f32[] s:f32[] z:f32[4] = scan[
      jaxpr={ lambda ; k:f32[] a:f32[] b:f32[] x:f32[]. let
          d:f32[] = mul a k
          e:f32[] = add b a
          g:f32[] = neg x
        in (d, e, g) }
      length=4
      num_carry=2
      num_consts=1
      reverse=False
      unroll=1
    ] k a b x
  in (s, z) }"""

# The first carry ends the loop, the second is used, the third is neither.
WHILE = """{ lambda ; n:f32[] m:f32[] k:f32[] l:f32[] a:f32[] b:f32[] c:f32[]. let
    _:f32[] s:f32[] _:f32[] = while[
      body_jaxpr={ lambda ; k:f32[] l:f32[] a:f32[] b:f32[] c:f32[]. let
          d:f32[] = add a 1.0:f32[]
          e:f32[] = mul b k
          f:f32[] = mul c l
        in (d, e, f) }
      body_nconsts=2
      cond_jaxpr={ lambda ; n:f32[] m:f32[] a:f32[] b:f32[] c:f32[]. let
          p:bool[] = lt a m
        in (p,) }
      cond_nconsts=2
    ] n m k l a b c
  in (s,) }"""
WHILE_LEFT = """{ lambda ; n:f32[] m:f32[] k:f32[] l:f32[] a:f32[] b:f32[] c:f32[]. let
    _:f32[] s:f32[] = while[
      body_jaxpr={ lambda ; k:f32[] a:f32[] b:f32[]. let
          d:f32[] = add a 1.0:f32[]
          e:f32[] = mul b k
        in (d, e) }
      body_nconsts=1
      cond_jaxpr={ lambda ; m:f32[] a:f32[] b:f32[]. let p:bool[] = lt a m in (p,) }
      cond_nconsts=1
    ] m k a b
  in (s,) }"""

CASES = {
    "jit": (CALL.replace("PRIMITIVE", "jit"), CALL_LEFT.replace("PRIMITIVE", "jit")),
    "checkpoint": (
        CALL.replace("PRIMITIVE", "checkpoint"),
        CALL_LEFT.replace("PRIMITIVE", "checkpoint"),
    ),
    "cond": (COND, COND_LEFT),
    "scan": (SCAN, SCAN_LEFT),
    "while": (WHILE, WHILE_LEFT),
}


def results(jaxpr: Jaxpr) -> list[Any]:
    """The results on arguments 1, 2, ...; the loops end."""
    args = [np.full(a.shape, i, a.dtype) for i, a in enumerate(jaxpr.in_avals, 1)]
    return [np.asarray(x) for x in eval_jaxpr(jaxpr, (), *args)]


@pytest.mark.parametrize("name", CASES)
def test_unused_results_are_dropped(name: str) -> None:
    given, left = (parse(text) for text in CASES[name])
    check(given)
    got = dead_code(given)
    check(got)
    assert show(got, exact=True) == show(left, exact=True)
    for x, y in zip(results(got), results(given), strict=True):
        np.testing.assert_array_equal(x, y)
    assert structure(dead_code(got)) == structure(got)


def test_programs_of_all_operations_are_cut() -> None:
    slots = (unused.jit_p, unused.checkpoint_p, unused.cond_p, unused.scan_p, unused.while_p)
    assert all(p.dce is not None for p in slots)


def test_nothing_used_is_nothing_done() -> None:
    jaxpr = parse(SCAN.replace("in (s, z) }", "in () }"))
    assert dead_code(jaxpr).eqns == []


def test_calls_are_inlined_at_their_operands_types() -> None:
    call = "jit[jaxpr={ lambda ; d:f32[] e:~f32[]. let f:f32[] = mul d e in (f,) } name='f']"
    jaxpr = parse(f"{{ lambda ; a:~f32[] b:f32[]. let c:f32[] = {call} a b in (c,) }}")
    check(jaxpr)
    got = simplify(jaxpr)
    check(got)
    assert [e.primitive.name for e in got.eqns] == ["convert_element_type"] * 2 + ["mul"]
