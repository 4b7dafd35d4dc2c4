"""A second instrument plays the melody's notes on a part of its own; the decoder writes the melody once."""

from __future__ import annotations

from dataclasses import replace

from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.generation.composer import TURN_BARS, Composer
from model.generation.messages import Begin, Write
from model.music.notes import Beat, Kept
from model.music.plan import Controls
from model.music.programs import PROGRAMS
from model.prompt.encoder import hash_encoder
from tests.support.tiny_engine import engine

BARS = 8


def beats(prompt: str, given: tuple[Kept, ...] = ()) -> list[Beat]:
    writer = Composer(hash_encoder(), engine(0))
    writer.begin(replace(Begin(1, prompt, Controls(), 3), given=given))
    return [b for i in range(4 * BARS) if (b := writer.write(Write(1, i, Controls())).beat) is not None]


def of_part(beat: Beat, part: str) -> list[tuple[int, int, int]]:
    return sorted((n.start, n.pitch, n.velocity) for n in beat.notes if n.part == part)


def test_in_unison_both_play_the_same_notes() -> None:
    found = beats("4/4 flute and violin")
    assert any(of_part(b, "melody") for b in found)
    assert all(of_part(b, "melody") == of_part(b, "arp") for b in found)


def test_a_low_instrument_doubles_an_octave_lower() -> None:
    for beat in beats("4/4 flute and cello"):
        lower = [(s, p - 12 if p >= 48 else p, v) for s, p, v in of_part(beat, "melody")]
        assert of_part(beat, "arp") == lower


def test_they_answer_each_other_by_two_bars() -> None:
    heard: set[str] = set()
    for beat in beats("4/4 flute and violin answer each other"):
        speaks, waits = ("melody", "arp") if beat.bar // TURN_BARS % 2 == 0 else ("arp", "melody")
        assert of_part(beat, waits) == []
        heard |= {speaks} if of_part(beat, speaks) else set()
    assert heard == {"melody", "arp"}


def test_a_clip_has_both_programs_and_both_tracks() -> None:
    song = clip(Composer(hash_encoder(), engine(0)), ClipSpec("4/4 flute and violin answer each other", 3, BARS))
    programs = dict(song.programs)
    assert (programs["melody"], programs["arp"]) == (PROGRAMS.index("flute"), PROGRAMS.index("violin"))
    assert {"melody", "arp"} <= {n.part for n in song.notes}


def test_a_part_that_is_added_while_it_doubles_is_written_once() -> None:
    writer = Composer(hash_encoder(), engine(0))
    added = Controls(added=("arp",))
    writer.begin(Begin(1, "4/4 flute and violin", added, 3))
    found = [b for i in range(16) if (b := writer.write(Write(1, i, added)).beat) is not None]
    assert any(of_part(b, "arp") for b in found)
    assert all(of_part(b, "melody") == of_part(b, "arp") for b in found)


def test_a_part_that_is_given_is_not_doubled_again() -> None:
    given = tuple(Kept(parts=frozenset({"arp"})) for _ in range(4))
    assert not any(of_part(b, "arp") for b in beats("4/4 flute and violin", given)[:4])
