"""Importing leaves nothing for the garbage collector to visit, but the user's objects alone."""

import subprocess
import sys


def frozen_after(before: str) -> int:
    code = f"import gc; {before}; import pullback; print(gc.get_freeze_count())"
    return int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)


def test_a_fresh_program_is_set_aside() -> None:
    assert frozen_after("pass") > 10_000


def test_objects_of_a_running_program_stay_collectable() -> None:
    assert frozen_after("gc.collect()") == 0
