"""Who of several processes is still there: connections in a circle, and news that go round it.

Each process holds a connection to the next one alive. Where that ends without a farewell, or the
system's keep-alive probes stay unanswered, the next one is lost; its watcher tells those behind it
and goes on to the one after. So no process needs more than two connections, what happened is known
to all within moments, and one that is only busy is never taken for dead.
"""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable
from typing import NamedTuple


class News(NamedTuple):
    """What became of a process.

    left: whether it took its leave, having nothing more to do. why: for the message of an error.
    """

    process: int
    left: bool
    why: str

    def line(self) -> bytes:
        """The news as it is sent."""
        return f"{self.process} {int(self.left)} {' '.join(self.why.split())}\n".encode()


def read(line: bytes) -> News:
    """The news from what was sent."""
    process, left, why = line.decode(errors="replace").split(" ", 2)
    return News(int(process), left == "1", why)


Find = Callable[[int], tuple[str, int] | News]


def _nowhere(process: int) -> News:
    return News(process, False, "it has not been looked for")


# How many probes of the system's must stay unanswered.
PROBES = 4


def _keep_alive(connection: socket.socket, seconds: float) -> None:
    """Let a connection end when the other side has not answered for so long."""
    step = max(1, int(seconds / (PROBES + 1)))
    wanted = {"TCP_KEEPIDLE": step, "TCP_KEEPALIVE": step, "TCP_KEEPINTVL": step}
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in {**wanted, "TCP_KEEPCNT": PROBES}.items():
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class Ring:
    """This process' place in the circle.

    Args:
      index, count: the number of this process, and how many there are.
      host: the address under which the others reach this one.
      patience: seconds after which a process that cannot be reached is lost.
    """

    def __init__(self, index: int, count: int, host: str, patience: float) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.index = index
        self.count = count
        self.patience = patience
        self._listener = socket.create_server((host, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        self._listener.setblocking(False)
        self._news: dict[int, News] = {}
        self._changed = threading.Condition()
        self._behind: list[socket.socket] = []
        self._selector = selectors.DefaultSelector()
        self._closed = False
        self._find: Find = _nowhere
        self._watching = threading.Event()
        self._bell, self._rope = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="pullback-ring", daemon=True)

    def start(self, find: Find) -> None:
        """Begin to watch. `find` gives the address of another process, or what became of it."""
        self._find = find
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._bell, selectors.EVENT_READ, lambda _: None)
        self._thread.start()

    def news(self) -> dict[int, News]:
        """What became of processes that are there no more, by number."""
        with self._changed:
            return dict(self._news)

    def wait_for(self, processes: set[int], seconds: float) -> bool:
        """Whether all of these are there no more; waits for that as long as allowed."""
        with self._changed:
            return self._changed.wait_for(lambda: processes <= {*self._news}, seconds)

    def wait_until_watching(self) -> None:
        """Return when this process has found the next one."""
        self._watching.wait()

    def announce(self, news: News) -> None:
        """Tell the others that this process goes, and why."""
        with self._changed:
            self._tell(news)

    def close(self) -> None:
        """End the watch. The thread must not outlive the interpreter: it calls the runtime."""
        if self._closed:
            return
        self._closed = True
        # Its end is what the other side reads.
        self._rope.close()
        self._thread.join(self.patience)

    def _run(self) -> None:
        self._watch_next(self.index)
        self._watching.set()
        while not self._closed:
            for key, _ in self._selector.select():
                if not self._closed:
                    key.data(key.fileobj)
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._selector.close()

    def _watch_next(self, after: int) -> None:
        """Connect to the next process that is there."""
        for step in range(1, self.count):
            process = (after + step) % self.count
            if process == self.index or self._closed:
                return
            if process in self.news():
                continue
            connection = self._connect(process)
            if connection is not None:
                watch = _Watch(self, process)
                self._selector.register(connection, selectors.EVENT_READ, watch.read)
                return

    def _connect(self, process: int) -> socket.socket | None:
        try:
            connection = socket.create_connection(self._address(process), self.patience)
        except OSError as error:
            self._missed(process, f"it does not answer ({error})")
            return None
        connection.settimeout(None)
        _keep_alive(connection, self.patience)
        return connection

    def _address(self, process: int) -> tuple[str, int]:
        found = self._find(process)
        if isinstance(found, News):
            raise OSError(found.why)
        return found

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            # Who wanted to watch is there no more.
            return
        connection.setblocking(True)
        with self._changed:
            for news in self._news.values():
                _send(connection, news)
            self._behind.append(connection)
        self._selector.register(connection, selectors.EVENT_READ, self._drop)

    def _drop(self, connection: socket.socket) -> None:
        """The one behind says nothing; what can be read is its end."""
        with contextlib.suppress(OSError):
            if connection.recv(1024):
                return
        self._selector.unregister(connection)
        with self._changed:
            self._behind.remove(connection)
        connection.close()

    def learn(self, news: News) -> None:
        """Take news, and pass them on if they are."""
        with self._changed:
            if news.process in self._news or news.process == self.index or self._closed:
                return
            self._news[news.process] = news
            self._tell(news)
            self._changed.notify_all()

    def _tell(self, news: News) -> None:
        for connection in self._behind:
            _send(connection, news)

    def passed(self, connection: socket.socket, process: int) -> None:
        """The connection to the next process has ended: watch the one after."""
        self._selector.unregister(connection)
        connection.close()
        self._missed(process, "its connection has ended")
        self._watch_next(process)

    def _missed(self, process: int, why: str) -> None:
        """A process is not there, and has not said so to this one: perhaps it has left word."""
        found = self._find(process)
        self.learn(found if isinstance(found, News) else News(process, False, why))


class _Watch:
    """What comes from the next process."""

    def __init__(self, ring: Ring, process: int) -> None:
        self.ring = ring
        self.process = process
        self.held = b""

    def read(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(4096)
        except OSError:
            data = b""
        *lines, self.held = (self.held + data).split(b"\n")
        for line in lines:
            self.ring.learn(read(line))
        if not data:
            self.ring.passed(connection, self.process)


def _send(connection: socket.socket, news: News) -> None:
    """Who is there no more finds out by itself."""
    with contextlib.suppress(OSError):
        connection.sendall(news.line())


def reach(host: str, port: int, seconds: float) -> str:
    """Connect to a server, trying again until then. The address by which this side is reached.

    OSError where nobody answers in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        left = deadline - time.monotonic()
        try:
            with socket.create_connection((host, port), max(left, 0.1)) as connection:
                return connection.getsockname()[0]
        except OSError:
            if time.monotonic() + 0.1 > deadline:
                raise
        time.sleep(0.1)
