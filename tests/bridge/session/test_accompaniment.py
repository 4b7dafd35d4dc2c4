"""The band behind the hands, in virtual time: the real session, timeline and scheduler, a generator of ours."""

from __future__ import annotations

import itertools
import random

import pytest

from bridge.clock import Seconds
from bridge.errors import BadRequest
from bridge.midi.protocol import InputLost, MidiReceived
from bridge.protocol.events import (
    ControlSet,
    CueRequested,
    Event,
    PlayRequested,
    PromptRequested,
    StopRequested,
)
from model.music.harmony import parse_chord
from model.music.plan import Plan
from tests.support.midi_player import C3, chords, let_go, line, struck
from tests.support.virtual_band import Rig, latencies

BEAT = 0.5
LINE = 100.0 + 0.03
"""When the first beat begins at 120 bpm; the rig answers at once but for its latency."""
LOOP = ("Am", "F", "C", "G")


def playing(seed: int = 1, typical: float = 0.02, **controls: float | str) -> Rig:
    rig = Rig(latencies(seed, typical), plan=lambda begin: Plan(tempo=120.0))
    for path, value in ({"humanise": 0.0, "follow": 1} | controls).items():
        rig.happen(ControlSet(path.replace("__", "/"), value))
    rig.happen(PromptRequested("pop"))
    rig.until(rig.now + 1)
    rig.happen(PlayRequested())
    rig.until(rig.now + 0.001)
    return rig


def first_line(rig: Rig) -> float:
    return rig.session._playback.tempo.seconds_at(rig.session._playback.timeline.placed[0].start)


def bass_at(rig: Rig, moment: float) -> int:
    """Return the pitch class of the bass that sounds at a moment, from what was sent and ended."""
    tick = rig.tempo.ticks_at(Seconds(moment))
    notes = [
        s for sounds in rig.planned.values() for s in sounds if s.part == "bass" and s.at <= tick < s.at + s.length
    ]
    assert notes, f"no bass at {moment}"
    return max(notes, key=lambda s: s.at).pitch % 12


def test_the_band_plays_the_root_of_the_hands_within_the_beat() -> None:
    rig = playing()
    began = first_line(rig)
    progression = [*LOOP, "Bb", "Eb", "F#m", "B"]
    rig.perform(chords(progression, began, 4 * BEAT, loose=0.02), began + 4 * BEAT * len(progression))
    for bar, symbol in enumerate(progression):
        for beat in range(4):
            moment = began + (4 * bar + beat) * BEAT + 0.3
            assert bass_at(rig, moment) == parse_chord(symbol).root, (bar, beat)


def test_from_the_third_pass_on_the_downbeat_itself_is_right() -> None:
    rig = playing()
    began = first_line(rig)
    rig.perform(chords(LOOP * 4, began, 4 * BEAT, loose=0.02), began + 64 * BEAT)
    for bar in range(8, 16):
        assert bass_at(rig, began + 4 * bar * BEAT + 0.005) == parse_chord(LOOP[bar % 4]).root, bar


def test_a_loop_that_is_left_is_left_at_once() -> None:
    rig = playing()
    began = first_line(rig)
    progression = [*LOOP, *LOOP, "Am", "Bb", "Eb", "Bb"]
    rig.perform(chords(progression, began, 4 * BEAT, loose=0.01), began + 48 * BEAT)
    for bar in range(9, 12):
        assert bass_at(rig, began + 4 * bar * BEAT + 0.3) == parse_chord(progression[bar]).root, bar


def test_when_the_hands_rest_the_loop_goes_on() -> None:
    rig = playing()
    began = first_line(rig)
    rig.perform(chords(LOOP * 2, began, 4 * BEAT), began + 4 * BEAT * 16)
    for bar in range(10, 16):
        assert bass_at(rig, began + 4 * bar * BEAT + 0.1) == parse_chord(LOOP[bar % 4]).root, bar


def test_when_the_hands_rest_the_band_fills_one_bar_and_carries_on() -> None:
    rig = playing()
    began = first_line(rig)
    rig.perform(chords(["C", "F"], began, 4 * BEAT), began + 24 * BEAT)
    filled = sorted({w.index for w in rig.writes if w.section == "fill"})
    assert filled == list(range(filled[0], filled[0] + 4)), "one bar"
    assert filled[0] % 4 == 0
    assert 12 <= filled[0] <= 16, "the bar after the one of silence"
    assert max(w.index for w in rig.writes) > filled[-1], "it goes on"


def test_a_chord_that_is_held_when_the_input_is_lost_is_let_go_and_the_band_plays_on_alone() -> None:
    rig = playing()
    began = first_line(rig)
    rig.perform([*chords(["C"], began, 8 * BEAT)[:3]], began + 4 * BEAT)
    keyboard = rig.session._accompaniment.follower.keyboard
    assert len(keyboard.held_keys) == 3
    rig.happen(InputLost(rig.now))
    assert not keyboard.held_keys
    assert not keyboard.sounding
    rig.until(began + 16 * BEAT)
    assert [w for w in rig.writes if w.section == "fill"], "as when hands rest"


