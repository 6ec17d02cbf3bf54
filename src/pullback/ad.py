"""What `with_refs` of a pulled back function takes and returns: where gradients go."""

from .transforms.wanted import DidntWant, DontWant, GradRef, GradValue

__all__ = ["DidntWant", "DontWant", "GradRef", "GradValue"]
