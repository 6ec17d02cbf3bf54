"""How each operation is written in StableHLO: a file a family of primitives."""

from ..builder import Rules
from . import (
    callback,
    collective,
    contract,
    control,
    divided,
    elementwise,
    exported,
    fft,
    indexing,
    linalg,
    opaque,
    random,
    reduce,
    shape,
    sort,
    special,
    window,
)

FAMILIES = (
    elementwise, shape, reduce, contract, window, indexing, sort, random, fft, control, linalg,
    special, exported, divided, collective,
)  # fmt: skip
OPERATIONS = {name: rule for family in FAMILIES for name, rule in family.RULES.items()}
PLATFORMS = {"cpu": linalg.ON_CPU, "cuda": linalg.ON_CUDA, "tpu": {}}
RULES = Rules(OPERATIONS, opaque.RULES, PLATFORMS, callback.on_the_host)
