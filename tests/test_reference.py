"""The pages that are written for the site: all public names, and the programs of `examples/`."""

import re

import listings
import pytest
import reference
import surface

import pullback as pb


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, str]:
    """Text by the name of the module."""
    folder = tmp_path_factory.mktemp("reference")
    reference.write(folder)
    return {page.stem: page.read_text() for page in folder.iterdir()}


@pytest.mark.parametrize("module", [*surface.modules()], ids=lambda m: m.__name__)
def test_every_public_name_has_an_entry_and_a_row(module, pages) -> None:
    text = pages[module.__name__]
    described = re.findall(r"^`{8}\{py:\w+\} ([\w.]+)", text, re.MULTILINE)
    listed = re.findall(rf"^\| \{{py:obj\}}`([\w.]+) <{module.__name__}\.\1>`", text, re.MULTILINE)
    assert described == listed == [name for name, _ in surface.members(module)]


def test_pages_of_modules_that_are_gone_vanish(tmp_path) -> None:
    (tmp_path / "pullback.gone.md").write_text("# gone\n")
    reference.write(tmp_path)
    assert not (tmp_path / "pullback.gone.md").exists()


def test_names_of_modules_that_load_late_are_found(pages) -> None:
    for name in ("pullback.scipy.special", "pullback.numpy.linalg", "pullback.nn.initializers"):
        assert name in pages


def test_docstrings_become_markdown() -> None:
    page = reference.Page(pb)
    text = page.markdown(
        "A sentence on `grad` and `x`, 2 * 3 * 4.\n\nArgs:\n  f, g: functions,\n    two of them."
        "\n\nReturns:\n  A number.\n\n>>> 1 + 1\n2"
    )
    assert text == (
        "A sentence on {py:obj}`grad <pullback.grad>` and `x`, 2 \\* 3 \\* 4.\n\n"
        "**Arguments**\n\n- `f, g`: functions,\n  two of them.\n\n"
        "**Returns**\n\nA number.\n\n```pycon\n>>> 1 + 1\n2\n```"
    )


def test_a_program_has_a_page(tmp_path, monkeypatch) -> None:
    examples, site = tmp_path / "examples", tmp_path / "site"
    (examples / "pictures").mkdir(parents=True)
    (examples / "pictures" / "orbit.png").write_bytes(b"")
    program = '"""Orbits: by shooting."""\n\nif __name__ == "__main__":\n    print(1)\n'
    (examples / "orbit.py").write_text(program)
    (examples / "shared.py").write_text('"""What programs share."""\n')
    monkeypatch.setattr(listings, "EXAMPLES", examples)
    listings.write(site)
    assert [p.name for p in site.glob("*.md")] == ["orbit.md"]
    text = (site / "orbit.md").read_text()
    assert text.startswith("# Orbits\n\nOrbits: by shooting.\n")
    assert "](pictures/orbit.png)" in text and program in text
    assert (site / "pictures" / "orbit.png").exists()


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("pb.grad", "pullback.grad"),
        ("pnp.where(condition, a, b)", "pullback.numpy.where"),
        ("pb.random.key", "pullback.random.key"),
        ("lax.scan", "pullback.lax.scan"),
        ("x.at", None),
        ("pb.nothing", None),
        ("np.where", None),
    ],
)
def test_code_in_pages_is_a_link(code, name) -> None:
    assert reference.target(code) == name
