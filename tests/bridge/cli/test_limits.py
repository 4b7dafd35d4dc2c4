"""A process that may open too few files, or have too little memory, is told so in one line before anything is loaded."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from bridge.__main__ import LEAST_FILES, LEAST_MEMORY, MORE_FILES, MORE_MEMORY, SERVING, SMALL, short_of

PLENTY = 1 << 40


@pytest.mark.parametrize("command", SERVING)
@pytest.mark.parametrize("files", [0, 12, 24, LEAST_FILES - 1])
def test_what_serves_needs_files(command: str, files: int) -> None:
    assert short_of(command, files, math.inf) == MORE_FILES
    assert short_of(command, LEAST_FILES, PLENTY) is None


@pytest.mark.parametrize("command", ["serve", "clip", "understand", "explain", "bench", "nonsense"])
@pytest.mark.parametrize("memory", [100 << 20, 200 << 20, LEAST_MEMORY - 1])
def test_what_makes_music_needs_memory(command: str, memory: int) -> None:
    assert short_of(command, math.inf, memory) == MORE_MEMORY
    assert short_of(command, math.inf, LEAST_MEMORY) is None


@pytest.mark.parametrize("command", SMALL)
def test_what_shows_a_list_or_help_or_remedies_needs_neither(command: str) -> None:
    assert short_of(command, 12, 1 << 20) is None


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="needs ulimit -n and -v")
@pytest.mark.parametrize(
    ("limit", "command", "told"),
    [("-n 12", "serve --output none", MORE_FILES), ("-n 24", "worker --mqtt mqtt://127.0.0.1:1", MORE_FILES), ("-v 200000", "clip calm", MORE_MEMORY)],
)  # fmt: skip
def test_a_shells_limits_are_one_line_and_exit_code_2(limit: str, command: str, told: str) -> None:
    line = f"ulimit {limit} && exec {sys.executable} -m bridge {command}"
    ended = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (2, f"llmball: {told}\n")


@pytest.mark.skipif(sys.platform == "win32", reason="needs ulimit -n")
def test_a_limit_that_we_may_raise_is_raised() -> None:
    line = f"ulimit -S -n 20 && exec {sys.executable} -c 'from bridge.__main__ import _own_limits; print(_own_limits()[0])'"
    ended = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout.strip() in (str(LEAST_FILES), f"{LEAST_FILES}.0"), ended.stderr