def test_hands_that_never_played_are_answered_by_nothing() -> None:
    rig = playing()
    rig.until(rig.now + 12)
    assert not [w for w in rig.writes if w.section]


def test_a_section_that_was_asked_for_is_not_left_for_a_fill() -> None:
    rig = playing()
    began = first_line(rig)
    rig.perform(chords(["C"], began, 4 * BEAT), began + 5 * BEAT)
    rig.happen(CueRequested("drop"))
    rig.until(began + 24 * BEAT)
    assert {w.section for w in rig.writes} == {None, "drop"}


def test_a_chord_that_is_held_when_play_begins_is_played_from_the_first_note() -> None:
    rig = Rig(latencies(1, 0.02), plan=lambda begin: Plan(tempo=120.0))
    rig.happen(ControlSet("follow", 1))
    rig.happen(PromptRequested("pop"))
    rig.perform(chords(["Eb"], rig.now + 0.2, 60.0)[:3], rig.now + 1)
    rig.happen(PlayRequested())
    rig.until(rig.now + 1.0)
    assert {on.pitch % 12 for _, _, on in rig.sounded if on.channel == 2} == {3}


def test_what_was_held_before_a_stop_is_not_played_after_it() -> None:
    rig = playing()
    began = first_line(rig)
    rig.perform(chords(["Eb"], began, 4 * BEAT), began + 4 * BEAT)
    rig.happen(StopRequested())
    rig.until(rig.now + 3)
    rig.happen(PlayRequested())
    begun = len(rig.sounded)
    rig.until(rig.now + 2)
    assert {on.pitch % 12 for _, _, on in rig.sounded[begun:] if on.channel == 2} == {0}


def test_nothing_is_heard_of_the_hands_while_following_is_off() -> None:
    rig = playing(follow=0)
    began = first_line(rig)
    rig.perform(chords(["Bb", "Eb"], began, 4 * BEAT), began + 8 * BEAT)
    assert all(w.hands is None and not w.played for w in rig.writes)
    assert bass_at(rig, began + 6 * BEAT) == 0


def test_chords_that_the_owner_set_go_before_the_hands() -> None:
    rig = playing(chords="C G")
    began = first_line(rig)
    rig.perform(chords(["Bb", "Eb"], began, 4 * BEAT), began + 8 * BEAT)
    assert all(w.hands is None or not w.hands.harmony for w in rig.writes)


def test_words_that_gave_chords_are_told_to_have_lost_once() -> None:
    plan = Plan(tempo=120.0, progression=("C", "G"), explicit=("progression",))
    rig = Rig(latencies(1, 0.02), plan=lambda begin: plan)
    rig.happen(ControlSet("follow", 1))
    rig.happen(PromptRequested("C G, pop"))
    rig.until(rig.now + 1)
    rig.happen(PlayRequested())
    rig.until(rig.now + 0.001)
    began = first_line(rig)
    rig.perform(chords(["Bb", "Eb"], began, 4 * BEAT), began + 8 * BEAT)
    lost = [args for _, path, args in rig.told if path == "understood/overruled"]
    assert lost == [("progression", "control")]


def test_a_melody_is_given_as_it_was_played_and_the_band_plays_none() -> None:
    rig = playing()
    began = first_line(rig)
    tune = [72, 74, 76, 77, 79, 77, 76, 74] * 3
    rig.perform(line(tune, began, BEAT), began + 24 * BEAT)
    late = [w for w in rig.writes if w.index >= 8]
    assert late
    for write in late:
        assert write.hands is not None
        assert "melody" in write.hands.parts
        assert write.hands.harmony
        told = dict(write.played)
        assert write.index - 1 in told, "the beat before is known"
        heard = [n.pitch for n in told[write.index - 1].notes if n.part == "melody"]
        assert heard == [tune[write.index - 1]]


def test_our_own_output_coming_back_is_not_followed() -> None:
    rig = playing()
    began = first_line(rig)
    heard = 0
    while rig.now < began + 16 * BEAT:
        rig.until(rig.now + 0.01)
        for tick, _, on in rig.sounded[heard:]:
            at = rig.tempo.seconds_at(tick)
            rig.happen(struck(max(at, rig.now), on.pitch, on.velocity, on.channel))
            rig.happen(let_go(rig.now, on.pitch, on.channel))
        heard = len(rig.sounded)
    assert not rig.session._accompaniment.follower.keyboard.key_presses
    assert all(w.hands is None for w in rig.writes)


def test_the_key_is_found_and_told_unless_it_is_locked() -> None:
    for locked in (False, True):
        rig = playing(key="C major" if locked else "auto")
        began = first_line(rig)
        rig.perform(chords(["A", "D", "E", "A"] * 2, began, 4 * BEAT), began + 32 * BEAT)
        told = [args for _, path, args in rig.told if path == "understood/key"]
        assert (told[-1] == ("A major",)) is not locked
        assert rig.writes[-1].controls.key == ("C major" if locked else "A major")


