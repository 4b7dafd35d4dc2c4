"""What the security page promises of the sources."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from ipaddress import ip_address
from pathlib import Path

from packaging.requirements import Requirement

from bridge.cli.arguments import parser
from bridge.config import Config

ROOT = Path(__file__).parents[2]
FORBIDDEN = {"eval", "exec", "compile", "__import__"}
UNPICKLING = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}
SUSPECT = re.compile(
    rf"\b(?:{'|'.join(sorted(UNPICKLING))}|eval|exec|__import__|(?<!re\.)compile|system|popen|shell|allow_pickle|load)\b"
)
"""What a file has somewhere that does one of it."""


def sources() -> Iterator[tuple[Path, ast.AST]]:
    for room in ("bridge", "model", "max_for_live"):
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if SUSPECT.search(text):
                yield path, ast.parse(text)


def dotted(node: ast.expr) -> str:
    """Return a name or `module.name`, "" for what is called otherwise."""
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(ast.Name(owner), name):
            return f"{owner}.{name}"
    return ""


def test_nothing_is_evaluated_unpickled_or_handed_to_a_shell() -> None:
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert not {a.name.split(".")[0] for a in node.names} & UNPICKLING, path
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in UNPICKLING, path
            elif isinstance(node, ast.Call):
                name = dotted(node.func)
                assert name not in FORBIDDEN, (path, node.lineno)
                assert name not in ("os.system", "os.popen"), (path, node.lineno)
                for word in node.keywords:
                    told = isinstance(word.value, ast.Constant) and word.value.value is True
                    assert not (word.arg in ("shell", "allow_pickle") and told), (path, node.lineno)
                if name == "torch.load":
                    assert any(w.arg == "weights_only" for w in node.keywords), (path, node.lineno)


def test_everything_listens_on_loopback_unless_told_otherwise() -> None:
    serve = parser().parse_args(["serve"])
    for host, _ in (serve.osc, serve.http, Config().osc):
        assert ip_address(host).is_loopback


FREE = re.compile(r"MIT|BSD|Apache|PSF|Python Software Foundation|ISC|Zlib|CC0", re.I)


def needed(name: str, seen: dict[str, str]) -> dict[str, str]:
    """Return what a package and all that it needs say of their licence, by name."""
    key = name.lower().replace("_", "-")
    if key in seen:
        return seen
    told = metadata.metadata(name)
    classes = [c for c in told.get_all("Classifier") or [] if c.startswith("License")]
    texts = [file for file in metadata.files(name) or [] if "dist-info" in str(file) and "LICENSE" in file.name]
    seen[key] = " ".join(
        [
            *(told.get_all("License-Expression") or []),
            *(w[:60] for w in told.get_all("License") or []),
            *classes,
            *(file.read_text()[:60] for file in texts[:1] if Path(str(file.locate())).is_file()),
        ]
    )
    for line in metadata.requires(name) or []:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            needed(requirement.name, seen)
    return seen


def test_what_a_plain_install_brings_may_be_used_with_our_licence() -> None:
    for name, licence in needed("llmball", {}).items():
        assert FREE.search(licence), (name, licence)
        assert not re.search(r"(?<!L)GPL(?! OR)", licence.replace("EPL-2.0 OR", "")), (name, licence)


def test_what_reads_what_others_send_is_pinned_to_the_version_that_was_tried() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    exact = {line.split("==")[0] for line in told["project"]["dependencies"] if "==" in line}
    assert {"aiohttp", "aiomqtt", "mido", "supriya-midi", "onnxruntime"} <= exact
