"""The command line: `run` starts processes, `serve` is the coordinator that they meet at."""

import argparse
import os
import socket
import sys
from collections.abc import Sequence

from ..backends import processes
from ..errors import DistributedError
from .launch import Launch, launch

USAGE = """\
Run a program in several processes that compute together. It joins them with
`pullback.distributed.initialize()`.

  python -m pullback.distributed run -n 4 train.py --epochs 3
  python -m pullback.distributed run -n 4 -m package.train

On several machines, the same on each, with its number:

  python -m pullback.distributed run -n 8 --hosts 2 --host 0 --coordinator first:8476 train.py
  python -m pullback.distributed run -n 8 --hosts 2 --host 1 --coordinator first:8476 train.py
"""


def main(arguments: Sequence[str]) -> int:
    """What the command line asks for; the exit code."""
    given = _parser().parse_args(arguments)
    return given.action(given)


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "python -m pullback.distributed", description=USAGE, formatter_class=form
    )
    actions = parser.add_subparsers(required=True, metavar="run | serve")
    _run_options(actions.add_parser("run", description=USAGE, formatter_class=form))
    serve = actions.add_parser("serve", description="The coordinator, until its input ends.")
    serve.add_argument("address", help="host:port to listen at")
    serve.add_argument("processes", type=int, help="how many processes there will be")
    serve.add_argument("--heartbeat", type=int, default=100, metavar="SECONDS")
    serve.set_defaults(action=_serve)
    return parser


def _run_options(run: argparse.ArgumentParser) -> None:
    add = run.add_argument
    add("-n", "--processes", type=int, required=True, help="how many processes on this machine")
    add("--hosts", type=int, default=1, help="how many machines, each with as many processes")
    add("--host", type=int, default=0, help="the number of this machine; on 0 is the coordinator")
    add("--coordinator", metavar="HOST:PORT", help="where all reach machine 0; needed for several")
    add("--devices", type=int, help="devices of each process (by default 1, for one process all)")
    add("--heartbeat", type=int, metavar="SECONDS", help="until who is silent is lost")
    add("--timeout", type=int, metavar="SECONDS", help="in which all must have come")
    add("--grace", type=float, default=10, metavar="SECONDS", help="to end in when one has failed")
    add("-m", dest="module", action="store_true", help="the program is a module")
    add("program", help="a script, or a module with -m")
    add("arguments", nargs=argparse.REMAINDER, help="the program's own")
    run.set_defaults(action=_run)


def _run(given: argparse.Namespace) -> int:
    if given.hosts > 1 and given.coordinator is None:
        sys.exit("run: --hosts needs --coordinator HOST:PORT, where all reach machine 0")
    if not (given.processes > 0 and 0 <= given.host < given.hosts):
        sys.exit("run: wants -n of at least 1, and --host from 0 to --hosts less 1")
    address = given.coordinator or f"127.0.0.1:{_free_port()}"
    processes.split(address)
    own = ["-m", given.program] if given.module else [given.program]
    return launch(
        Launch(
            command=[sys.executable, *own, *given.arguments],
            address=address,
            first=given.host * given.processes,
            here=given.processes,
            count=given.hosts * given.processes,
            serves=given.host == 0,
            devices=given.devices,
            heartbeat=given.heartbeat,
            timeout=given.timeout,
            grace=given.grace,
        )
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _serve(given: argparse.Namespace) -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        service = processes.serve(given.address, given.processes, given.heartbeat, 10)
    except DistributedError as error:
        sys.exit(str(error))
    assert service is not None
    print("serving", flush=True)
    sys.stdin.read()
    # An orderly end would wait for the processes, which are to end now.
    os._exit(0)
