"""Link leads the time, and its others are told what we are asked."""

from __future__ import annotations

from bridge.clock import Seconds
from bridge.events import (
    ControlSet,
    LinkHeard,
    PlayAsked,
    StopAsked,
    ToLink,
)
from tests.test_baton import beats_told, led


def test_links_time_is_joined_on_a_bar_and_its_tempo_is_followed() -> None:
    rig = led("link")
    start, quarter, bpm = rig.now, 2.3, 100.0
    rig.happen(LinkHeard(rig.now, False, quarter, bpm, 1))
    rig.happen(PlayAsked())
    beats: list[float] = []
    for i in range(600):
        rig.until(start + i * 0.02)
        bpm = 100.0 if i < 300 else 140.0
        before, quarter = quarter, quarter + 0.02 * bpm / 60
        if int(quarter) > int(before):
            beats.append(rig.now - (quarter - int(quarter)) * 60 / bpm)
        rig.happen(LinkHeard(rig.now, True, quarter, bpm, 1))
    told = beats_told(rig)
    assert told[0][1] == 1
    for at, _ in told[1:]:
        assert min(abs(at - b) for b in beats) < 0.02
    assert len(told) > 14


def test_only_links_others_are_told_a_tempo_that_was_set_and_none_where_it_is_the_words() -> None:
    for sync, value, told in (("link", 90.0, [ToLink(bpm=90.0)]), ("link", 0.0, []), ("internal", 90.0, [])):
        effects = led(sync).session.on(ControlSet("tempo", value), Seconds(200.0))
        assert [e for e in effects if isinstance(e, ToLink)] == told


def test_links_others_are_told_that_we_were_asked_to_play_or_to_stop() -> None:
    for event, playing in ((PlayAsked(), True), (StopAsked(), False)):
        effects = led("link").session.on(event, Seconds(200.0))
        assert [e for e in effects if isinstance(e, ToLink)] == [ToLink(playing=playing)]
