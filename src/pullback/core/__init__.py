"""The heart: types, programs, primitives and dispatch. Knows no operation and no backend."""

# Programs are data; importing show gives them their repr.
from . import show

__all__ = ["show"]
