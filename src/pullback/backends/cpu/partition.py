"""A module as several of about equal size, for several threads to compile.

Only functions that are called, not inlined, part ways; what they refer to goes with each.
"""

import re
from collections.abc import Sequence

from .text import Module

_NAME = re.compile(r"@([\w.]+)")
_HEAD = re.compile(r"define\s+(?:internal\s+)?(.*?)@([\w.]+)\((.*?)\)")


def partition(module: Module, most: int, lines: int) -> list[str]:
    """The texts of at most `most` modules that together are `module`, the biggest first.

    lines: fewer in a part do not pay.
    """
    by_name = {_NAME.search(text): text for text in module.pieces.values()}
    pieces = {found[1]: text for found, text in by_name.items() if found}
    shared = "\n".join([text for found, text in by_name.items() if not found])
    uses = {name: _NAME.findall(text) for name, text in pieces.items()}
    roots = [n for n, text in pieces.items() if _is_root(text)]
    needs = {root: _reached(root, uses, set(roots)) for root in roots}
    sizes = {root: sum([pieces[n].count("\n") for n in needs[root]]) for root in roots}
    parts = min(most, len(roots), sum(sizes.values()) // lines)
    if parts <= 1:
        return [module.render()]
    groups = _groups(sizes, parts)
    return [_render(pieces, group, needs, shared) for group in groups]


def _is_root(text: str) -> bool:
    return text.startswith("define") and "alwaysinline" not in text.split("\n", 1)[0]


def _reached(root: str, uses: dict[str, list[str]], roots: set[str]) -> set[str]:
    """The pieces that a root cannot do without: itself and what it refers to, but other roots."""
    found = {root}
    new = [root]
    while new:
        for name in uses[new.pop()]:
            if name in uses and name not in found and name not in roots:
                found.add(name)
                new.append(name)
    return found


def _groups(sizes: dict[str, int], parts: int) -> list[list[str]]:
    """Each next smaller one to the smallest group; the biggest group first."""
    groups: list[list[str]] = [[] for _ in range(parts)]
    totals = [0] * parts
    for name in sorted(sizes, key=lambda n: -sizes[n]):
        smallest = totals.index(min(totals))
        groups[smallest].append(name)
        totals[smallest] += sizes[name]
    return [groups[k] for k in sorted(range(parts), key=lambda k: -totals[k])]


def _render(
    pieces: dict[str, str], group: Sequence[str], needs: dict[str, set[str]], shared: str
) -> str:
    """One module: the group's functions, what they need, and the others as declarations."""
    needed = {n for root in group for n in needs[root]}
    called = {n for name in needed for n in _NAME.findall(pieces[name])} & needs.keys() - needed
    texts = [t.replace("define internal", "define") if n in group else t
             for n, t in pieces.items() if n in needed]  # fmt: skip
    return "\n".join([*texts, *[_declaration(pieces[n]) for n in sorted(called)], shared]) + "\n"


def _declaration(text: str) -> str:
    found = _HEAD.match(text)
    assert found, text
    result, name, params = found.groups()
    types = re.sub(r" %[\w.]+", "", params)
    return f"declare {result}@{name}({types})"
