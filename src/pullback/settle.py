"""What importing made, set aside from the garbage collector; fewer collections elsewhere."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# New objects between two collections of the youngest ones, where programs are made.
OBJECTS = 200_000


def settle() -> None:
    """Freeze all objects there are, if the program has only just begun.

    Modules, functions and classes, NumPy's too, live as long as the process: without this each full
    collection, those at exit included, visits some fifty thousand of them. Once a full collection
    has happened there may be the user's own objects, which must stay collectable.
    """
    if not gc.get_stats()[-1]["collections"]:
        gc.freeze()


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Fewer collections: tracing and compiling make many objects, nearly all of them to stay until
    the end, and as they were made after the others were frozen, a third of the time would go into
    looking at them again and again."""
    threshold, *rest = gc.get_threshold()
    if not 0 < threshold < OBJECTS:
        yield
        return
    gc.set_threshold(OBJECTS, *rest)
    try:
        yield
    finally:
        gc.set_threshold(threshold, *rest)