def test_the_energy_follows_the_playing_unless_it_is_set() -> None:
    for energy in (-1.0, 0.3):
        rig = playing(energy=energy)
        began = first_line(rig)
        soft = [struck(h.at, h.data[1], 30) if h.data[0] == 0x90 else h for h in chords(["C"] * 4, began, 2)]
        rig.perform(soft, began + 8)
        quiet = rig.writes[-1].controls.energy
        loud = [
            struck(began + 8 + i * 0.25, C3 + p, 120) if down else let_go(began + 8.2 + i * 0.25, C3 + p)
            for i in range(32) for down in (True, False) for p in (0, 4, 7)
        ]  # fmt: skip
        rig.perform(sorted(loud, key=lambda h: h.at), began + 16)
        if energy < 0:
            assert rig.writes[-1].controls.energy > quiet + 0.4
        else:
            assert rig.writes[-1].controls.energy == energy == quiet


@pytest.mark.parametrize("seed", range(4))
def test_following_leaves_nothing_sounding_and_never_starves_on_a_quick_model(seed: int) -> None:
    rig = playing(seed, typical=0.03)
    began = first_line(rig)
    rig.perform(
        chords([*LOOP, "Bb", "Dm/F", "E7", "Am"] * 2, began, 2 * BEAT, loose=0.03, seed=seed),
        began + 34 * BEAT,
    )
    health = [args for _, path, args in rig.told if path == "health"]
    assert health[-1][2] == 0
    rig.until(rig.now + 1)


MODES = ("auto", "melody", "chords", "bass", "split:55")


def happening(rng: random.Random, now: Seconds, down: list[int]) -> Event:
    """Return something that hands or owner do."""
    kind = rng.random()
    if kind < 0.45:
        pitch = rng.choice((0, 2, 4, 5, 7, 9, 11)) + 12 * rng.randrange(3, 7) + rng.randrange(2)
        down.append(pitch)
        return MidiReceived(now, bytes((0x90, pitch, rng.randrange(1, 128))))
    if kind < 0.75:
        return MidiReceived(now, bytes((0x80, down.pop(rng.randrange(len(down))) if down else 60, 0)))
    if kind < 0.80:
        return MidiReceived(now, bytes((0xB0, 64, rng.choice((0, 127)))))
    if kind < 0.84:
        return ControlSet("follow", rng.randrange(2))
    if kind < 0.88:
        return ControlSet("follow/mode", rng.choice(MODES))
    if kind < 0.91:
        return PromptRequested("another")
    if kind < 0.93:
        return ControlSet("meter", rng.choice(("3/4", "4/4", "7/8", "auto")))
    if kind < 0.95:
        return ControlSet("tempo", rng.uniform(60, 200))
    if kind < 0.96:
        return ControlSet("hold", rng.randrange(3))
    if kind < 0.97:
        return ControlSet("quantize", rng.choice(("now", "beat", "bar")))
    if kind < 0.98:
        return StopRequested()
    return PlayRequested()


@pytest.mark.parametrize("seed", range(8))
def test_hands_and_owner_at_random_leave_nothing_sounding(seed: int) -> None:
    rng = random.Random(seed)
    rig = Rig(latencies(seed, 0.03, stalls=0.05), plan=lambda begin: Plan(tempo=120.0))
    rig.happen(ControlSet("follow", 1))
    rig.happen(PromptRequested("pop"))
    rig.until(rig.now + 1)
    rig.happen(PlayRequested())
    down: list[int] = []
    for _ in range(250):
        rig.until(rig.now + rng.expovariate(6))
        try:
            rig.happen(happening(rng, rig.now, down))
        except BadRequest:
            continue
    rig.happen(StopRequested())
    assert not rig.held
    sounded = len(rig.sounded)
    rig.until(rig.now + 5)
    assert len(rig.sounded) == sounded


@pytest.mark.parametrize("seed", range(3))
def test_under_any_hands_there_is_a_plan_for_every_beat(seed: int) -> None:
    rng = random.Random(100 + seed)
    rig = Rig(latencies(seed, 0.03, stalls=0.1), plan=lambda begin: Plan(tempo=140.0))
    rig.happen(ControlSet("humanise", 0.0))
    rig.happen(ControlSet("follow", 1))
    rig.happen(PromptRequested("pop"))
    rig.until(rig.now + 1)
    rig.happen(PlayRequested())
    down: list[int] = []
    for _ in range(200):
        rig.until(rig.now + rng.expovariate(5))
        event = happening(rng, rig.now, down)
        if isinstance(event, MidiReceived):
            rig.happen(event)
    drums = sorted(tick for tick, _, on in rig.sounded if on.channel == 9)
    assert max(b - a for a, b in itertools.pairwise(drums)) <= 480
