"""What all tests share: JAX, the oracle, on the CPU; hypothesis without a clock or a database."""

import os
import signal

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# The oracle's programs run once: what it spends on making them fast is lost.
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)
# Tests compile what they run, and leave nothing behind.
os.environ.setdefault("PULLBACK_CACHE", "0")

import pytest
from hypothesis import settings

from pullback.control import plain

settings.register_profile("house", deadline=None, database=None, derandomize=True)
settings.load_profile("house")

# Shells ignore Ctrl-C in what they start in the background, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Under `disable_jit` tests hold the operations' own values against compiled code: there loops and
# branches stay operations, but for tests that ask for those in Python.
in_python, plain.is_plain = plain.is_plain, lambda: False


@pytest.fixture
def loops_in_python(monkeypatch):
    """Loops and branches run as users' do."""
    monkeypatch.setattr(plain, "is_plain", in_python)
