"""Processes of this machine, started together and ended together."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from . import settings

# Signals that are passed on.
PASSED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT")
# Seconds between two looks at the processes, and from asking one to end to making it.
LOOK, LAST = 0.05, 5.0


@dataclass(frozen=True)
class Launch:
    """What to start.

    command: of each process. address: where they find the coordinator. first, here, count: the
    number of the first process of this machine, how many are here, and in all. serves: whether the
    coordinator is here. devices: how many each process has. heartbeat, timeout: limits of the run,
    in seconds, None: as the program says. grace: seconds for the others to end when one failed.
    """

    command: Sequence[str]
    address: str
    first: int
    here: int
    count: int
    serves: bool
    devices: int | None
    heartbeat: int | None
    timeout: int | None
    grace: float

    def environment(self, place: int) -> dict[str, str]:
        """Of the process at a place on this machine."""
        own = {
            settings.ADDRESS: self.address,
            settings.COUNT: self.count,
            settings.INDEX: self.first + place,
            settings.SERVED: 1,
            settings.START: self.timeout,
            settings.PATIENCE: self.heartbeat,
            **self._devices(place),
        }
        given = {name: value for name, value in own.items() if value is not None}
        named = {f"PULLBACK_{name}": str(value) for name, value in given.items()}
        return {"PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "1", **os.environ, **named}

    def _devices(self, place: int) -> Mapping[str, object]:
        each = self.devices or (1 if self.here > 1 else None)
        if each is None:
            return {}
        ids = ",".join(map(str, range(place * each, (place + 1) * each)))
        return {settings.DEVICES: ids, "NUM_CPU_DEVICES": each}


def launch(what: Launch) -> int:
    """Run the processes until all have ended. The exit code: of the first that failed, or 0."""
    with contextlib.ExitStack() as stack:
        if what.serves and not stack.enter_context(_coordinator(what)):
            return 1
        started = [_start(what, place) for place in range(what.here)]
        readers = [_relay(p, what.first + k) for k, p in enumerate(started)]
        stack.enter_context(_passing_on(started))
        code = _wait(what, started)
        for reader in readers:
            reader.join(LAST)
        return code


@contextlib.contextmanager
def _coordinator(what: Launch) -> Iterator[bool]:
    """The coordinator in a process of its own, which ends when this one does. Whether it serves."""
    host, _, port = what.address.rpartition(":")
    bind = what.address if host in ("127.0.0.1", "localhost", "[::1]") else f"[::]:{port}"
    name = __name__.rpartition(".")[0]
    limit = [] if what.heartbeat is None else ["--heartbeat", str(what.heartbeat)]
    with subprocess.Popen(
        [sys.executable, "-m", name, "serve", bind, str(what.count), *limit],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline() == "serving\n"
        finally:
            process.kill()


def _start(what: Launch, place: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        what.command,
        env=what.environment(place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


_printing = threading.Lock()


class _Relay(threading.Thread):
    """What a process writes, line by line, each with the process' number before it."""

    def __init__(self, source: IO[bytes], target: IO[bytes], number: int) -> None:
        super().__init__(daemon=True)
        self.source, self.target = source, target
        self.prefix = f"[{number}] ".encode()

    def run(self) -> None:
        for line in self.source:
            with _printing:
                self.target.write(self.prefix + line + (b"" if line.endswith(b"\n") else b"\n"))
                self.target.flush()


class _Relays:
    """Of both outputs of a process."""

    def __init__(self, threads: Sequence[_Relay]) -> None:
        self.threads = threads
        for thread in threads:
            thread.start()

    def join(self, seconds: float) -> None:
        """Wait until all has been written."""
        for thread in self.threads:
            thread.join(seconds)


def _relay(process: "subprocess.Popen[bytes]", number: int) -> _Relays:
    assert process.stdout is not None and process.stderr is not None
    pairs = ((process.stdout, sys.stdout.buffer), (process.stderr, sys.stderr.buffer))
    return _Relays([_Relay(source, target, number) for source, target in pairs])


@contextlib.contextmanager
def _passing_on(started: Sequence["subprocess.Popen[bytes]"]) -> Iterator[None]:
    """Signals to this process go to all of them."""

    def pass_on(number: int, _: object) -> None:
        _signal(started, number)

    known = [getattr(signal, name) for name in PASSED if hasattr(signal, name)]
    before = {number: signal.signal(number, pass_on) for number in known}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _signal(started: Sequence["subprocess.Popen[bytes]"], number: int) -> None:
    for process in started:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)


def _wait(what: Launch, started: Sequence["subprocess.Popen[bytes]"]) -> int:
    """The exit code, when all have ended; those that outlive one that failed are ended."""
    code, ends = 0, float("inf")
    number = signal.SIGTERM
    while (codes := [p.poll() for p in started]).count(None):
        if not code and any(codes):
            code = _report(what, codes)
            ends = time.monotonic() + what.grace
        if time.monotonic() > ends:
            _signal(started, number)
            ends, number = time.monotonic() + LAST, signal.SIGKILL
        time.sleep(LOOK)
    return code or _report(what, codes)


def _report(what: Launch, codes: Sequence[int | None]) -> int:
    """Say which process failed, and how. Its exit code as a shell has it."""
    for k, code in enumerate(codes):
        if code:
            how = f"exit code {code}" if code > 0 else signal.Signals(-code).name
            print(f"process {what.first + k} failed: {how}", file=sys.stderr, flush=True)
            return code if code > 0 else 128 - code
    return 0
