"""Calls of exported programs: their module's functions become private ones of this module."""

import re

from ....control.exported import Foreign
from ..builder import Builder, table
from ..hlo import Tensor, Value, names_text, types_text

RULES, rule = table()
DEFINED = re.compile(r"func\.func (?:public |private )?@([\w.$-]+)")
NAMED = re.compile(r"((?:func\.func private |(?<!custom_)call )@)([\w.$-]+)")


@rule("call_exported")
def _(b: Builder, types: list[Tensor], *args: Value, program: Foreign) -> list[Value]:
    entry = imported(b, program)
    left, outs = b.text.results(types)
    ends = f"{types_text([a.type for a in args])} -> {types_text(types)}"
    b.text.line(f"{left}func.call @{entry}({names_text(args)}) : {ends}")
    return outs


def imported(b: Builder, program: Foreign) -> str:
    """The name of the entry, once the functions are there."""
    known = b.module.imported
    if program not in known:
        body = functions(program.text(b.module.platform))
        renamed = {f: b.module.name(f"{program.name}_{f}") for f in DEFINED.findall(body)}
        b.module.functions.append(with_names(body, renamed))
        known[program] = renamed["main"]
    return known[program]


def functions(module: str) -> str:
    """What stands between a module's braces, which end its first line and make its last.

    The module's own attributes may hold braces, too.
    """
    lines = module.strip().splitlines()
    return "\n".join(lines[1:-1])


def with_names(body: str, renamed: dict[str, str]) -> str:
    """Functions under other names, none of them public."""

    def new(found: re.Match[str]) -> str:
        return f"{found.group(1)}{renamed[found.group(2)]}"

    return NAMED.sub(new, body.replace("func.func public ", "func.func private "))
