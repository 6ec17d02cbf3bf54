"""Writes the pages of the API reference: one a public module, its docstrings as Markdown."""

import inspect
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import surface

import pullback
from pullback._native import ArrayImpl

# What the pages call the modules.
SHORT = {"pb": "pullback", "pnp": "pullback.numpy", "lax": "pullback.lax"}
CODE = re.compile(r"(\w+)\.([\w.]+)(\(.*\))?")
# Abstract classes whose members are those of a class.
CONCRETE = {pullback.Array: ArrayImpl}
TITLES = {"Args": "Arguments"}
# Sections of names, each with a text; the others are text.
LISTS = {"Args", "Attributes", "Raises"}
SECTION = re.compile(r"^([A-Z][a-z]+):$")
ITEM = re.compile(r"^ {2}(\S[^:]*): ?(.*)$")
NAME = re.compile(r"(?<!`)`([A-Za-z_][\w.]*)`(?!`)")


class Page:
    """A module's page."""

    def __init__(self, module: types.ModuleType) -> None:
        self.module = module
        self.name = module.__name__
        self.members = dict(surface.members(module))

    def text(self) -> str:
        """The whole page."""
        head = (
            f"# {self.name.removeprefix('pullback.')}\n\n{self.markdown(surface.doc(self.module))}"
        )
        entries = [self._entry(name, thing, 8) for name, thing in self.members.items()]
        return "\n\n".join([head, self._module(), self._table(), *entries]) + "\n"

    def _module(self) -> str:
        return f"```{{py:module}} {self.name}\n```"

    def _table(self) -> str:
        if not self.members:
            return ""
        rows = [
            f"| {{py:obj}}`{name} <{self.name}.{name}>` | {self._summary(surface.doc(thing))} |"
            for name, thing in self.members.items()
        ]
        return "\n".join(["| name | what it is |", "|---|---|", *rows])

    def _summary(self, text: str) -> str:
        paragraph = " ".join(text.split("\n\n")[0].split("\n"))
        sentence = re.split(r"(?<=[\w)`]{2}\.) (?=[A-Z`])", paragraph)[0]
        return self._inline(sentence).replace("|", "\\|")

    def _entry(self, name: str, thing: Any, depth: int) -> str:
        """A directive of the Python domain, which other pages can refer to."""
        body = self.markdown(surface.doc(thing))
        if isinstance(thing, type):
            inside = [self._member(*found, depth - 1) for found in class_members(thing)]
            kind = "exception" if issubclass(thing, BaseException) else "class"
            return directive(kind, name + signature(thing), "\n\n".join([body, *inside]), depth)
        if isinstance(thing, types.SimpleNamespace):
            inside = [self._entry(f"{name}.{k}", v, depth - 1) for k, v in vars(thing).items()]
            return directive("data", name, "\n\n".join([body, *inside]), depth)
        if callable(thing) and (body or inspect.isfunction(thing)):
            return directive("function", name + signature(thing), body, depth)
        return directive("data", name, body or value(thing), depth)

    def _member(self, name: str, thing: Any, depth: int) -> str:
        body = self.markdown(surface.doc(thing))
        if callable(thing):
            return directive("method", name + signature(thing, bound=True), body, depth)
        return directive("attribute", name, body, depth)

    def markdown(self, text: str) -> str:
        """A docstring as Markdown: sections as lists, examples as code, names as links."""
        blocks = [self._block(part) for part in re.split(r"\n\s*\n", text)]
        return "\n\n".join(blocks)

    def _block(self, text: str) -> str:
        first, *rest = text.split("\n")
        if text.lstrip().startswith(">>>"):
            return f"```pycon\n{inspect.cleandoc(text)}\n```"
        if found := SECTION.match(first):
            lines = rest if found[1] in LISTS else [line.strip() for line in rest]
            items = "\n".join(self._items(lines))
            return f"**{TITLES.get(found[1], found[1])}**\n\n{items}"
        if first.startswith("  "):
            return f"```text\n{inspect.cleandoc(text)}\n```"
        return self._inline(text)

    def _items(self, lines: list[str]) -> Iterator[str]:
        for line in lines:
            if found := ITEM.match(line):
                yield f"- `{found[1]}`: {self._inline(found[2])}"
            else:
                yield (
                    line[:2] + self._inline(line[2:].strip())
                    if line[:2] == "  "
                    else self._inline(line)
                )

    def _inline(self, text: str) -> str:
        parts = re.split(r"(`[^`]*`)", text)
        return "".join(self._code(p) if p.startswith("`") else escaped(p) for p in parts)

    def _code(self, text: str) -> str:
        """Code in a text, as a link where it is the name of something public."""
        found = NAME.fullmatch(text)
        home = found and self._home(found[1])
        return f"{{py:obj}}`{found[1]} <{home}>`" if found and home else text

    def _home(self, name: str) -> str | None:
        if name in self.members:
            return f"{self.name}.{name}"
        module, _, last = f"pullback.{name}".rpartition(".")
        return f"pullback.{name}" if last in KNOWN.get(module, frozenset()) else None


