"""The page in headless Chromium, with a real daemon and model, without sound card and MIDI."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from model.music import midifile
from tests.support import real_programs

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATIENCE, EVERY = 60_000, 100  # milliseconds: an upper bound for a busy machine, and the polling interval
PALE = """
(() => {
  const rgb = (text) => { const [r, g, b, a = 1] = text.match(/[0-9.]+/g).map(Number); return [r, g, b, a]; };
  const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1];
  const ground = (e) => {
    const layers = [];
    for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); layers.push(c); if (c[3] === 1) break; }
    return layers.reverse().reduce((under, c) => over(c, under), [255, 255, 255, 1]);
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const told = [];
  for (const e of document.querySelectorAll("body *")) {
    const speaks = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || e.matches("input:not([type=range]), select");
    if (!speaks || !e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) || e.closest(":disabled")) continue;
    const back = ground(e), [a, b] = [light(over(rgb(getComputedStyle(e).color), back)), light(back)].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) told.push(`${e.tagName} ${e.id} ${e.className} ${e.textContent.slice(0, 30)} ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  }
  return told;
})()
"""
"""Texts of the page whose contrast with their background is below 4.5 (WCAG 2, AA)."""
FOCUSED = """
(() => {
  const e = document.activeElement;
  return [e.id || e.textContent + e.ariaLabel, getComputedStyle(e).outlineStyle !== 'none' || e === document.body];
})()
"""
"""What the focused element is called, and whether it shows that it is focused."""
TABBABLE = """
[...document.querySelectorAll("button, input, select, a[href], summary")]
  .filter((e) => e.checkVisibility({ checkVisibilityCSS: true }) && !e.disabled && e.tabIndex >= 0)
  .map((e) => e.id || e.textContent + e.ariaLabel)
"""
"""What the controls are called that the keyboard shall reach."""


@contextmanager
def page(program: str, url: str) -> Iterator[Page]:
    """Open a page in Chromium; fails on any error message on its console."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip)")
    wrong: list[str] = []
    with api.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--autoplay-policy=user-gesture-required"]
        )
        shown = browser.new_page(viewport={"width": 1330, "height": 760}, accept_downloads=True)
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
    """Poll a JavaScript expression until it is true; the page's CSP forbids wait_for_function."""
    for _ in range(PATIENCE // EVERY):
        if shown.evaluate(law):
            return
        shown.wait_for_timeout(EVERY)
    raise AssertionError(f"{law}: {shown.evaluate('document.body.innerText')}")


def linked(shown: Page) -> None:
    holds(shown, "document.getElementById('link').textContent === 'connected'")


def text(shown: Page, what: str, law: str) -> None:
    """Wait until an element's text matches a regular expression."""
    holds(shown, f"new RegExp({json.dumps(law)}).test(document.querySelector({json.dumps(what)})?.textContent)")


def roll(shown: Page, law: str) -> None:
    """Wait until a JavaScript condition on `d`, the piano roll's dataset, is true."""
    holds(shown, f"(() => {{ const d = document.getElementById('roll').dataset; return {law}; }})()")


def pressed(control: str) -> str:
    """Return a JavaScript condition: a button is pressed."""
    return f"document.getElementById('{control}').getAttribute('aria-pressed') === 'true'"


def evaluated(shown: Page) -> str:
    """Return what becomes of eval in a new window, called by the page itself: what a debugger evaluates is exempt."""
    assert shown.context.browser is not None
    other = shown.context.browser.new_page()  # the window of the test fails on violations
    other.goto(shown.url)
    other.evaluate(
        "setTimeout(() => { try { window.found = String(eval('1 + 1')); } catch (error) { window.found = error.name; } })"
    )
    holds(other, "window.found !== undefined")
    found: str = other.evaluate("window.found")
    other.close()
    return found


def staves(shown: Page) -> None:
    """Open a kept take on paper: as chords, as a lead sheet and as a score, drawn by a library that is loaded only now."""
    loaded = "performance.getEntriesByType('resource').some((r) => r.name.endsWith('/abcjs.js'))"
    assert not shown.evaluate(loaded)
    shown.click("#takes button:text-is('Chord sheet')")
    holds(shown, "document.querySelectorAll('#sheet-body li').length >= 1")
    shown.click("#sheet-lead")
    holds(shown, "document.querySelectorAll('#sheet-body svg path').length > 10")
    few = shown.evaluate("document.querySelectorAll('#sheet-body svg path').length")
    shown.click("#sheet-score")
    holds(shown, f"document.querySelectorAll('#sheet-body svg path').length > {few}")
    assert shown.evaluate(loaded)
    with shown.expect_download() as download:
        shown.click("#sheet-xml")
    assert "<score-partwise" in Path(download.value.path()).read_text(encoding="utf-8")
    shown.click("#sheet-close")


@pytest.mark.timeout(300)  # Chromium renders without a GPU
def test_a_musician_plays_changes_keeps_and_reloads(
    tmp_path: Path, needs: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chromium = needs("chromium", "chromium")
    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path / "home"))
    with ExitStack() as stack:
        options = ("--output", "none", "--http")
        first = stack.enter_context(real_programs.daemon(*options, "127.0.0.1:0", env={}, folder=tmp_path))
        url = first.said("http")
        shown = stack.enter_context(page(chromium, url))

        assert shown.evaluate(PALE) == []
        assert shown.is_hidden("#understood"), "nothing was understood yet, so no level is shown"
        assert float(shown.get_attribute("#meter", "data-loudest") or 0) == 0, "silent until the user plays"
        shown.fill("#prompt", "dusty lo-fi chords in D minor, 160 bpm, dreamy piano melody")
        shown.press("#prompt", "Enter")  # plays what the box says, with sound
        text(shown, "#state", "playing")
        holds(shown, "document.getElementById('fact-tempo').value === '160'")
        roll(shown, "d.ahead > 3 && d.chords > 0 && d.quarter > 1")
        before = float(shown.get_attribute("#roll", "data-quarter") or 0)
        roll(shown, f"d.quarter > {before + 1}")  # the roll scrolls
        text(shown, "#chord", "^D")
        text(shown, "#explained-now", r"^D\S* is .* in D minor: .*\.$")
        roll(shown, "d.parts.includes('melody')")
        holds(shown, "document.getElementById('meter').dataset.loudest > 0.02")  # sound is on
        holds(shown, "[...document.querySelectorAll('#progression .bar[aria-current]')].length === 1")

        shown.fill("#fact-key", "E minor")
        shown.press("#fact-key", "Enter")
        text(shown, "#unmet", "key: yours from here holds")
        shown.fill("#fact-tempo", "200")
        shown.press("#fact-tempo", "Enter")
        text(shown, "#bpm", "200")
        shown.click("#store")
        shown.click("#pad-3")
        text(shown, "#pad-3", "dusty lo-fi")
        shown.click("#examples button:text-is('lo-fi')")
        shown.click("#pad-3")
        holds(shown, "document.getElementById('prompt').value.startsWith('dusty lo-fi')")  # launched
        shown.evaluate("document.activeElement.blur()")
        text(shown, "#bar", r"^([4-9]|\d\d)\.")
        shown.select_option("#keep-bars", "4")
        shown.click("#keep")
        shown.wait_for_selector("#takes a")
        assert shown.evaluate(PALE) == [], "also while it plays"
        shown.fill("#prompt", "no melody")
        shown.click("#change")
        roll(shown, "d.ahead > 0 && !d.parts.includes('melody')")
        shown.click("#mute-drums")
        holds(shown, "document.getElementById('mute-drums').getAttribute('aria-pressed') === 'true'")
        with shown.expect_download() as download:
            shown.click("#takes a")
        download.value.save_as(tmp_path / "kept.mid")
        song = midifile.read(tmp_path / "kept.mid")
        assert song.notes
        assert 1 <= len(song.bars) <= 4
        shown.select_option("#region-bars", "2")
        with shown.expect_download() as download:
            shown.click("#region-mid")
        download.value.save_as(tmp_path / "region.mid")
        assert {n.part for n in midifile.read(tmp_path / "region.mid").notes} >= {"chords"}
        shown.click("#progression .bar >> nth=0")
        shown.fill("#chord-text", "Gm7")
        shown.click("#chord-set")
        holds(shown, "document.getElementById('lock').getAttribute('aria-pressed') === 'true'")
        text(shown, "#progression .bar", "Gm7")
        text(shown, "#locked", "^Chords locked: .* round.*Release")
        dragged = shown.evaluate(
            "(() => { const data = new DataTransfer();"
            " document.querySelector('#takes a').dispatchEvent(new DragEvent('dragstart', { dataTransfer: data, bubbles: true }));"
            " return data.getData('DownloadURL'); })()"
        )
        assert dragged.startswith("audio/midi:dusty-lo-fi-chords"), "named by its words"
        assert f".mid:{url.rstrip('/')}/takes/2" in dragged
        shown.click("#takes button")
        text(shown, "#takes button", "Stop")
        staves(shown)
        count = shown.evaluate("document.querySelectorAll('#session .take').length")
        shown.click("#takes button:text-is('Launch')")
        holds(shown, f"document.querySelectorAll('#session .take').length === {count + 1}")
        shown.click("#undo")  # the take that played comes back, in its place
        holds(shown, "document.querySelector('#session .take:nth-child(2)').classList.contains('current')")
        shown.click("#solo-bass")
        hushed = "document.querySelector('.strip[data-part=chords]').classList.contains('hushed')"
        holds(shown, f"{pressed('solo-bass')} && {hushed} && !({pressed('mute-chords')}) && {pressed('mute-drums')}")
        shown.click("#undo")  # a solo is undone, and nothing else
        holds(shown, f"!({pressed('solo-bass')}) && !{hushed} && {pressed('mute-drums')}")
        assert shown.evaluate("document.querySelectorAll('#session .take').length") == count + 1
        shown.click("#follow")
        shown.click("#follow-unlock")  # where locked chords meet what is played
        holds(shown, f"{pressed('follow')} && !({pressed('lock')}) && document.getElementById('follow-locked').hidden")
        shown.click("#follow")
        shown.click("#solo-bass")
        holds(shown, f"{pressed('solo-bass')} && {hushed} && {pressed('mute-drums')}")

        shown.reload()
        linked(shown)
        text(shown, "#progression .bar", r"Bar ([2-9]|\d\d)\D")  # by the numbers of the take's bars
        holds(shown, pressed("solo-bass"))  # a solo is still one after a reload, and ends as it would have
        shown.click("#solo-bass")
        holds(shown, f"!({pressed('mute-chords')}) && {pressed('mute-drums')}")
        text(shown, "#state", "playing")
        roll(shown, "d.ahead > 0 && d.chords > 0")
        holds(shown, "document.getElementById('fact-tempo').value === '200'")
        text(shown, "#pad-3", "dusty lo-fi")

        shown.set_viewport_size({"width": 820, "height": 1180})  # a tablet in portrait format
        holds(shown, "document.documentElement.scrollWidth <= innerWidth")
        for section, control in {"Mixer": "#mute-drums", "Perform": "#pad-3", "Takes": "#keep"}.items():
            shown.click(f"nav.tabs button:text-is('{section}')")
            for seen in ("#prompt", "#play", "#stop", "#change", control):
                holds(shown, f"(() => {{ const r = document.querySelector('{seen}').getBoundingClientRect();"
                             " return r.width > 0 && r.left >= 0 && r.right <= innerWidth; })()")  # fmt: skip
        shown.click("#sound")
        holds(shown, "document.getElementById('meter').value > 0.02")  # also after a reload
        shown.click("#stop")
        text(shown, "#state", "idle|waiting")
        holds(shown, "document.getElementById('meter').value < 0.001")  # no sound after stop
        holds(shown, "Number(document.getElementById('roll').dataset.notes) > 20")  # the roll shows what was played
        shown.click("#takes button")
        holds(shown, "document.getElementById('meter').value > 0.02")  # a kept take plays without the daemon playing

        assert first.stop() == 0  # restarted at the same address: the page reconnects
        text(shown, "#lost", "Connection lost")
        text(shown, "#state", "offline")
        shown.fill("#prompt", "calm piano")
        shown.press("#prompt", "Enter")
        text(shown, "#said", "Not sent")
        assert shown.input_value("#prompt") == "calm piano", "nothing that was typed is lost"
        stack.enter_context(
            real_programs.daemon(*options, url.removeprefix("http://").rstrip("/"), env={}, folder=tmp_path)
        )
        linked(shown)
        assert shown.is_hidden("#lost")
        shown.press("#prompt", "Enter")
        text(shown, "#state", "playing")
        roll(shown, "d.ahead > 1 && d.chords > 0")


def value(url: str, path: str) -> object:
    """Return the value of an address from the OSCQuery namespace."""
    with urlopen(f"{url.rstrip('/')}/llmball/{path}?VALUE") as answer:
        return json.load(answer)["VALUE"][0]


def holds_value(url: str, path: str, expected: object) -> bool:
    return value(url, path) == expected


@pytest.mark.untimed
@pytest.mark.timeout(300)
def test_the_stage_is_worked_by_hand_and_the_band_plays_into_the_port_that_is_chosen(
    tmp_path: Path,
    needs: Callable[[str, str], str],
    jack_environment: Mapping[str, str],
    receiver: Callable[[str], real_programs.Receiver],
) -> None:
    chromium = needs("chromium", "chromium")
    home = tmp_path / "home"
    env = {**jack_environment, "LLMBALL_HOME": str(home)}
    options = ("--backend", "jack", "--http", "127.0.0.1:0", "--play", "house, 124 bpm")
    with (
        real_programs.daemon(*options, env=env, folder=tmp_path) as band,
        page(chromium, band.said("http")) as shown,
    ):
        url = band.said("http")
        recorder = receiver(band.jack_port)
        text(shown, "#state", "playing")

        shown.focus("#port")
        holds(shown, "[...document.getElementById('port').options].some((o) => o.value.startsWith('recorder'))")
        theirs = shown.evaluate(
            "[...document.getElementById('port').options].find((o) => o.value.startsWith('recorder')).value"
        )
        shown.select_option("#port", theirs)
        holds(shown, "document.getElementById('port').value.includes('recorder')")
        heard = len(recorder.note_ons())
        assert real_programs.until(lambda: len(recorder.note_ons()) > heard + 8, 30), (
            "the band plays into the port chosen"
        )

        for part, where in (("bass", 7), ("drums", 11)):
            shown.click(f".strip[data-part={part}] summary")
            shown.fill(f"#channel-{part}", str(where))
            shown.press(f"#channel-{part}", "Tab")
            assert real_programs.until(partial(holds_value, url, f"part/{part}/channel", where), 10)
        assert real_programs.until(lambda: {7, 11} <= {m.channel for m in recorder.note_ons()[-60:]}, 30)
        shown.locator("#level-bass").fill("0.5")
        assert real_programs.until(lambda: value(url, "part/bass/level") == 0.5, 10)

        shown.click("#hold button:text-is('2')")
        holds(shown, "document.querySelector('#hold [aria-pressed=true]').textContent === '2'")
        shown.click("#hold button:text-is('off')")
        shown.click("#cues button:text-is('fill')")
        shown.fill("#morph-a", "calm piano ballad")
        shown.fill("#morph-b", "hard techno")
        shown.press("#morph-b", "Enter")
        shown.locator("#morph-x").fill("0.7")
        assert real_programs.until(lambda: value(url, "morph/x") == 0.7, 10)
        shown.click("#like")
        assert real_programs.until((home / "taste.json").is_file, 10), "a like is remembered here"
        shown.click("#skip")
        text(shown, "#health", r"beats ahead")
        assert shown.evaluate(
            "document.getElementById('said').hidden && document.getElementById('said-beside').hidden"
        ), "nothing of it was refused"

        shown.evaluate("document.activeElement.blur()")
        seen: set[str] = set()
        wanted = shown.evaluate(TABBABLE)
        for _ in range(len(wanted) + 8):
            shown.keyboard.press("Tab")
            name, is_shown = shown.evaluate(FOCUSED)
            seen.add(name)
            assert is_shown
        lasting = {*wanted} & {*shown.evaluate(TABBABLE)}  # the band plays on: chords and takes come and go
        assert len(lasting) > 100
        assert lasting <= seen, "every control is reached by the keyboard, and shows it"
        shown.evaluate("document.activeElement.blur()")
        shown.keyboard.press("Space")
        text(shown, "#state", "idle|waiting")
        shown.keyboard.press("Space")
        text(shown, "#state", "playing")


@pytest.mark.timeout(300)
def test_a_musician_finds_a_piece_of_the_songbook_and_launches_it(
    tmp_path: Path, needs: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chromium = needs("chromium", "chromium")
    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path / "home"))
    with ExitStack() as stack:
        daemon = real_programs.daemon("--output", "none", "--http", "127.0.0.1:0", env={}, folder=tmp_path)
        shown = stack.enter_context(page(chromium, stack.enter_context(daemon).said("http")))
        told = "(async () => { (await import('./page/wire.js')).wire.tell('composer/told', 'asked'); return document.getElementById('composer').textContent; })()"
        assert shown.evaluate(told) == "Language model: asked"
        assert shown.is_visible("#composer")
        wide = shown.viewport_size
        assert wide is not None
        shown.set_viewport_size({"width": 390, "height": 844})
        long = (
            "['chord', 'chord-next'].forEach((id) => { document.getElementById(id).textContent = '→ Bbmaj7#11/Eb'; })"
        )
        assert shown.evaluate(f"({long}, document.documentElement.scrollWidth - innerWidth)") <= 0, "chords on a phone"
        shown.set_viewport_size(wide)
        assert evaluated(shown) == "EvalError", "the policy allows WebAssembly, and no script that is made from text"
        shown.fill("#sought", "french gold")
        text(shown, "#book", r"Gold Tooth.*french house · 16 bars · C minor · 126 bpm · 4/4")
        assert shown.evaluate(PALE) == []
        shown.click("#book >> text=To bank")
        text(shown, "#pad-1", "Gold Tooth")
        shown.click("#book >> text=Launch")
        text(shown, "#state", "playing")
        text(shown, "#chord", "^Cm7")
        assert shown.input_value("#prompt") == ""
