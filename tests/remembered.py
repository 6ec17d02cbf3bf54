"""What tests of staged functions share: loops that call them, and how often they are staged."""

import functools
import types

import numpy as np

from pullback import lax

XS = np.ones(3, np.float32)


def total(step, first=0.0, xs=XS):
    return float(lax.scan(step, first, xs)[0])


def counted(f):
    """The function, and a list that grows each time it is staged."""
    calls = []

    @functools.wraps(f)
    def counting(*args):
        calls.append(args)
        return f(*args)

    return counting, calls


class Model:
    """Something with state, read by methods."""

    rate = 1.0

    def __init__(self):
        self.inner = types.SimpleNamespace(scale=2.0)

    def scaled(self, x):
        return self.inner.scale * x * self.rate

    def step(self, c, x):
        return c + self.scaled(x), None
