"""The tour gives the same where XLA computes."""

import os
import re
import subprocess
import sys

import numpy as np


def tour(platforms: str) -> tuple[list[str], list[float]]:
    """The words and the numbers that the tour prints, but for times and what was compiled."""
    done = subprocess.run(
        [sys.executable, "-m", "pullback.tour"],
        capture_output=True,
        text=True,
        env=os.environ | {"PULLBACK_PLATFORMS": platforms},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if not re.search(r"\d [mun]?s\b", line)]
    text = "\n".join(lines)
    number = r"-?\d+\.\d*(?:e[+-]?\d+)?"
    return re.sub(number, "#", text).split(), [float(n) for n in re.findall(number, text)]


def test_the_tour():
    words, numbers = tour("cpu")
    words_there, numbers_there = tour("xla,cpu")
    assert words_there == words
    np.testing.assert_allclose(numbers_there, numbers, rtol=2e-3, atol=1e-5)
