"""The drawing in docs/architecture.md against the imports: each edge is there, and no import runs against them."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from bridge.cli.arguments import COMMANDS

ROOT = Path(__file__).parents[2]


@cache
def parsed(path: Path) -> tuple[ast.AST, ...]:
    """Return the nodes of a file's tree, the module first."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def imported(path: Path) -> set[str]:
    found = {a.name for n in parsed(path) if isinstance(n, ast.Import) for a in n.names}
    return found | {n.module for n in parsed(path) if isinstance(n, ast.ImportFrom) and n.module}


def test_the_daemon_leaves_torch_alone() -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed, so nothing could import it")
    code = "import bridge.runtime.daemon, bridge.__main__, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_playing_does_not_import_torch_either() -> None:
    code = "import model.processes.generate, model.clips.clip, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    ("rooms", "left"),
    [
        ("bridge.cli.serve", {"model.generation.composer", "model.clips.clip"}),
        ("bridge.cli.arguments, bridge.processes.supervisor", {"numpy"}),
    ],
)
def test_what_only_a_child_does_keeps_nobody_waiting_at_the_start(rooms: str, left: set[str]) -> None:
    code = f"import {rooms}, sys; sys.exit(bool({left!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("words", [["--help"], []])
def test_the_list_of_commands_is_told_without_loading_what_makes_music(words: list[str]) -> None:
    show = f"import sys; from bridge.__main__ import main; main({words!r})"
    code = f"import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); {show}"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert told.returncode == 0
    assert all(f"\n    {name}" in told.stdout for name in COMMANDS)
    assert not {"bridge.clips.options", "bridge.midi.jack", "model.music.plan", "numpy"} & {*told.stderr.split()}


def test_the_model_never_imports_the_bridge() -> None:
    for path in (ROOT / "model").rglob("*.py"):
        assert not any(name.split(".")[0] == "bridge" for name in imported(path)), path


def test_the_bridge_imports_torch_nowhere() -> None:
    for path in (ROOT / "bridge").rglob("*.py"):
        assert not any(name.split(".")[0] in ("torch", "transformers") for name in imported(path)), path


WAITING = {"time", "asyncio", "socket", "threading", "multiprocessing"}


def says_pure(path: Path) -> bool:
    """Return True if a module, or the folder that it is in, says in its docstring that it is pure."""
    tops = [parsed(p)[0] for p in (path, path.parent / "__init__.py")]
    return any(isinstance(top, ast.Module) and re.search(r"\bPure\b", ast.get_docstring(top) or "") for top in tops)


def test_what_says_that_it_is_pure_neither_waits_nor_sends() -> None:
    files = [path for path in (ROOT / "bridge").rglob("*.py") if says_pure(path)]
    assert {path.parent.name for path in files} >= {"session", "takes", "follow", "protocol"}
    for path in files:
        assert not {name.split(".")[0] for name in imported(path)} & WAITING, path


def test_the_session_and_what_it_is_made_of_take_at_most_five_collaborators() -> None:
    for folder in ("session", "takes", "mqtt", "workers", "runtime", "processes", "storage"):
        for path in (ROOT / "bridge" / folder).glob("*.py"):
            for node in parsed(path):
                if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                    given = [*node.args.args, *node.args.kwonlyargs]
                    assert len(given) <= 6, f"{path}:{node.lineno}"  # one of them is self


@cache
def modules() -> dict[str, Path]:
    """Return every module of the product by its dotted name; `__init__` has the name of its folder."""
    found = {}
    for top in ("bridge", "model"):
        for path in (ROOT / top).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports() -> dict[str, set[str]]:
    """Return which modules of the product each of them imports, those imported within functions too."""
    known = modules()
    found: dict[str, set[str]] = {name: set() for name in known}
    for name, path in known.items():
        for node in parsed(path):
            if isinstance(node, ast.ImportFrom) and node.module:
                parts = [f"{node.module}.{a.name}" for a in node.names]
                found[name] |= {p if p in known else node.module for p in parts} & set(known)
            elif isinstance(node, ast.Import):
                found[name] |= {a.name for a in node.names} & set(known)
    return found


def folder(module: str) -> str:
    """Return the folder of a module, as in the drawing; the command's entry has no folder."""
    return str(modules()[module].parent.relative_to(ROOT)) if module != "bridge.__main__" else "bridge/__main__"


def drawn() -> list[str]:
    """Return the folders of docs/architecture.md's table, from the top of the house to its ground."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `((?:bridge|model)[\w/]*)` \|", page, re.MULTILINE)


def test_every_folder_is_in_the_architectures_table_once() -> None:
    found = {folder(name) for name in modules()}
    assert sorted(drawn()) == sorted(found)


def test_imports_between_folders_run_downwards() -> None:
    order = drawn()
    for name, into in imports().items():
        for other in into:
            here, there = folder(name), folder(other)
            assert here == there or order.index(here) < order.index(there), (
                f"{name} imports {other}, which lies above it"
            )


def test_no_folder_holds_more_than_fifteen_modules() -> None:
    for top in ("bridge", "model", "bench", "tests", "max_for_live"):
        for path in {p.parent for p in (ROOT / top).rglob("*.py")}:
            if "node_modules" not in path.parts:
                assert len([p for p in path.glob("*.py") if p.name != "__init__.py"]) <= 15, path
