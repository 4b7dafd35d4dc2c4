"""The pages: links live, printed pages are current, and what they name exists."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

from bridge.cli.reference import reference

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "llms.txt"])
HISTORY = (DOCS / "decisions", ROOT / "CHANGELOG.md", DOCS / "log.md", DOCS / "reliability.md")
"""Pages that name modules as they were called on their day."""


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """Return a page without its blocks and spans of code."""
    return re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def links(page: Path) -> list[str]:
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)) if "://" not in link]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as Python-Markdown makes them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    titles = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", t) for t in re.findall(r"^#+ (.+)$", text, re.MULTILINE))
    kept = (re.sub(r"[^\w\s-]", "", t.encode("ascii", "ignore").decode()).strip().lower() for t in titles)
    return {re.sub(r"[-\s]+", "-", t) for t in kept}


def is_named_rightly(name: str) -> bool:
    """Return True if a module, or a function of one, has that name."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return hasattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_internal_link_of_a_page_lives(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.is_file(), f"{link} is no file; folders are no pages"
        assert not anchor or anchor in anchors(there), link


def test_every_page_of_the_site_is_in_its_navigation() -> None:
    told = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    site = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
    assert told <= site
    missing = {page for page in site - told if not page.startswith(("decisions/0", "examples/", "songbook/"))}
    assert missing == set(), "add them to nav in mkdocs.yml"


def test_every_decision_is_in_the_index_by_its_title() -> None:
    index = (DOCS / "decisions" / "index.md").read_text(encoding="utf-8")
    for page in sorted(DOCS.glob("decisions/0*.md")):
        title = page.read_text(encoding="utf-8").splitlines()[0]
        number, _, words = title.removeprefix("# ").partition(". ")
        assert int(number) == int(page.name[:4]), page
        assert f"| {number} | [{words}]({page.name}) |" in index, page


def test_the_readme_has_120_lines_at_most() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_the_page_of_the_command_line_is_printed_from_the_parser() -> None:
    page = (DOCS / "command-line.md").read_text(encoding="utf-8")
    assert page == reference(), "python -m bridge.cli.reference > docs/command-line.md"


@pytest.mark.parametrize(
    "page",
    [*(p for p in PAGES if not any(p.is_relative_to(h) for h in HISTORY)), ROOT / "Makefile"],
    ids=named,
)
def test_every_module_and_path_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name in set(re.findall(r"\b((?:bridge|model|bench|max_for_live)(?:\.[a-z_]+)+)\b", text)):
        if not name.endswith((".py", ".md")):
            assert is_named_rightly(name), name
    for path in set(re.findall(r"`((?:bridge|model|bench|tests|max_for_live|examples)/[a-z0-9_/.-]*)`", text)):
        assert (ROOT / path).exists() or (ROOT / f"{path}.py").exists(), path


def test_the_measurements_of_make_accept_exist() -> None:
    from bench.accept import MEASUREMENTS

    for line in MEASUREMENTS.split("\n")[1:-1]:
        assert importlib.util.find_spec(line.split()[0]) is not None, line


def test_the_drawing_names_the_folders_that_are_there() -> None:
    drawing = (DOCS / "images" / "architecture.svg").read_text(encoding="utf-8")
    folders = re.findall(r'class="n">([^<]+)<', drawing)
    packages = {
        str(p.parent.relative_to(ROOT)) for top in ("bridge", "model") for p in ROOT.glob(f"{top}/**/__init__.py")
    }
    assert sorted(folders) == sorted(p for p in packages if p.count("/") < 2), "what lies deeper is in the table"
