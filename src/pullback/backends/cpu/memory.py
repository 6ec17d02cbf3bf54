"""Vectors to and from memory as LLVM instructions: runs, strides, gathers and scatters, each under
a mask of lanes or for all of them (None). Booleans are bytes in memory."""

from .text import Function, alignment, ir_type, mangle, memory_type, vector

ALL = "splat (i1 true)"


def load_run(f: Function, dtype: str, pointer: str, lanes: int, mask: str | None) -> str:
    """Consecutive elements, zero where the mask forbids."""
    if mask is None:
        return f.load(dtype, pointer, lanes)
    type_ = memory_type(dtype, lanes)
    value = f.line(
        f"call {type_} @llvm.masked.load.{_suffix(dtype, lanes)}.p0("
        f"{_aligned(dtype, 1)} {pointer}, {vector('i1', lanes)} {mask}, {type_} zeroinitializer)"
    )
    return _from_memory(f, dtype, value, lanes)


def load_strided(f: Function, dtype: str, pointer: str, lanes: int, stride: int) -> str:
    """Every stride-th element: all of them from memory, then a choice."""
    wide = lanes * stride
    inside = [k <= (lanes - 1) * stride for k in range(wide)]
    bits = ", ".join([f"i1 {'true' if b else 'false'}" for b in inside])
    whole = load_run(f, dtype, pointer, wide, f"<{bits}>")
    return _shuffle(f, whole, ir_type(dtype, wide), [k * stride for k in range(lanes)])


def store_side_by_side(
    f: Function, dtype: str, values: list[str], pointer: str, lanes: int
) -> None:
    """Write lane 0 of every value, then lane 1 of every one, and so on."""
    whole, wide = values[0], lanes
    for value in values[1:]:
        padded = _shuffle(f, value, ir_type(dtype, lanes), [k % lanes for k in range(wide)])
        whole = _shuffle(f, whole, ir_type(dtype, wide), list(range(wide + lanes)), padded)
        wide += lanes
    order = [k + first for k in range(lanes) for first in range(0, wide, lanes)]
    store_run(f, dtype, _shuffle(f, whole, ir_type(dtype, wide), order), pointer, wide, None)


def load_reversed(f: Function, dtype: str, pointer: str, lanes: int, mask: str | None) -> str:
    """The elements from pointer on, the last one in lane 0."""
    if mask is not None:
        mask = reverse(f, mask, vector("i1", lanes), lanes)
    return reverse(f, load_run(f, dtype, pointer, lanes, mask), ir_type(dtype, lanes), lanes)


def gather(f: Function, dtype: str, base: str, offsets: str, lanes: int, mask: str | None) -> str:
    """Elements at offsets, zero where the mask forbids."""
    type_ = memory_type(dtype, lanes)
    pointers = _pointers(f, dtype, base, offsets, lanes)
    value = f.line(
        f"call {type_} @llvm.masked.gather.{_suffix(dtype, lanes)}.v{lanes}p0("
        f"{_aligned(dtype, lanes)} {pointers}, "
        f"{vector('i1', lanes)} {mask or ALL}, {type_} zeroinitializer)"
    )
    return _from_memory(f, dtype, value, lanes)


def store_run(
    f: Function, dtype: str, value: str, pointer: str, lanes: int, mask: str | None
) -> None:
    """Write consecutive elements where the mask allows."""
    if mask is None:
        f.store(dtype, value, pointer, lanes)
        return
    if mask.startswith("<"):
        _store_first(f, dtype, value, pointer, lanes, mask.count("true"))
        return
    value = _to_memory(f, dtype, value, lanes)
    f.effect(
        f"call void @llvm.masked.store.{_suffix(dtype, lanes)}.p0("
        f"{memory_type(dtype, lanes)} {value}, {_aligned(dtype, 1)} {pointer}, "
        f"{vector('i1', lanes)} {mask})"
    )


def _store_first(f: Function, dtype: str, value: str, pointer: str, lanes: int, count: int) -> None:
    """Write the first elements, in pieces of a power of two: many processors take as long for one
    store under a mask as for ten others."""
    begin = 0
    while begin < count:
        size = 1 << ((count - begin).bit_length() - 1)
        at = f.gep(memory_type(dtype), pointer, begin) if begin else pointer
        f.store(dtype, _part(f, value, ir_type(dtype, lanes), begin, size), at, size)
        begin += size


def _part(f: Function, value: str, type_: str, begin: int, size: int) -> str:
    """Some lanes side by side; one is a scalar."""
    if size == 1:
        return f.line(f"extractelement {type_} {value}, i64 {begin}")
    return _shuffle(f, value, type_, list(range(begin, begin + size)))


def store_reversed(
    f: Function, dtype: str, value: str, pointer: str, lanes: int, mask: str | None
) -> None:
    """Write elements from pointer on, that of lane 0 last."""
    if mask is not None:
        mask = reverse(f, mask, vector("i1", lanes), lanes)
    store_run(f, dtype, reverse(f, value, ir_type(dtype, lanes), lanes), pointer, lanes, mask)


def scatter(
    f: Function, dtype: str, value: str, base: str, offsets: str, lanes: int, mask: str | None
) -> None:
    """Write elements at offsets where the mask allows."""
    value = _to_memory(f, dtype, value, lanes)
    pointers = _pointers(f, dtype, base, offsets, lanes)
    f.effect(
        f"call void @llvm.masked.scatter.{_suffix(dtype, lanes)}.v{lanes}p0("
        f"{memory_type(dtype, lanes)} {value}, {_aligned(dtype, lanes)} {pointers}, "
        f"{vector('i1', lanes)} {mask or ALL})"
    )


def reverse(f: Function, value: str, type_: str, lanes: int) -> str:
    """The lanes in the opposite order."""
    return _shuffle(f, value, type_, list(reversed(range(lanes))))


def _shuffle(f: Function, value: str, type_: str, order: list[int], other: str = "poison") -> str:
    """Lanes of a value, and of another that is as wide, in some order."""
    places = ", ".join([f"i32 {k}" for k in order])
    mask = f"<{len(order)} x i32> <{places}>"
    return f.line(f"shufflevector {type_} {value}, {type_} {other}, {mask}")


def _pointers(f: Function, dtype: str, base: str, offsets: str, lanes: int) -> str:
    return f.line(
        f"getelementptr {memory_type(dtype)}, ptr {base}, {vector('i64', lanes)} {offsets}"
    )


def _from_memory(f: Function, dtype: str, value: str, lanes: int) -> str:
    if dtype != "bool":
        return value
    return f.line(f"icmp ne {memory_type(dtype, lanes)} {value}, zeroinitializer")


def _to_memory(f: Function, dtype: str, value: str, lanes: int) -> str:
    if dtype != "bool":
        return value
    return f.line(f"zext {ir_type(dtype, lanes)} {value} to {memory_type(dtype, lanes)}")


def _aligned(dtype: str, lanes: int) -> str:
    return f"{vector('ptr', lanes)} align {alignment(dtype)}"


def _suffix(dtype: str, lanes: int) -> str:
    text = mangle(memory_type(dtype), lanes)
    return text if lanes > 1 else f"v1{text}"
