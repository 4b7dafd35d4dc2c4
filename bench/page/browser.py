"""The page in Chromium: first paint, weight, main-thread time a frame, CPU while seven parts sound, latency of a key.

    python -m bench.page.browser [--seconds 10] [--notes 10000]

A daemon of its own plays without MIDI. Times of the main thread are thread CPU time of a trace, so that what else the machine does
counts little; CPU of the processes is that of the system's accounts: `renderer` holds the page, its audio worklet and the worker
that renders, `audio` the browser's audio service. Needs Chromium and playwright.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Mapping

import psutil
from playwright.sync_api import Browser, Page, Request

from bench.page.chromium import linked, started, waited
from bench.tables import percentile, table

PROMPT = "smoky jazz in Bb major, 120 bpm, walking bass, with a pad, arpeggio and congas"
PAINTS = "performance.getEntriesByType('paint').map((e) => [e.name, e.startTime])"
CROWD = """async (count) => {
  const { score } = await import('./page/score.js'), { PARTS } = await import('./page/roll.js');
  for (let i = 0; i < 8; i++) document.getElementById('narrower').click();
  const span = 128, now = score.quarterNow(), more = [];
  for (let i = 0; i < count; i++) {
    more.push({ take: 'x', part: PARTS[i % 7], pitch: 40 + i % 40, velocity: 40 + i % 80, start: now - span * i / count, length: 0.5, played: true });
  }
  score.notes = [...score.notes, ...more].sort((a, b) => a.start - b.start);
  score.changed = [-Infinity, Infinity];
}"""
SOUND = (
    "(async () => { const { sound } = await import('./page/sound.js'); return [sound.latency(), sound.late ?? 0]; })()"
)
TRACED = ["disabled-by-default-devtools.timeline", "devtools.timeline", "blink.user_timing"]


def main_thread(trace: bytes) -> tuple[int, float, list[float]]:
    """Return the frames that were drawn, the main thread's CPU time in ms in all, and that of each frame's drawing."""
    events = json.loads(trace)["traceEvents"]
    named = {
        (e["pid"], e["tid"]) for e in events if e["name"] == "thread_name" and e["args"].get("name") == "CrRendererMain"
    }
    on_main = [e for e in events if (e["pid"], e["tid"]) in named and e.get("ph") == "X"]
    callbacks = [e for e in on_main if e["name"] == "FireAnimationFrame"]
    busiest, _ = Counter(e["pid"] for e in callbacks).most_common(1)[0]
    drawn = [e["tdur"] / 1000 for e in callbacks if e["pid"] == busiest and e["tdur"] > 200]
    tasks = sum(e.get("tdur", 0) for e in on_main if e["pid"] == busiest and e["name"] == "RunTask")
    return len(drawn), tasks / 1000, drawn


def frames(browser: Browser, page: Page, seconds: float) -> tuple[object, ...]:
    """Trace the page for a while; return what a row of the table says."""
    browser.start_tracing(page=page, categories=TRACED)
    page.wait_for_timeout(seconds * 1000)
    count, tasks, drawn = main_thread(browser.stop_tracing())
    return count, tasks / count, statistics.median(drawn), percentile(drawn, 0.9)


def used() -> Mapping[str, float]:
    """Return the CPU seconds of our Chromium's processes by their kind."""
    seconds = Counter[str]()
    for process in psutil.Process().children(recursive=True):
        try:
            words, times = process.cmdline(), process.cpu_times()
        except psutil.Error:
            continue
        if any("chromium" in word for word in words[:1]):
            kinds = [word.removeprefix("--type=") for word in words if word.startswith("--type=")]
            service = any("AudioService" in word for word in words)
            seconds["audio" if service else kinds[0] if kinds else "browser"] += times.user + times.system
    return seconds


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.page.browser", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--notes", type=int, default=10_000)
    given = parser.parse_args()
    rows = list[tuple[object, ...]]()
    with started("--autoplay-policy=user-gesture-required") as (url, browser):
        for what in ("first visit", "again"):
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            requests = answered(page)
            page.goto(url)
            linked(page)
            waited(page, f"({PAINTS}).length >= 2")
            paints = dict(page.evaluate(PAINTS))
            rows.append((f"first paint, ms, {what}", paints["first-paint"]))
            rows.append((f"first contentful paint, ms, {what}", paints["first-contentful-paint"]))
            rows.append((f"weight without sound, MB, {what}", weight(requests)))
            if what == "first visit":
                page.context.close()
        page.fill("#prompt", PROMPT)
        page.press("#prompt", "Enter")
        begun = time.monotonic()
        waited(page, "document.getElementById('meter').dataset.loudest > 0.02")
        rows.append(("from Enter to sound, s", time.monotonic() - begun))
        rows.append(("weight with sound, MB", weight(requests)))
        waited(page, "document.getElementById('roll').dataset.parts.split(' ').length >= 7")
        latency, _ = page.evaluate(SOUND)
        rows.append(("from a key to its sound, as the page tells, ms", latency * 1000))
        before, begun = used(), time.monotonic()
        page.wait_for_timeout(given.seconds * 1000)
        after, span = used(), time.monotonic() - begun
        rows += [
            (f"CPU while seven parts sound, % of a core: {kind}", 100 * (after[kind] - before[kind]) / span)
            for kind in after
        ]
        rows.append(("blocks of audio that came too late, in all", page.evaluate(SOUND)[1]))
        print(table(("the page", ""), rows), flush=True)
        usual = frames(browser, page, given.seconds)
        page.evaluate(CROWD, given.notes)
        crowded = frames(browser, page, given.seconds)
        head = ("main thread, CPU time", "frames", "all of it a frame, ms", "drawing, median", "drawing, p90")
        print("\n" + table(head, [("as it plays", *usual), (f"{given.notes} notes in the roll", *crowded)]))


def answered(page: Page) -> list[Request]:
    """Return a list into which the page's requests come once they are answered."""
    requests: list[Request] = []

    def note(request: Request) -> None:
        requests.append(request)

    page.on("requestfinished", note)
    return requests


def weight(requests: list[Request]) -> float:
    """Return the megabytes of what was answered, the worker's files among them."""
    sizes = [request.sizes() for request in requests]
    return sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) / 1e6


if __name__ == "__main__":
    main()
