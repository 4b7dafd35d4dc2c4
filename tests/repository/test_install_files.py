"""The files of docs/install begin LLMBall with options that it knows."""

from __future__ import annotations

import configparser
import json
import os
import plistlib
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from bridge.cli.arguments import parser
from bridge.config import DEFAULT_HTTP

FOLDER = Path(__file__).parents[2] / "docs" / "install"
PROMPT = "ambient pads, few notes, 70 bpm"


def served(arguments: list[str]) -> str:
    """Return the prompt that a command line plays, after it was read as `llmball` reads it."""
    asked = parser().parse_args(arguments)
    assert asked.command == "serve"
    return str(asked.play)


class Unit(configparser.RawConfigParser):
    """A unit of systemd; of a key that is there several times, all values with line breaks between."""

    def __init__(self, name: str) -> None:
        super().__init__(strict=False, delimiters=("=",), comment_prefixes=("#",), interpolation=None)
        self.optionxform = str  # type: ignore[assignment, method-assign]
        text = (FOLDER / name).read_text(encoding="utf-8")
        self.read_string(text)
        self.environment = dict(re.findall(r'^Environment="(\w+)=(.*)"$', text, re.MULTILINE))


def test_the_service_plays_its_prompt_and_begins_again_whenever_it_ends() -> None:
    unit = Unit("llmball.service")
    service = unit["Service"]
    words = [word for word in shlex.split(service["ExecStart"]) if word != "$OPTIONS"]
    prompt = unit.environment["PROMPT"]
    assert words[-1] == "${PROMPT}"
    assert served([*words[1:-1], prompt]) == PROMPT
    assert service["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert unit["Install"]["WantedBy"] == "default.target"


def test_the_kiosk_opens_the_panel_where_it_is() -> None:
    service = Unit("llmball-kiosk.service")["Service"]
    address = "http://{}:{}/".format(*DEFAULT_HTTP)
    assert address in service["ExecStart"]
    assert address in service["ExecStartPre"]


def test_systemd_knows_every_line_of_the_units(needs: Callable[[str, str], str], tmp_path: Path) -> None:
    program = tmp_path / ".local" / "bin" / "llmball"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "chromium").symlink_to("/bin/true")
    units = []
    for name in ("llmball.service", "llmball-kiosk.service"):
        text = (FOLDER / name).read_text(encoding="utf-8")
        units.append(tmp_path / name)
        units[-1].write_text(text.replace("/usr/bin/chromium", str(tmp_path / "chromium")), encoding="utf-8")
    command = [needs("systemd-analyze", "systemd"), "--user", "--recursive-errors=no", "verify", *map(str, units)]
    env = os.environ | {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    told = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (told.stderr, told.returncode) == ("", 0)


def test_launchd_plays_the_prompt_at_login_and_again_whenever_it_ends() -> None:
    told = plistlib.loads((FOLDER / "org.llmball.serve.plist").read_bytes())
    [_, _, script] = told["ProgramArguments"]
    assert served(shlex.split(script)[2:]) == PROMPT
    assert told["RunAtLoad"]
    assert told["KeepAlive"]
    assert FOLDER.joinpath(f"{told['Label']}.plist").is_file()


def test_the_task_of_windows_plays_the_prompt_without_an_end() -> None:
    names = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
    task = ElementTree.parse(FOLDER / "llmball-task.xml")
    arguments = task.findtext(".//t:Arguments", namespaces=names)
    assert arguments is not None
    assert served(shlex.split(arguments)) == PROMPT
    assert task.findtext(".//t:ExecutionTimeLimit", namespaces=names) == "PT0S"


def test_the_container_runs_llmball_with_options_that_it_knows() -> None:
    lines = dict(
        line.split(" ", 1)
        for line in (FOLDER / "Containerfile").read_text(encoding="utf-8").splitlines()
        if " " in line
    )
    assert json.loads(lines["ENTRYPOINT"]) == ["llmball"]
    assert served(json.loads(lines["CMD"])) == PROMPT
