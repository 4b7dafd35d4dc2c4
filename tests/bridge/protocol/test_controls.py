"""What may be said of each control, at its ends, beyond them, and in the spellings that people use."""

from __future__ import annotations

import math

import pytest

from bridge.errors import BadRequest
from bridge.protocol.controls import CONTROLS, ROOT, Control
from bridge.protocol.events import ControlSet, PlayRequested, PromptRequested
from bridge.protocol.osc import Message
from bridge.protocol.requests import parse_request
from model.music.harmony import parse_chord
from model.music.notes import METERS, beats_in_bar
from model.music.plan import Plan
from tests.support.virtual_band import Rig, latencies

ALL = [pytest.param(control, id=control.path) for control in CONTROLS.values()]
NUMBERS = [p for p in ALL if p.values[0].kind != "s"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 1e30, -1e30, 2**53, -(2**53), None, b"x", [1.0], (1.0,)], ids=repr
)  # fmt: skip
def test_no_control_takes_what_is_no_value_of_its(value: object) -> None:
    for path in CONTROLS:
        with pytest.raises(BadRequest) as refused:
            parse_request(Message(ROOT + path, (value,)))
        assert refused.value.address == ROOT + path


@pytest.mark.parametrize("control", NUMBERS)
def test_a_number_takes_its_ends_and_no_text_and_nothing_beyond(control: Control) -> None:
    if control.choices:
        inside: list[float] = [float(c) for c in control.choices]
        beyond: list[float] = [max(inside) + 1, min(inside) - 1]
    else:
        step = 1.0 if control.kind == "i" else 1e-3
        inside, beyond = [control.low, control.high], [control.low - step, control.high + step]
        inside += [] if control.unset is None else [control.unset]
        beyond = [b for b in beyond if b != control.unset]
    for value in inside:
        assert parse_request(Message(ROOT + control.path, (value,))) == ControlSet(control.path, value)
    for wrong in (*beyond, "1", "", "fast"):
        with pytest.raises(BadRequest):
            parse_request(Message(ROOT + control.path, (wrong,)))


@pytest.mark.parametrize("control", [p for p in ALL if p not in NUMBERS])
@pytest.mark.parametrize("value", ["", "\x00", "\x1b[2J", "x" * 1001, "‮", "👩‍👩‍👧", "auto auto", "AUTO\n1"])
def test_a_text_takes_no_nonsense(control: Control, value: str) -> None:
    with pytest.raises(BadRequest):
        parse_request(Message(ROOT + control.path, (value,)))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("C#", "C# major"), ("Db minor", "Db minor"), ("c♯ minor", "C# minor"), ("D♭ major", "Db major"), ("F♯m", "F# minor"),
        ("Am", "A minor"), ("Bb", "Bb major"), ("B major", "B major"), ("B-Dur", "Bb major"), ("h-moll", "B minor"),
        ("H-Dur", "B major"), ("d-moll", "D minor"), ("cis-Moll", "C# minor"), ("Es-Dur", "Eb major"), ("As-Dur", "Ab major"),
        ("si bémol majeur", "Bb major"), ("sol dièse mineur", "G# minor"), ("do mayor", "C major"), ("la menor", "A minor"),
        ("ре минор", "D minor"), ("升C小调", "C# minor"), ("D大调", "D major"), ("降E大调", "Eb major"), ("F小调", "F minor"),
        ("ニ短調", "D minor"), ("C [0,2,4,7,9]", "C [0,2,4,7,9]"), ("E phrygian", "E phrygian"), ("A harmonic minor", "A harmonic minor"),
    ],
)  # fmt: skip
def test_a_key_may_be_named_as_people_name_it(said: str, meant: str) -> None:
    assert parse_request(Message(ROOT + "key", (said,))) == ControlSet("key", meant)
    assert CONTROLS["key"].from_text(said) == meant


@pytest.mark.parametrize(
    "said",
    ["X minor", "小调", "sharp", "C [1,2]", "C [0,12]", "C [0," + "1," * 300, "in D minor, please"],
)
def test_what_is_no_key_is_refused(said: str) -> None:
    with pytest.raises(BadRequest):
        parse_request(Message(ROOT + "key", (said,)))
    with pytest.raises(ValueError, match=r"key|scale"):
        CONTROLS["key"].from_text(said)


@pytest.mark.parametrize(
    ("same", "quality"),
    [
        ("CΔ CΔ7 C△7 Cmaj7 CM7 Cj7 CMaj7 Cma7 C^7", "maj7"), ("Cø Cø7 C-7b5 Cm7b5 Cm7♭5", "m7b5"), ("C° Cdim", "dim"),
        ("C°7 Co7 Cdim7", "dim7"), ("C-7 Cmi7 Cm7 Cmin7", "m7"), ("C7#9 C7♯9", "7#9"), ("C7b9 C7♭9 C7(b9)", "7b9"),
        ("Csus Csus4", "sus4"), ("Csus2", "sus2"), ("C7sus4 C7sus", "7sus4"), ("C+ Caug", "aug"), ("CmM7 C-Δ7 Cm(maj7)", "mmaj7"),
        ("C6/9 C69", "69"),
    ],
)  # fmt: skip
def test_a_chord_may_be_written_in_any_dialect(same: str, quality: str) -> None:
    assert {parse_chord(symbol).quality for symbol in same.split()} == {quality}


def test_chords_may_stand_over_another_bass_and_have_signs_of_any_kind() -> None:
    assert parse_chord("D/F#") == parse_chord("D/F♯")
    assert parse_chord("B♭maj7").root == parse_chord("Bbmaj7").root == parse_chord("A#maj7").root
    assert parse_request(Message(ROOT + "chords", ("CΔ | F♯ø B7♭9 | E-7 A7♯9/C♯ | Dsus",)))


@pytest.mark.parametrize("said", ["N.C.", "Qx", "C///", "C/E/G", "|", "||||", "Am" * 500, "C7" + "#9" * 90])
def test_what_is_no_progression_is_refused(said: str) -> None:
    with pytest.raises(BadRequest):
        parse_request(Message(ROOT + "chords", (said,)))


@pytest.mark.parametrize("tempo", [20.0, 300.0])
@pytest.mark.parametrize("meter", METERS)
def test_the_band_plays_in_every_metre_at_both_ends_of_the_tempo(meter: str, tempo: float) -> None:
    rig = Rig(latencies(1, 0.02), plan=lambda begin: Plan(tempo=tempo, meter=meter))
    rig.happen(ControlSet("tempo", tempo))
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 4 * 6 * 60 / tempo)
    beats = [args[:2] for _, path, args in rig.told if path == "beat"]
    count = beats_in_bar(meter)
    assert beats == [(1 + n // count, 1 + n % count) for n in range(len(beats))]
    assert len(beats) > 3 * count