MODULES = list(surface.modules())
KNOWN = {m.__name__: frozenset(n for n, _ in surface.members(m)) for m in MODULES}


def target(text: str) -> str | None:
    """The full name of what a piece of code names or calls."""
    found = CODE.fullmatch(text)
    if not found or found[1] not in SHORT:
        return None
    module, _, name = f"{SHORT[found[1]]}.{found[2]}".rpartition(".")
    return f"{module}.{name}" if name in KNOWN.get(module, ()) else None


def escaped(text: str) -> str:
    """Text in which no character has a meaning in Markdown."""
    return re.sub(r"([\\*_<>\[\]{}|~#$])", r"\\\1", text)


def directive(kind: str, head: str, body: str, depth: int) -> str:
    """A description of the Python domain; what lies inside has a shorter fence."""
    fence = "`" * depth
    return f"{fence}{{py:{kind}}} {head}\n\n{body}\n{fence}"


def signature(thing: Any, bound: bool = False) -> str:
    """Parameters and defaults, without types: the text says what they are."""
    try:
        found = list(inspect.signature(thing).parameters.values())
    except (TypeError, ValueError):
        return "()" if not isinstance(thing, type) else ""
    plain = [
        p.replace(annotation=p.empty, default=p.empty if p.default is p.empty else Shown(p.default))
        for p in found[1 if bound else 0 :]
    ]
    return str(inspect.Signature(plain))


class Shown:
    """A default as signatures show it: what has no text of its own is `...`."""

    def __init__(self, default: Any) -> None:
        self.text = value(default).strip("`") or "..."

    def __repr__(self) -> str:
        return self.text


def value(thing: Any) -> str:
    """A value as code; nothing where its text names a place in memory or is long."""
    text = getattr(thing, "__name__", None) or repr(thing)
    return "" if re.search(r"[<\n`]", text) or len(text) > 60 else f"`{text}`"


def class_members(thing: type) -> Iterator[tuple[str, Any]]:
    """The public members of a class that say what they are."""
    concrete = CONCRETE.get(thing, thing)
    for name in dir(concrete):
        found = inspect.getattr_static(concrete, name)
        found = found.__func__ if isinstance(found, (classmethod, staticmethod)) else found
        ours = any(
            name in vars(c) and not c.__module__.startswith("builtins") for c in concrete.__mro__
        )
        if name[0] != "_" and ours and surface.doc(found):
            yield name, found


def write(folder: Path) -> None:
    """The pages of all modules; a page that has not changed is not written again."""
    folder.mkdir(exist_ok=True)
    pages = {f"{m.__name__}.md": Page(m).text() for m in MODULES}
    for old in folder.iterdir():
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def setup(app: Any) -> dict[str, bool]:
    """For Sphinx: the pages are written before any is read."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir) / "reference"))
    return {"parallel_read_safe": True}
