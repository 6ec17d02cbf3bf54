"""Tracebacks of errors under `jit` show their user's frames, and one error."""

import traceback
from typing import Any

import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp
from pullback.tracebacks import of_users

X = pnp.arange(6.0).reshape(2, 3)


@pb.jit
def branching(x: Any) -> Any:
    return x if x > 0 else -x


@pb.jit
def outer(x: Any) -> Any:
    return branching(x) + 1


def functions_of(f: Any, *args: Any) -> list[str]:
    """The functions in the traceback of the error that a call raises."""
    with pytest.raises(Exception) as info:
        f(*args)
    return [frame.name for frame in traceback.extract_tb(info.value.__traceback__)][1:]


def test_only_users_frames_are_shown() -> None:
    assert functions_of(branching, 1.0) == ["branching"]
    assert functions_of(outer, 1.0) == ["outer", "branching"]
    assert functions_of(pb.jit(lambda x: x), "text") == []


def test_all_frames_are_shown_on_request() -> None:
    pb.config.update("jax_traceback_filtering", "off")
    try:
        assert "__bool__" in functions_of(branching, 1.0)
    finally:
        pb.config.update("jax_traceback_filtering", "auto")


def test_errors_that_are_not_meant_keep_their_frames() -> None:
    with pytest.raises(TypeError) as info:
        X.reshape(4)
    whole = info.value.__traceback__
    assert whole is not None
    assert of_users(AssertionError(), whole) is whole
    length = len(traceback.extract_tb(whole))
    assert length > len(traceback.extract_tb(of_users(info.value, whole)))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: pb.jit(lambda a, b: a, static_argnums=1)(1.0, [1]),
        lambda: X.at[0].set(pnp.ones(5)),
        lambda: pnp.zeros(3, dtype="flaot32"),
        lambda: pnp.array([[1, 2], [3]]),
        lambda: pnp.einsum("ij,jk->ik", X, X),
        lambda: pnp.pad(X, ((1, 1),) * 3),
    ],
    ids=["static", "at", "dtype", "ragged", "einsum", "pad"],
)
def test_one_error_is_shown(wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as info:
        wrong()
    assert "During handling" not in "".join(traceback.format_exception(info.value))
    assert info.value.__cause__ is None


def test_the_line_that_used_a_tracer_is_not_in_numpy() -> None:
    with pytest.raises(pb.errors.TracerArrayConversionError, match=rf"Used at {__file__}:"):
        pb.jit(lambda x: np.linalg.norm(x))(X)
