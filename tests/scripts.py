"""Programs of their own, as text: what happens to a process cannot be seen inside of it."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping

PRELUDE = """
import faulthandler, os, signal, sys, threading, time
import numpy as np
import pullback as pb
from pullback import _native, lax, numpy as pnp
"""


def start(text: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """A process that runs the text after the usual imports."""
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(text)],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(text: str, environment: Mapping[str, str] | None = None, code: int = 0) -> str:
    """What a process prints that ends well, or with another code, and says nothing else."""
    process = start(text, environment)
    try:
        out, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == code, (process.returncode, errors)
    assert not errors, errors
    return out.strip()
