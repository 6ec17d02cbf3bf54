"""The trace and the configuration in force, thread by thread."""

import threading

import pytest

from pullback import _native


def in_thread(function):
    """The function's value in a new thread."""
    values = []
    thread = threading.Thread(target=lambda: values.append(function()))
    thread.start()
    thread.join()
    return values[0]


def test_a_trace_is_of_its_thread():
    eager, other = _native.current_trace(), object()
    assert _native.is_eager()
    assert _native.swap_trace(other) is eager
    try:
        assert _native.current_trace() is other and not _native.is_eager()
        assert in_thread(_native.current_trace) is eager
        assert in_thread(_native.is_eager)
    finally:
        assert _native.swap_trace(eager) is other
    assert _native.is_eager()


def test_a_thread_may_inherit_no_context():
    before = _native.get_context()
    _native.set_context(before[0] + 5, not before[1])
    try:
        assert _native.get_context() == (before[0] + 5, not before[1])
        assert in_thread(_native.get_context) != _native.get_context()
    finally:
        _native.set_context(*before)


def test_the_default_context_is_every_threads():
    before = in_thread(_native.get_context)
    own = _native.get_context()
    _native.set_default_context(77, True)
    try:
        assert in_thread(_native.get_context) == (77, True)
        _native.reset_context()
        assert _native.get_context() == (77, True)
    finally:
        _native.set_default_context(*before)
        _native.set_context(*own)


@pytest.mark.parametrize("args", [(), (1,), ("a", True)])
def test_contexts_are_checked(args):
    with pytest.raises(TypeError):
        _native.set_context(*args)


def test_context_keys_are_not_negative():
    with pytest.raises(ValueError, match="not negative"):
        _native.set_context(-1, True)
