"""Conversion of values from any dtype to any other."""

from .context import FLOATS, HALVES, INTEGERS, SIGNED, Context
from .text import WIDTHS, Function, constant, ir_type, mangle, vector


def convert(f: Function, x: str, source: str, target: str, lanes: int) -> str:
    """x as `target`: floats to integers saturate, NaN is 0; integers wrap; booleans are x != 0."""
    if source == target:
        return x
    types = ir_type(source, lanes), ir_type(target, lanes)

    def cast(op: str) -> str:
        return f.line(f"{op} {types[0]} {x} to {types[1]}")

    if target == "bool" and source in HALVES:
        return convert(f, _float_to_float(f, x, source, "float32", lanes), "float32", target, lanes)
    if target == "bool":
        zero = constant(source, 0, lanes)
        return f.line(f"{'fcmp une' if source in FLOATS else 'icmp ne'} {types[0]} {x}, {zero}")
    if target in HALVES and source != "float32":
        return _to_half(f, x, source, target, lanes)
    if source in FLOATS:
        if target in FLOATS:
            return _float_to_float(f, x, source, target, lanes)
        if source in HALVES:
            x = _float_to_float(f, x, source, "float32", lanes)
            return convert(f, x, "float32", target, lanes)
        name = "fptosi" if target in SIGNED else "fptoui"
        suffixes = mangle(ir_type(target), lanes), mangle(ir_type(source), lanes)
        return f.line(
            f"call {types[1]} @llvm.{name}.sat.{suffixes[0]}.{suffixes[1]}({types[0]} {x})"
        )
    if target in FLOATS:
        return cast("sitofp" if source in SIGNED else "uitofp")
    widths = (1 if source == "bool" else WIDTHS[source]), WIDTHS[target]
    if widths[0] == widths[1]:
        return x
    if widths[0] > widths[1]:
        return cast("trunc")
    return cast("sext" if source in SIGNED else "zext")


def _float_to_float(f: Function, x: str, source: str, target: str, lanes: int) -> str:
    if {source, target} == {"float32", "bfloat16"}:
        return (_widen_bfloat16 if source == "bfloat16" else _round_bfloat16)(f, x, lanes)
    if source == "bfloat16":
        return convert(f, _widen_bfloat16(f, x, lanes), "float32", target, lanes)
    op = "fpext" if WIDTHS[source] < WIDTHS[target] else "fptrunc"
    return f.line(f"{op} {ir_type(source, lanes)} {x} to {ir_type(target, lanes)}")


def _to_half(f: Function, x: str, source: str, target: str, lanes: int) -> str:
    """Through float32, rounded to odd from wider types so that two roundings are as one."""
    if source in INTEGERS and WIDTHS[source] >= 32:
        x, source = convert(f, x, source, "float64", lanes), "float64"
    if source == "float64":
        return convert(f, _round_to_odd(f, x, lanes), "float32", target, lanes)
    return convert(f, convert(f, x, source, "float32", lanes), "float32", target, lanes)


def _round_to_odd(f: Function, x: str, lanes: int) -> str:
    """float64 to float32 where an inexact result has its last bit set."""
    wide, narrow = Context(f, ("float64",), "", lanes), Context(f, ("int32",), "", lanes)
    y = f.line(f"fptrunc {wide.type} {x} to {ir_type('float32', lanes)}")
    back = f.line(f"fpext {ir_type('float32', lanes)} {y} to {wide.type}")
    bits = f.line(f"bitcast {ir_type('float32', lanes)} {y} to {narrow.type}")
    beyond = wide.op("fcmp ogt", wide.call("fabs", back), wide.call("fabs", x))
    toward = narrow.select(beyond, narrow.op("sub", bits, narrow.c(1)), bits)
    odd = narrow.op("or", toward, narrow.c(1))
    inexact = wide.op("fcmp one", back, x)
    bits = narrow.select(inexact, odd, bits)
    return f.line(f"bitcast {narrow.type} {bits} to {ir_type('float32', lanes)}")


def _widen_bfloat16(f: Function, x: str, lanes: int) -> str:
    """bfloat16 is the upper half of a float32."""
    word = vector("i32", lanes)
    wide = f.line(f"zext {ir_type('bfloat16', lanes)} {x} to {word}")
    moved = f.line(f"shl {word} {wide}, {constant('int32', 16, lanes)}")
    return f.line(f"bitcast {word} {moved} to {ir_type('float32', lanes)}")


def _round_bfloat16(f: Function, x: str, lanes: int) -> str:
    """To nearest, halves to even, in integers: the machine's instruction drops subnormals."""
    k, floats = Context(f, ("int32",), "int32", lanes), Context(f, ("float32",), "", lanes)
    bits = f.line(f"bitcast {floats.type} {x} to {k.type}")
    lsb = k.op("and", k.op("lshr", bits, k.c(16)), k.c(1))
    rounded = k.op("add", bits, k.op("add", lsb, k.c(0x7FFF)))
    quiet = k.op("or", bits, k.c(0x400000))
    chosen = k.select(floats.op("fcmp uno", x, x), quiet, rounded)
    high = k.op("lshr", chosen, k.c(16))
    return f.line(f"trunc {k.type} {high} to {ir_type('bfloat16', lanes)}")
