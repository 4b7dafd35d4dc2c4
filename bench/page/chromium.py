"""The page of a daemon that plays without MIDI, in Chromium: for what is measured and what is pictured. Needs Chromium and playwright."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support import real_programs

PATIENCE = 600
"""Tenths of a second that anything is waited for."""


@contextmanager
def started(*options: str) -> Iterator[tuple[str, Browser]]:
    """Start a daemon with a home of its own, and Chromium with options; yield the page's address and the browser."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("the page is looked at in Chromium, which is not installed")
    with (
        tempfile.TemporaryDirectory() as name,
        real_programs.daemon(
            "--output", "none", "--http", "127.0.0.1:0", env={"LLMBALL_HOME": name}, folder=Path(name)
        ) as daemon,
        sync_playwright() as play,
    ):
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", *options])
        yield daemon.said("http"), browser
        browser.close()


def waited(page: Page, law: str) -> None:
    """Wait until a JavaScript expression is true; the page's policy forbids wait_for_function."""
    for _ in range(PATIENCE):
        if page.evaluate(law):
            return
        page.wait_for_timeout(100)
    raise SystemExit(f"never: {law}")


def linked(page: Page) -> None:
    """Wait until the page has found its daemon."""
    waited(page, "document.getElementById('link').textContent === 'connected'")
