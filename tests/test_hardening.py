"""What the security page promises of the sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
FORBIDDEN = {"eval", "exec", "compile", "__import__"}
UNPICKLING = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}


def sources() -> Iterator[tuple[Path, ast.AST]]:
    for room in ("bridge", "model", "max_for_live"):
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_nothing_is_evaluated_unpickled_or_handed_to_a_shell() -> None:
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert not {a.name.split(".")[0] for a in node.names} & UNPICKLING, path
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in UNPICKLING, path
            elif isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                assert name not in FORBIDDEN, (path, node.lineno)
                assert name not in ("os.system", "os.popen"), (path, node.lineno)
                for word in node.keywords:
                    told = isinstance(word.value, ast.Constant) and word.value.value is True
                    assert not (word.arg in ("shell", "allow_pickle") and told), (path, node.lineno)
                if name == "torch.load":
                    assert any(w.arg == "weights_only" for w in node.keywords), (path, node.lineno)


def test_everything_listens_on_loopback_unless_told_otherwise() -> None:
    text = (ROOT / "bridge" / "arguments.py").read_text(encoding="utf-8")
    assert "127.0.0.1" in text
    assert "0.0.0.0" not in text
