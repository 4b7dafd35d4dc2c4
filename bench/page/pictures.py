"""`python -m bench.page.pictures OUT`: the pictures of the panel for the docs, and a short film of it at work (docs/images).

A daemon of its own plays without MIDI; Chromium shows the page. The film is an animated WebP: words are typed, the band plays, a
part of it changes. Pictures of other widths and themes, to be looked at: `--widths 390 820 1280 2560`.
"""

from __future__ import annotations

import argparse
import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from bench.device_film import animated
from bench.page.chromium import linked, started, waited

PROMPT = "smoky jazz in Bb major, 120 bpm, walking bass, with a pad and congas"
CHANGE = "busier drums, no pad"
WIDE, TALL = 1280, 900
HEIGHTS = {390: 844, 820: 1180, 1280: 900, 2560: 1300}
SHORT, LONG = 260, 700
"""Milliseconds of a frame of the film: one of words that are typed, and one of the band at work."""
QUALITY = 70
"""Of the film's frames as WebP, 0..100."""


@contextmanager
def opened(browser: Browser, url: str, width: int, height: int, theme: str) -> Iterator[Page]:
    """Open the page in a window of a size and a theme."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)  # type: ignore[arg-type]
    page.goto(url)
    linked(page)
    yield page
    page.close()


def still(page: Page) -> bytes:
    """Return what the window shows, as WebP."""
    options = {"format": "webp", "quality": QUALITY, "clip": {"x": 0, "y": 0, "width": WIDE, "height": TALL, "scale": 0.75}}  # fmt: skip
    return base64.b64decode(page.context.new_cdp_session(page).send("Page.captureScreenshot", options)["data"])


def film(page: Page) -> bytes:
    """Work the page, and return the film of it."""
    frames: list[tuple[int, bytes]] = []
    for end in (0, len(PROMPT) // 3, 2 * len(PROMPT) // 3, len(PROMPT)):
        page.fill("#prompt", PROMPT[:end])
        frames.append((SHORT if end else LONG, still(page)))
    page.press("#prompt", "Enter")
    waited(page, "document.querySelectorAll('#progression .bar[aria-current]').length === 1")
    frames += filmed(page, 5)
    page.fill("#prompt", CHANGE)
    frames.append((LONG, still(page)))
    page.click("#change")
    waited(page, "!document.getElementById('roll').dataset.parts.includes('pad')")
    frames += filmed(page, 4)
    return animated(frames, WIDE * 3 // 4, TALL * 3 // 4)


def filmed(page: Page, count: int) -> list[tuple[int, bytes]]:
    """Return so many frames of the band at work, a beat and more apart."""
    frames = []
    for _ in range(count):
        page.wait_for_timeout(LONG)
        frames.append((LONG, still(page)))
    return frames


def full(page: Page) -> None:
    """Let the page show what a musician has after a minute: bars played, a pad stored, a take kept."""
    waited(page, "parseInt(document.getElementById('bar').textContent) >= 9")
    page.click("#store")
    page.click("#pad-1")
    page.click("#keep")
    page.wait_for_selector("#takes a")
    waited(page, "document.getElementById('progress-beside').hidden")


def taken(page: Page, path: Path, axe: Path | None) -> None:
    """Write a picture of the page once it shows the notes; with axe, print its findings and what is wider than the window."""
    waited(page, "Number(document.getElementById('roll').dataset.ahead) > 0")
    page.evaluate("scrollTo(0, 0), document.activeElement.blur()")
    page.wait_for_timeout(LONG)
    page.screenshot(path=path)
    if axe is not None:
        page.evaluate(axe.read_text(encoding="utf-8") + ";0")
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        nodes = [(v["id"], v["impact"], [n["target"] for n in v["nodes"]][:3]) for v in found]
        print(f"{path.name}: {len(nodes)} findings {nodes or ''}; {max(0, over)} px wider than the window", flush=True)


def main() -> None:
    """Write pictures and film into a folder."""
    parser = argparse.ArgumentParser(prog="python -m bench.page.pictures", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--widths", nargs="*", type=int, default=[], help="also these, in both themes, beside the pictures"
    )
    parser.add_argument("--axe", type=Path, help="axe.min.js of axe-core: print what it finds on each picture's page")
    given = parser.parse_args()
    with started() as (url, browser):
        with opened(browser, url, WIDE, TALL, "dark") as page:
            (given.out / "panel.webp").write_bytes(film(page))
            page.fill("#prompt", PROMPT)
            page.press("#prompt", "Enter")
            full(page)
            taken(page, given.out / "panel.png", given.axe)
            page.click("#stage")
            waited(page, "document.body.classList.contains('stage')")
            taken(page, given.out / "panel-stage.png", given.axe)
        shots = [("panel-phone", 390, "dark"), ("panel-tablet", 820, "light")]
        shots += [(f"panel-{width}-{theme}", width, theme) for width in given.widths for theme in ("dark", "light")]
        for file, width, theme in shots:
            with opened(browser, url, width, HEIGHTS.get(width, TALL), theme) as page:
                taken(page, given.out / f"{file}.png", given.axe)


if __name__ == "__main__":
    main()
