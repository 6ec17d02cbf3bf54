"""`python tools/measure_examples.py [NAMES]`: how long examples take, with Pullback and with JAX.

Each program runs in a process of its own, twice, with nothing kept on disk and without its picture.
Seconds are those of the processor, which other programs change less than those of the clock. LAPACK
has one thread: on a busy machine its threads spend far more time on waiting for one another.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SIDES = ("pullback", "jax")
MARK = "seconds: "


def program(name: str, side: str) -> ModuleType:
    """An example, with the imports of one side."""
    text = (EXAMPLES / f"{name}.py").read_text()
    if side == "jax":
        text = text.replace("import pullback as", "import jax as")
        text = text.replace("from pullback", "from jax")
    module = ModuleType(name)
    exec(compile(text, f"{name} by {side}", "exec"), module.__dict__)
    return module


def measure(name: str, side: str) -> None:
    """Prints the seconds of two runs, after what the program prints."""
    sys.path.insert(0, str(EXAMPLES))
    module = program(name, side)
    module.__dict__["draw"] = lambda *args: None
    for _ in range(2):
        before, clock = time.process_time(), time.perf_counter()
        module.main()
        print(f"{MARK}{time.process_time() - before:.2f} {time.perf_counter() - clock:.2f}")


def seconds(name: str, side: str, limit: float = 600) -> list[str]:
    """Processor seconds of the first run and of the second, and the clock's of both."""
    environment = {**os.environ, "PULLBACK_CACHE": "0", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--one", name, side]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=limit, check=True
        )
    except subprocess.TimeoutExpired:
        return [f"> {limit:.0f}"] * 4
    lines = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    first, second = (line.removeprefix(MARK).split() for line in lines)
    return [first[0], second[0], first[1], second[1]]


def table(names: list[str]) -> None:
    """A row for each program and side."""
    print("| program | by | first, processor | again | first, clock | again |", flush=True)
    print("|---|---|---|---|---|---|", flush=True)
    for name in names:
        for side in SIDES:
            print(f"| {name} | {side} |", " | ".join(seconds(name, side)), "|", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(*sys.argv[2:])
    else:
        every = sorted(p.stem for p in EXAMPLES.glob("*.py") if p.stem != "commandline")
        table(sys.argv[1:] or every)
