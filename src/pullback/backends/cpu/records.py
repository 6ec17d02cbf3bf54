"""Compiled programs on disk, by the content of the program: a later process does no pass again.

A record is what a call needs and the object files. It is named by the program and by all else that
it depends on (`backends/identity.py`).
"""

import marshal
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ... import config
from ...core.digest import Opaque, digest
from ...core.ir import Jaxpr
from ...lazy import LazyModule
from ..cache import ObjectCache, object_cache
from ..identity import identity
from . import loader
from .compiled import ENTRY, Compiled

# The compiler: loaded where a program is compiled.
pipeline: Any = LazyModule(f"{__package__}.pipeline")
target: Any = LazyModule(f"{__package__}.target")


def directory() -> ObjectCache:
    """Where records are."""
    return object_cache()


def compiled(jaxpr: Jaxpr, name: str = "fun", donated: Sequence[int] = ()) -> Compiled:
    """Native code of a closed program, from the disk where it is there."""
    key = _key(jaxpr, donated)
    if key is None:
        return pipeline.compile(jaxpr, name, donated)
    since = time.perf_counter()
    data = directory().load(key)
    if data is not None:
        return _read(data, key, jaxpr, donated, since)
    made = replace(pipeline.compile(jaxpr, name, donated), keep=partial(_store, key))
    _store(key, made)
    return made


def _key(jaxpr: Jaxpr, donated: Sequence[int]) -> str | None:
    """The name of a program's record; None where there shall be none.

    Who wants to see the passes gets them done.
    """
    if not directory().ready() or config.current().debug:
        return None
    try:
        return directory().key([digest(jaxpr), str(tuple(donated)), identity()])
    except Opaque:
        return None


def _store(key: str, made: Compiled) -> None:
    """Keep a program that calls nothing of this process."""
    if made.externals:
        return
    outs = [(o[0], o[1] if o[0] == "arg" else None, o[-1]) for o in made.outs]
    needs = made.kept, tuple(outs), made.scratch_bytes, made.donated
    costs = made.work, made.nanoseconds, made.patience
    code = target.host().level, tuple(made.code.imports), tuple(made.code.objects)
    directory().store(key, marshal.dumps((needs, costs, code)))


def _read(data: bytes, key: str, jaxpr: Jaxpr, donated: Sequence[int], since: float) -> Compiled:
    needs, costs, (level, imports, objects) = marshal.loads(data)
    kept, outs, scratch_bytes, given = needs
    work, nanoseconds, patience = costs
    known = loader.symbols(level)
    return Compiled(
        loader.load(objects, [ENTRY], {n: known[n] for n in imports}, {}),
        kept,
        tuple([_out(o, v.aval) for o, v in zip(outs, jaxpr.outvars, strict=True)]),
        scratch_bytes,
        (),
        given,
        work,
        nanoseconds,
        patience,
        {"record": time.perf_counter() - since},
        lambda: pipeline.lowered(jaxpr, donated),
        partial(_store, key),
    )


def _out(out: tuple[Any, ...], aval: Any) -> tuple[Any, ...]:
    """As it was compiled; the type stands in the program."""
    kind, place, weak = out
    return (kind, place, weak) if kind == "arg" else (kind, aval.dtype, aval.shape, weak)
