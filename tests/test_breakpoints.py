"""Stops in programs: commands at `debug.breakpoint`, and what they print."""

import io
from typing import Any

import jax
import pytest

import pullback as pb
from pullback import numpy as pnp


def stopped(f: Any, commands: str, *args: Any) -> str:
    """What the command line prints when a function of (stop, *args) runs."""
    out = io.StringIO()

    def stop(**options: Any) -> None:
        pb.debug.breakpoint(stdin=io.StringIO(commands), stdout=out, **options)

    f(stop, *args)
    return out.getvalue()


def outer(stop: Any, x: Any) -> Any:
    name = "outer's own"
    assert name

    def inner(y: Any) -> Any:
        z = {"sum": y + 1}
        stop()
        return z["sum"]

    return inner(x * 2)


CALLS = {
    "eager": outer,
    "jit": lambda stop, x: pb.jit(lambda x: outer(stop, x))(x),
    "grad": lambda stop, x: pb.grad(lambda x: outer(stop, x))(x),
    "jit of grad": lambda stop, x: pb.jit(pb.grad(lambda x: outer(stop, x)))(x),
    "loop": lambda stop, x: pb.lax.fori_loop(0, 1, lambda i, c: outer(stop, c), x),
}


@pytest.mark.parametrize("how", CALLS)
def test_values_are_those_of_the_run(how: str) -> None:
    text = stopped(
        CALLS[how], "u\np float(z['sum'] + 1)\np float(y)\nu\np name, float(x)\nc", pnp.float32(3)
    )
    assert "inner" in text
    assert "z = {'sum'" not in text
    assert "8.0" in text
    assert "6.0" in text
    assert "outer's own" in text
    assert "3.0" in text


def test_batches_stop_for_each_element() -> None:
    def f(stop: Any) -> Any:
        return pb.vmap(lambda x: outer(stop, x))(pnp.arange(2.0))

    text = stopped(f, "u\np float(z['sum'])\nc\nu\np float(z['sum'])\nc")
    assert text.index("1.0") < text.index("3.0")


def test_commands() -> None:
    text = stopped(outer, "bt\nu\nl\na\n\np nothing\nd\nd\nc", pnp.float32(1))
    assert "-> " in text
    assert "stop()" in text
    assert "z = {'sum': " in text
    assert "*** NameError" in text
    assert "At the last call." in text


def test_quitting_ends_the_program() -> None:
    with pytest.raises(SystemExit):
        stopped(outer, "q", 1.0)


def test_how_many_calls_are_kept() -> None:
    def f(stop: Any) -> Any:
        stop(num_frames=1)

    assert stopped(f, "u\nc").count("At the last call.") == 1
    with pytest.raises(ValueError, match="the only backend is 'cli'"):
        pb.debug.breakpoint(backend="web_pdb")


@pytest.mark.parametrize("p", (pb, jax))
def test_the_end_of_the_input_ends_the_program(p: Any) -> None:
    with pytest.raises(SystemExit):
        p.debug.breakpoint(stdin=io.StringIO(""), stdout=io.StringIO(), backend="cli")
        p.effects_barrier()


@pytest.mark.parametrize("p", (pb, jax))
def test_what_is_no_command_is_an_expression(p: Any) -> None:
    out = io.StringIO()

    @p.jit
    def f(x: Any) -> Any:
        y = x * 2
        p.debug.breakpoint(stdin=io.StringIO("x\ny + 1\nunknown\nc\n"), stdout=out, backend="cli")
        return y

    f(p.numpy.float32(3.0))
    p.effects_barrier()
    text = out.getvalue()
    assert "Array(3., dtype=float32)" in text and "Array(7., dtype=float32)" in text
    assert "*** NameError: name 'unknown' is not defined" in text


def test_the_library_stands_in_no_way_to_the_caller() -> None:
    def f(stop: Any) -> Any:
        mine = "mine"
        assert mine
        return pb.jit(lambda x: stop() or x)(1.0)

    assert "'mine'" in stopped(f, "u\nu\nmine\nc")
