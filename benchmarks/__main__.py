"""`python -m benchmarks [--group G] [--case C] [--platform P] [--rounds N] [--only LIBRARY]`."""

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import sys
from collections.abc import Iterator

from benchmarks.case import Case
from benchmarks.cases import CASES
from benchmarks.harness import OURS, PLATFORMS, Pool, Row, Times, measure, on_platform

LIBRARIES = (OURS, "jax", "numpy")
LINE = "{:<33} {:>9} {:>9}  {:<11} {:>7} {:>7} {:<5} {:>20} {:>15}"
HEAD = ("case", OURS, "rival", "", "ratio", "wanted", "", "first call", "peak MiB")
UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--group", help="run the cases of one group")
    parser.add_argument("--case", help="run the cases whose name contains this")
    parser.add_argument("--rounds", type=int, default=7, help="samples of each side (7)")
    parser.add_argument("--only", choices=LIBRARIES, help="measure one library alone")
    parser.add_argument("--platform", choices=PLATFORMS, default="cpu", help="where to run (cpu)")
    parser.add_argument("--list", action="store_true", help="print the cases and stop")
    return parser.parse_args()


def chosen(options: argparse.Namespace) -> list[Case]:
    """The cases that the command line asks for."""
    group, part = options.group, options.case or ""
    cases = [case for case in CASES if group in (None, case.group) and part in case.name]
    if not cases:
        groups = ", ".join(dict.fromkeys(case.group for case in CASES))
        sys.exit(
            f"benchmarks: no case has group {group!r} and {part!r} in its name; the groups are "
            f"{groups}; `python -m benchmarks --list` prints the cases"
        )
    return cases


def need(libraries: set[str]) -> None:
    """Stop if a library that is to be measured is not installed."""
    for library in sorted(libraries):
        if importlib.util.find_spec(library) is None:
            others = " or ".join(name for name in LIBRARIES if name != library)
            sys.exit(
                f"benchmarks: {library} is not installed in {sys.executable}; install both sides "
                f'with `pip install ".[bench]"`, or measure one alone with --only {others}'
            )


def pretty_time(value: float) -> str:
    """Three digits and a unit: `4.71 ms`."""
    scale, unit = next((u for u in UNITS if value >= u[0]), UNITS[-1])
    return f"{value / scale:.3g} {unit}"


def pair(ours: str, theirs: str) -> str:
    """Both sides in one column."""
    return f"{ours} / {theirs}" if (ours, theirs) != ("-", "-") else ""


def first_text(times: Times | None) -> str:
    return pretty_time(times.first) if times and times.first else "-"


def memory_text(times: Times | None) -> str:
    return f"{times.memory / 2**20:.3g}" if times and times.memory >= 2**20 else "-"


def line(row: Row) -> str:
    """A row as text."""
    if row.error:
        ours = pretty_time(row.ours.typical) if row.ours else "-"
        return f"{row.case.name:<33} {ours:>10}  {row.error} {row.verdict}"
    wanted, ratio = row.rival.at_most, row.ratio
    return LINE.format(
        row.case.name,
        pretty_time(row.ours.typical) if row.ours else "-",
        pretty_time(row.theirs.typical) if row.theirs else "-",
        row.rival.name,
        "-" if ratio is None else f"{ratio:.3g}",
        "-" if wanted is None else f"{wanted:g}",
        row.verdict,
        pair(first_text(row.ours), first_text(row.theirs)),
        pair(memory_text(row.ours), memory_text(row.theirs)),
    ).rstrip()


def header(libraries: set[str], rounds: int, where: str) -> str:
    """What was measured, and on what."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in sorted(libraries))
    machine = f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores"
    return f"{versions}; {machine}; on {where}; {rounds} rounds\n\n{LINE.format(*HEAD).rstrip()}"


def rows(cases: list[Case], only: str | None, rounds: int) -> Iterator[Row]:
    """The rows, each as soon as it is measured."""
    pool = Pool()
    try:
        for case in cases:
            for rival in case.rivals:
                row = measure(case, rival, only, rounds, pool)
                if row is not None:
                    yield row
    finally:
        pool.close()


def main() -> int:
    """Print the table; 1 if a case failed to run, which a miss is not."""
    options = arguments()
    cases = chosen(options)
    if options.list:
        print("\n".join(f"{case.group:<13} {case.name}" for case in cases))
        return 0
    compared = {OURS} | {rival.library for case in cases for rival in case.rivals}
    libraries = compared & ({options.only} if options.only else set(LIBRARIES))
    need(libraries)
    os.environ.update(on_platform(options.platform))
    print(header(libraries, options.rounds, options.platform), flush=True)
    done: list[Row] = []
    for row in rows(cases, options.only, options.rounds):
        done.append(row)
        print(line(row), flush=True)
    counts = {word: sum(row.verdict == word for row in done) for word in ("ok", "miss", "error")}
    print("\n" + ", ".join(f"{number} {word}" for word, number in counts.items()))
    return 1 if counts["error"] else 0


if __name__ == "__main__":
    sys.exit(main())
