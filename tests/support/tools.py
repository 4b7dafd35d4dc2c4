"""Programs that the tests need, and how they are waited for and ended."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable


class MissingToolError(Exception):
    """A tool is not on this machine; the message names its package."""


def tool(name: str, package: str) -> str:
    """Return the path of a program. Raises `MissingToolError`."""
    found = shutil.which(name)
    if found is None:
        raise MissingToolError(f"{name} is not installed (package {package})")
    return found


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask again every 2 ms until the condition holds; tell whether it did in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


def ended(process: subprocess.Popen[str], seconds: float = 5.0) -> int:
    """Ask a process to end, make it if it will not, and return its exit code."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
