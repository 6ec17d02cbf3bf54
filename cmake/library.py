"""Compiles the library of `backends/cpu/library.py`: python library.py SOURCES FOLDER.

Writes one object file for each level, and one with the table of levels that `library.cpp` reads. It
runs before the native core exists, so it loads the compiler's modules without the package's own.
"""

import importlib
import platform
import re
import sys
import types
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

# Of the code generator; nobody waits for it here.
EFFORT = 2
PURE = "nounwind memory(none)"
_HEAD = re.compile(r"define internal (.*?) ?@([\w.]+)\((.*?)\)")


def compiler(sources: Path, name: str) -> Any:
    """A module of the compiler, under an empty root package."""
    root = types.ModuleType("pullback")
    root.__path__ = [str(sources / "pullback")]
    sys.modules.setdefault("pullback", root)
    return importlib.import_module(f"pullback.backends.cpu.{name}")


def declaration(definition: str) -> str:
    """The line by which other modules know a function."""
    found = _HEAD.match(definition)
    assert found, definition
    result, name, params = found.groups()
    types = re.sub(r" %[\w.]+", "", params)
    pure = PURE if PURE in definition.split("\n", 1)[0] else ""
    return f"declare {result} @{name}({types}) {pure}".rstrip()


def string(name: str, text: str) -> str:
    """A constant of C."""
    return f'@{name} = internal constant [{len(text) + 1} x i8] c"{text}\\00"'


def table(name: str, rows: list[tuple[str, ...]]) -> str:
    """A constant array of rows of pointers, which ends with a row of null."""
    width = len(rows[0])
    row = f"[{width} x ptr]"
    texts = [", ".join([f"ptr {p}" for p in r]) for r in [*rows, ("null",) * width]]
    return (
        f"@{name} = constant [{len(texts)} x {row}] [{', '.join([f'{row} [{t}]' for t in texts])}]"
    )


def functions(level: str, pieces: dict[str, str]) -> str:
    """The functions of a level, and a table of names, declarations and addresses."""
    rows, lines = [], list(pieces.values())
    for name, text in pieces.items():
        if text.startswith("define"):
            lines += [string(f"name.{name}", name), string(f"text.{name}", declaration(text))]
            rows.append((f"@name.{name}", f"@text.{name}", f"@{name}"))
    return "\n".join([*lines, table(level, rows)])


def main(sources: Path, folder: Path) -> None:
    """All object files."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    library, passes = compiler(sources, "library"), compiler(sources, "optimise")

    def write(name: str, text: str, processor: str) -> None:
        machine = llvm.Target.from_default_triple().create_target_machine(
            cpu=processor, features="-prefer-256-bit" if processor else "", opt=EFFORT, reloc="pic"
        )
        module = llvm.parse_assembly(text)
        module.triple = machine.triple
        passes.optimise(module, machine)
        module.verify()
        (folder / f"{name}.o").write_bytes(machine.emit_object(module))

    machine = platform.machine()
    lines = [string("digest", library.digest(machine))]
    rows = [("@digest", "null")]
    for level, module in library.modules(machine):
        name = level.name.replace("-", "_")
        write(name, functions(f"pullback_{name}", module.pieces), level.name)
        lines += [string(name, level.name), f"@pullback_{name} = external constant ptr"]
        rows.append((f"@{name}", f"@pullback_{name}"))
    write("levels", "\n".join([*lines, table("pullback_levels", rows)]), "")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
