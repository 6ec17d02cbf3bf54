"""Brings the programs and notebooks of `examples/` into the site, one page each."""

import ast
import shutil
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PICTURES = "pictures"


def page(program: Path, folder: Path) -> str:
    """A program's page: what it says of itself, the picture it makes, its text."""
    says = ast.get_docstring(ast.parse(program.read_text())) or ""
    title = says.partition("\n")[0].partition(":")[0].rstrip(".")
    picture = EXAMPLES / PICTURES / f"{program.stem}.png"
    parts = [f"# {title}", says]
    if picture.exists():
        (folder / PICTURES).mkdir(exist_ok=True)
        shutil.copy(picture, folder / PICTURES)
        parts.append(f"![The picture that the program saves]({PICTURES}/{picture.name})")
    parts.append(f"`examples/{program.name}`:")
    parts.append(f"```python\n{program.read_text()}```")
    return "\n\n".join(parts) + "\n"


def programs() -> list[Path]:
    """The programs that users run; what they share has no docstring that starts a page."""
    return sorted(p for p in EXAMPLES.glob("*.py") if "__main__" in p.read_text())


def write(folder: Path) -> None:
    """The pages of all examples, and copies of the notebooks."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for notebook in EXAMPLES.glob("*.ipynb"):
        shutil.copy(notebook, folder)
    for program in programs():
        (folder / f"{program.stem}.md").write_text(page(program, folder))


def setup(app: Any) -> dict[str, bool]:
    """For Sphinx: the pages are written before any is read."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir) / "examples"))
    return {"parallel_read_safe": True}
