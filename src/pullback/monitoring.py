"""Events by name, and who listens to them: what a program tells of itself while it runs.

The library tells how long it traces and compiles, under JAX's names of these events, in seconds:
`/jax/core/compile/jaxpr_trace_duration` and `/jax/core/compile/backend_compile_duration`, with the
function's name as `fun_name`.
"""

from collections.abc import Callable
from typing import Any

Listener = Callable[..., Any]

_events: list[Listener] = []
_durations: list[Listener] = []
_spans: list[Listener] = []
_scalars: list[Listener] = []


def record_event(event: str, **kwargs: str | int) -> None:
    """Tell of an event: listeners are called with its name and what belongs to it.

    >>> import pullback as pb
    >>> pb.monitoring.register_event_listener(print)
    >>> pb.monitoring.record_event("/program/started")
    /program/started
    >>> pb.monitoring.unregister_event_listener(print)
    """
    for listener in tuple(_events):
        listener(event, **kwargs)


def record_event_duration_secs(event: str, duration: float, **kwargs: str | int) -> None:
    """Tell how many seconds something took.

    >>> pb.monitoring.register_event_duration_secs_listener(print)
    >>> pb.monitoring.record_event_duration_secs("/program/step", 0.5)
    /program/step 0.5
    >>> pb.monitoring.unregister_event_duration_listener(print)
    """
    for listener in tuple(_durations):
        listener(event, duration, **kwargs)


def record_event_time_span(
    event: str, start_time: float, end_time: float, **kwargs: str | int
) -> None:
    """Tell when something began and ended, in seconds.

    >>> pb.monitoring.register_event_time_span_listener(print)
    >>> pb.monitoring.record_event_time_span("/program/step", 1.0, 1.5)
    /program/step 1.0 1.5
    >>> pb.monitoring.unregister_event_time_span_listener(print)
    """
    for listener in tuple(_spans):
        listener(event, start_time, end_time, **kwargs)


def record_scalar(event: str, value: float | int, **kwargs: str | int) -> None:
    """Tell a number.

    >>> pb.monitoring.register_scalar_listener(print)
    >>> pb.monitoring.record_scalar("/program/loss", 0.25)
    /program/loss 0.25
    >>> pb.monitoring.unregister_scalar_listener(print)
    """
    for listener in tuple(_scalars):
        listener(event, value, **kwargs)


def register_event_listener(callback: Listener) -> None:
    """Call `callback(event, **kwargs)` at each event.

    >>> pb.monitoring.register_event_listener(print)
    >>> pb.monitoring.record_event("/program/started")
    /program/started
    >>> pb.monitoring.unregister_event_listener(print)
    """
    _events.append(callback)


def register_event_duration_secs_listener(callback: Listener) -> None:
    """Call `callback(event, seconds, **kwargs)` at each duration.

    >>> pb.monitoring.register_event_duration_secs_listener(print)
    >>> pb.monitoring.record_event_duration_secs("/program/step", 0.5)
    /program/step 0.5
    >>> pb.monitoring.unregister_event_duration_listener(print)
    """
    _durations.append(callback)


def register_event_time_span_listener(callback: Listener) -> None:
    """Call `callback(event, start, end, **kwargs)` at each span.

    >>> pb.monitoring.register_event_time_span_listener(print)
    >>> pb.monitoring.record_event_time_span("/program/step", 1.0, 1.5)
    /program/step 1.0 1.5
    >>> pb.monitoring.unregister_event_time_span_listener(print)
    """
    _spans.append(callback)


def register_scalar_listener(callback: Listener) -> None:
    """Call `callback(event, value, **kwargs)` at each number.

    >>> pb.monitoring.register_scalar_listener(print)
    >>> pb.monitoring.record_scalar("/program/loss", 0.25)
    /program/loss 0.25
    >>> pb.monitoring.unregister_scalar_listener(print)
    """
    _scalars.append(callback)


def _drop(listeners: list[Listener], callback: Listener) -> None:
    if callback not in listeners:
        raise ValueError(f"monitoring: {callback!r} is no listener of this kind")
    listeners.remove(callback)


def unregister_event_listener(callback: Listener) -> None:
    """Call it no more. ValueError if it was not registered.

    >>> pb.monitoring.register_event_listener(print)
    >>> pb.monitoring.unregister_event_listener(print)
    >>> pb.monitoring.record_event("/program/started")  # prints nothing
    """
    _drop(_events, callback)


def unregister_event_duration_listener(callback: Listener) -> None:
    """Call it no more. ValueError if it was not registered.

    >>> pb.monitoring.register_event_duration_secs_listener(print)
    >>> pb.monitoring.unregister_event_duration_listener(print)
    >>> pb.monitoring.record_event_duration_secs("/program/step", 0.5)  # prints nothing
    """
    _drop(_durations, callback)


def unregister_event_time_span_listener(callback: Listener) -> None:
    """Call it no more. ValueError if it was not registered.

    >>> pb.monitoring.register_event_time_span_listener(print)
    >>> pb.monitoring.unregister_event_time_span_listener(print)
    >>> pb.monitoring.record_event_time_span("/program/step", 1.0, 1.5)  # prints nothing
    """
    _drop(_spans, callback)


def unregister_scalar_listener(callback: Listener) -> None:
    """Call it no more. ValueError if it was not registered.

    >>> pb.monitoring.register_scalar_listener(print)
    >>> pb.monitoring.unregister_scalar_listener(print)
    >>> pb.monitoring.record_scalar("/program/loss", 0.25)  # prints nothing
    """
    _drop(_scalars, callback)


def clear_event_listeners() -> None:
    """Call no listener of any kind any more.

    >>> pb.monitoring.register_event_listener(print)
    >>> pb.monitoring.clear_event_listeners()
    >>> pb.monitoring.record_event("/program/started")  # prints nothing
    """
    for listeners in (_events, _durations, _spans, _scalars):
        listeners.clear()
