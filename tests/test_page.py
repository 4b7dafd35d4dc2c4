"""The page in a real browser: Chromium without a screen, the daemon with its model, no sound card and no MIDI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from model import midifile
from tests import rig

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATIENCE, EVERY = 60_000, 100  # milliseconds: a bound for a crowded machine, never waited for
PICTURES = os.environ.get("LLMBALL_PICTURES")
"""A folder to put pictures of the page into; docs/images has some."""


@contextmanager
def page(program: str, url: str) -> Iterator[Page]:
    """Open a page in Chromium; no message of an error on its console passes."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip)")
    wrong: list[str] = []
    with api.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--autoplay-policy=user-gesture-required"]
        )
        shown = browser.new_page(viewport={"width": 1440, "height": 1010}, accept_downloads=True)
        shown.set_default_timeout(PATIENCE)
        shown.on("pageerror", lambda error: wrong.append(str(error)))
        shown.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        shown.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith((url, "blob:", "data:", "ws:" + url[5:])) else None)  # fmt: skip
        shown.goto(url)
        linked(shown)
        yield shown
        browser.close()
    assert wrong == []


def holds(shown: Page, law: str) -> None:
    """Wait until an expression of the page holds; its own policy forbids the page to evaluate one by itself."""
    for _ in range(PATIENCE // EVERY):
        if shown.evaluate(law):
            return
        shown.wait_for_timeout(EVERY)
    raise AssertionError(f"{law}: {shown.evaluate('document.body.innerText')}")


def linked(shown: Page) -> None:
    holds(shown, "document.getElementById('link').textContent === 'connected'")


def text(shown: Page, what: str, law: str) -> None:
    """Wait until an element's text fulfils a regular expression."""
    holds(
        shown, f"new RegExp({json.dumps(law)}).test(document.querySelector({json.dumps(what)})?.textContent)"
    )


def roll(shown: Page, law: str) -> None:
    """Wait until the piano roll's figures fulfil a law of `d`."""
    holds(shown, f"(() => {{ const d = document.getElementById('roll').dataset; return {law}; }})()")


def picture(shown: Page, name: str) -> None:
    if PICTURES:
        shown.screenshot(path=str(Path(PICTURES) / name))


@pytest.mark.timeout(300)  # Chromium draws without a graphics card
def test_a_musician_plays_changes_keeps_and_reloads(
    tmp_path: Path, needs: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chromium = needs("chromium", "chromium")
    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path / "home"))
    with ExitStack() as stack:
        options = ("--output", "none", "--http")
        first = stack.enter_context(rig.daemon(*options, "127.0.0.1:0", env={}, folder=tmp_path))
        url = first.said("http")
        shown = stack.enter_context(page(chromium, url))

        shown.fill("#prompt", "dusty lo-fi chords in D minor, 100 bpm, dreamy piano melody")
        shown.press("#prompt", "Enter")
        text(shown, "#state", "waiting")
        holds(shown, "document.getElementById('fact-tempo').value === '100'")
        shown.click("#sound")
        shown.click("#play")
        text(shown, "#state", "playing")
        roll(shown, "d.ahead > 3 && d.chords > 0 && d.quarter > 1")
        before = float(shown.get_attribute("#roll", "data-quarter") or 0)
        roll(shown, f"d.quarter > {before + 1}")  # it moves
        text(shown, "#chord", "^D")
        holds(shown, "document.getElementById('meter').dataset.loudest > 0.02")  # it sounds

        shown.fill("#fact-key", "E minor")
        shown.press("#fact-key", "Enter")
        text(shown, "#overruled", "key")
        shown.fill("#fact-tempo", "140")
        shown.press("#fact-tempo", "Enter")
        text(shown, "#bpm", "140")
        shown.click("#store")
        shown.click("#pad-3")
        text(shown, "#pad-3", "dusty lo-fi")
        shown.fill("#prompt", "hard techno, 140 bpm")
        shown.click("#pad-3")
        shown.fill("#refine", "no melody")
        shown.press("#refine", "Enter")
        shown.click("#mute-drums")
        holds(shown, "document.getElementById('mute-drums').getAttribute('aria-pressed') === 'true'")
        text(shown, "#bar", r"^([4-9]|\d\d)\.")
        shown.select_option("#keep-bars", "4")
        shown.click("#keep")
        shown.wait_for_selector("#takes a")
        picture(shown, "panel.png")
        with shown.expect_download() as download:
            shown.click("#takes a")
        download.value.save_as(tmp_path / "kept.mid")
        song = midifile.read(tmp_path / "kept.mid")
        assert song.notes
        assert 1 <= len(song.bars) <= 4
        shown.click("#takes button")
        text(shown, "#takes button", "Stop")

        shown.reload()
        linked(shown)
        text(shown, "#state", "playing")
        roll(shown, "d.ahead > 0 && d.chords > 0")
        holds(shown, "document.getElementById('fact-tempo').value === '140'")
        text(shown, "#pad-3", "dusty lo-fi")

        shown.set_viewport_size({"width": 820, "height": 1180})  # a tablet held upright
        holds(shown, "document.documentElement.scrollWidth <= innerWidth")
        for control in ("#prompt", "#play", "#stop", "#refine", "#keep", "#pad-3", "#mute-drums"):
            holds(shown, f"(() => {{ const r = document.querySelector('{control}').getBoundingClientRect();"
                         " return r.width > 0 && r.left >= 0 && r.right <= innerWidth; })()")  # fmt: skip
        shown.click("#stop")
        text(shown, "#state", "idle|waiting")

        assert first.stop() == 0  # and begun again at the same address: the page finds it by itself
        holds(shown, "document.getElementById('link').textContent !== 'connected'")
        stack.enter_context(
            rig.daemon(*options, url.removeprefix("http://").rstrip("/"), env={}, folder=tmp_path)
        )
        linked(shown)
        shown.fill("#prompt", "calm piano")
        shown.press("#prompt", "Enter")
        text(shown, "#state", "waiting")
        shown.click("#play")
        text(shown, "#state", "playing")
        roll(shown, "d.ahead > 1 && d.chords > 0")


def test_a_stranger_needs_a_network_and_a_token(tmp_path: Path, needs: Callable[[str, str], str]) -> None:
    """The daemon in a network namespace of its own, asked from its other address."""
    unshare, ip = needs("unshare", "util-linux"), needs("ip", "iproute2")
    inside = f"{ip} link set lo up && {ip} addr add 10.9.0.1/24 dev lo"
    if subprocess.run([unshare, "-n", "sh", "-c", inside], capture_output=True, check=False).returncode != 0:
        pytest.skip("no network namespace may be made here")
    result = subprocess.run(
        [unshare, "-n", "sh", "-c", f'{inside} && exec "$0" -m tests.stranger "$1"', sys.executable, str(tmp_path)],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["403", "401", "401", "200", "200", "101", "403"]
