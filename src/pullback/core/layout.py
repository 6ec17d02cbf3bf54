"""Text layout: documents whose breaks become newlines where a group does not fit the line.

The algorithm is Lindig's "Strictly Pretty" (2000), except that a group need only fit itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Break:
    """This text, or a newline where the group around it is broken."""

    text: str = " "


@dataclass(frozen=True, slots=True)
class Group:
    """Breaks directly inside become newlines together or not at all."""

    doc: "Doc"


@dataclass(frozen=True, slots=True)
class Nest:
    """Newlines inside are indented by this much more."""

    indent: int
    doc: "Doc"


Doc: TypeAlias = "str | Break | Group | Nest | tuple[Doc, ...]"


def join(separator: Doc, docs: Sequence[Doc]) -> Doc:
    """The documents with the separator between them."""
    return tuple(d for doc in docs for d in (separator, doc))[1:]


def layout(doc: Doc, width: int = 80) -> str:
    """The document as text of at most this width, where its breaks allow it."""
    out: list[str] = []
    column = 0
    agenda: list[tuple[int, bool, Doc]] = [(0, False, doc)]
    while agenda:
        indent, flat, d = agenda.pop()
        if isinstance(d, str):
            out.append(d)
            column += len(d)
        elif isinstance(d, tuple):
            agenda.extend((indent, flat, part) for part in reversed(d))
        elif isinstance(d, Nest):
            agenda.append((indent + d.indent, flat, d.doc))
        elif isinstance(d, Group):
            agenda.append((indent, flat or _fits(d.doc, width - column), d.doc))
        elif flat:
            out.append(d.text)
            column += len(d.text)
        else:
            out.append("\n" + " " * indent)
            column = indent
    return "".join(out)


def _fits(doc: Doc, width: int) -> bool:
    agenda = [doc]
    while agenda and width >= 0:
        d = agenda.pop()
        if isinstance(d, str):
            width -= len(d)
        elif isinstance(d, Break):
            width -= len(d.text)
        elif isinstance(d, tuple):
            agenda.extend(reversed(d))
        else:
            agenda.append(d.doc)
    return width >= 0
