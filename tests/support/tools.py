"""Finding, waiting for and ending the external programs that tests need."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable


class MissingToolError(Exception):
    """A program is not installed; the message names its package."""


def tool(name: str, package: str) -> str:
    """Return the path of a program. Raises MissingToolError."""
    found = shutil.which(name)
    if found is None:
        raise MissingToolError(f"{name} is not installed (package {package})")
    return found


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll the condition every 2 ms; return True once it holds, False after `seconds` seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


def ended(process: subprocess.Popen[str], seconds: float = 5.0) -> int:
    """Terminate a process, kill it after `seconds` seconds, and return its exit code."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
