"""What importing made, set aside from the garbage collector."""

import gc


def settle() -> None:
    """Freeze all objects there are, if the program has only just begun.

    Modules, functions and classes, NumPy's too, live as long as the process: without this each full
    collection, those at exit included, visits some fifty thousand of them. Once a full collection
    has happened there may be the user's own objects, which must stay collectable.
    """
    if not gc.get_stats()[-1]["collections"]:
        gc.freeze()
