"""Steps that all processes of a run take: each learns how it went in the others."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

from ..backends import processes
from ..backends.watched import watched
from ..errors import DistributedError

# How long to wait for one that is still there: as long as it may take to write what it has.
DAY = 24 * 3600 * 1000
FAILED, DONE = "!", "="
_numbers = itertools.count()


def together(what: str, step: Callable[[], str]) -> list[str]:
    """Take a step; what it gave in each process, once all have taken it.

    Where it raises in one, it raises in all, and a process that is gone is a DistributedError.
    """
    run = processes.joined()
    if run is None or not run.open:
        return [step()]
    number = next(_numbers)
    try:
        own = step()
    except BaseException as error:
        _tell(run, number, f"{FAILED}{type(error).__name__}: {error}")
        raise
    _tell(run, number, f"{DONE}{own}")
    told = [_heard(run, number, i) for i in range(processes.count())]
    if number:
        # All have come to this step, so none still listens to the one before.
        run.client.key_value_delete(_key(number - 1, run.plan.index))
    failed = [i for i, text in enumerate(told) if text.startswith(FAILED)]
    if failed:
        raise DistributedError(f"{what}: process {failed[0]}: {told[failed[0]][1:]}", failed)
    return [text.removeprefix(DONE) for text in told]


def _key(number: int, process: int) -> str:
    return f"pullback/checkpoints/{number}/{process}"


def _tell(run: Any, number: int, text: str) -> None:
    """Say how a step went."""
    run.client.key_value_set(_key(number, run.plan.index), text)


def _heard(run: Any, number: int, process: int) -> str:
    hear = partial(run.client.blocking_key_value_get, timeout_in_ms=DAY)
    return watched(hear, _key(number, process), processes.everyone())
