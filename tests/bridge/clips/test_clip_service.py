from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import Pipe

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bridge.clips.sender import ClientMessage
from bridge.clips.service import RETENTION, Clips
from bridge.clock import Seconds
from bridge.errors import BadRequest
from bridge.protocol.controls import ROOT, Value
from bridge.protocol.osc import Message, encode
from bridge.protocol.requests import ClipRequest, parse_request
from model.clips.messages import CancelClip, ClipFailed, ClipOrder, ClipProgress, ClipSpec, ClipWritten, KeepSpec
from model.generation.composer import Composer
from model.music.midifile import Gesture, Song, as_filed
from model.music.notes import Note, Ticks
from model.music.plan import Controls
from model.processes.write_clips import _ProgressWriter, _written, heard_in, make_clip, pack_clip, song_from_notes
from model.prompt.encoder import hash_encoder
from tests.support.tiny_engine import engine

ME, OTHER = ("127.0.0.1", 5000), ("127.0.0.1", 5001)
NOW = Seconds(100)


def asked(path: str, *args: Value) -> ClipRequest:
    request = parse_request(Message(f"{ROOT}{path}", args))
    assert isinstance(request, ClipRequest)
    return request


def song(count: int, seed: int = 0) -> Song:
    rng = random.Random(seed)
    parts = ("chords", "melody", "bass", "drums")
    notes = tuple(
        Note(Ticks(40 * i % 3600), Ticks(rng.randrange(1, 240)), rng.randrange(36, 90), rng.randrange(1, 128), rng.choice(parts))
        for i in range(count)
    )  # fmt: skip
    return Song(((Ticks(0), "4/4"), (Ticks(1920), "4/4")), Ticks(3840), ((Ticks(0), 90.0),), "D minor", notes)


class Desk:
    """Clips with the orders that went to the writer."""

    def __init__(self) -> None:
        self.orders: list[ClipOrder | CancelClip] = []
        self.clips = Clips(self.orders.append)

    def say(self, path: str, *args: Value, by: tuple[str, int] = ME, now: float = NOW) -> list[ClientMessage]:
        return self.clips.handle(asked(path, *args), by, Seconds(now))

    def last(self) -> ClipOrder:
        order = self.orders[-1]
        assert isinstance(order, ClipOrder)
        return order

    def finish(self, written: Song, now: float = NOW) -> list[ClientMessage]:
        return self.clips.on_answer(pack_clip(self.last().number, written), Seconds(now))


def gathered(told: list[ClientMessage]) -> Iterator[tuple[str, Value, Value, Value, Value]]:
    """The notes of a clip as a client puts them together, checked against the count that was told."""
    _, path, (_, total, *_) = told[0]
    assert path == "clip/begin"
    assert told[-1][1] == "clip/end"
    expected = 0
    for _, path, (_, index, part, *numbers) in told[1:-1]:
        assert path == "clip/notes"
        assert index == expected
        assert 4 <= len(numbers) <= 128
        for at in range(0, len(numbers), 4):
            pitch, start, length, velocity = numbers[at : at + 4]
            yield str(part), pitch, start, length, velocity
        expected += len(numbers) // 4
    assert expected == total


def test_a_clip_is_wanted_as_the_command_line_would_have_it() -> None:
    desk = Desk()
    desk.say(
        "clip",
        3,
        8,
        17,
        "rain",
        "tempo",
        82,
        "key",
        "D minor",
        "parts",
        "bass,chords",
        "ending",
        "cadence",
        "chords",
        "Dm A7",
    )
    assert desk.last() == ClipOrder(
        1,
        ClipSpec("rain", 17, 8, ("chords", "bass"), Controls(tempo=82, key="D minor", chords="Dm A7"), closing=True),
    )
    desk.say("clip", 4, 0, 1, "sixteen bars of house", by=OTHER)
    assert desk.last().wanted.bars is None


@pytest.mark.parametrize("count", [1, 31, 32, 33, 300])
def test_a_clip_comes_whole_in_packets_that_fit_a_frame(count: int) -> None:
    desk = Desk()
    desk.say("clip", 1, 2, 0, "rain")
    told = desk.finish(as_filed(song(count)))
    notes = sorted((n.part, n.pitch, n.start / 480, n.length / 480, n.velocity) for n in as_filed(song(count)).notes)
    assert sorted(gathered(told)) == notes
    _, _, beats, tempo, key = told[0][2]
    assert (beats, key) == (8.0, "D minor")
    assert tempo == pytest.approx(90, rel=1e-4)
    assert all(len(encode(ROOT + path, args)) < 1200 for _, path, args in told)


def test_the_same_request_again_is_the_same_clip() -> None:
    desk = Desk()
    for _ in range(3):
        desk.say("clip", 1, 2, 0, "rain")
    assert len(desk.orders) == 1
    assert desk.say("clip/resend", 1) == [(ME, "clip/progress", (1, 0.0))], "it is being written"
    told = desk.finish(as_filed(song(40)))
    assert desk.say("clip", 1, 2, 0, "rain") == told, "its answer was lost"
    assert desk.say("clip/resend", 1) == told
    assert desk.say("clip/resend", 1, now=NOW + RETENTION + 1)[0][1] == "clip/failed"


def test_another_request_under_the_same_id_takes_the_place_of_the_first() -> None:
    desk = Desk()
    desk.say("clip", 1, 2, 0, "rain")
    desk.say("clip", 1, 2, 0, "snow")
    assert desk.orders[1] == CancelClip(1)
    assert desk.clips.on_answer(pack_clip(1, song(3)), NOW) == []
    assert desk.finish(song(3))[0][1] == "clip/begin"


def test_clients_do_not_see_each_others_clips() -> None:
    desk = Desk()
    desk.say("clip", 1, 2, 0, "rain")
    first = desk.last()
    desk.say("clip", 1, 2, 0, "rain", by=OTHER)
    assert {a[0] for a in desk.finish(song(3))} == {OTHER}
    assert desk.clips.on_answer(ClipProgress(first.number, 0.5), NOW) == [(ME, "clip/progress", (1, 0.5))]
    with pytest.raises(BadRequest, match="no clip 9"):
        desk.say("clip/cancel", 9)


def test_a_cancelled_clip_is_given_up_and_never_told() -> None:
    desk = Desk()
    desk.say("clip", 1, 2, 0, "rain")
    assert desk.say("clip/cancel", 1) == [(ME, "clip/cancelled", (1,))]
    assert desk.orders[-1] == CancelClip(1)
    assert desk.clips.on_answer(pack_clip(1, song(3)), NOW) == []


def test_a_failure_says_why() -> None:
    desk = Desk()
    desk.say("clip", 1, 2, 0, "rain")
    assert desk.clips.on_answer(ClipFailed(1, "no"), NOW) == [(ME, "clip/failed", (1, "no"))]
    desk.say("clip", 2, 2, 0, "rain")
    assert desk.clips.on_writer_exit()[0][0][1] == "clip/failed"
    desk.say("clip", 2, 2, 0, "rain")
    assert len(desk.orders) == 3, "it can be asked for again"


def test_a_mark_names_the_parts_and_bars_that_are_redone() -> None:
    notes = [Note(Ticks(480 * i), Ticks(100), 60, 80, p) for p in ("bass", "melody") for i in range(16)]
    desk = Desk()
    for at in (0, 16):
        numbers = [v for n in notes[at : at + 16] for v in (n.pitch, n.start / 480, n.length / 480, n.velocity)]
        desk.say("clip/given", 7, 32, at, notes[at].part, *numbers)
    desk.say("clip/redo", 7, "bass", "2-3")
    with pytest.raises(BadRequest, match=r"bars are 0\.\.256"):
        desk.say("clip", 7, 900, 0, "rain")
    desk.say("clip", 7, 4, 0, "rain")
    given_ = desk.last().given
    assert given_ is not None
    assert given_.stays is not None
    assert (given_.stays.parts, given_.stays.redone) == (frozenset({"melody"}), frozenset({1, 2}))


@pytest.mark.parametrize(
    ("path", "args"),
    [
        ("clip", ()), ("clip", (1,)), ("clip", (1, 8, 0)), ("clip", (1, 8, 0, "rain", "tempo")), ("clip", (1.5, 8, 0, "rain")),
        ("clip", (1, -1, 0, "rain")), ("clip", (1, 8, -2, "rain")), ("clip", (1, 8, 0, " ")), ("clip", (1, 8, 0, "rain", "tempo", 900)),
        ("clip", (1, 8, 0, "rain", "colour", "red")), ("clip", (1, 8, 0, "rain", "from", "/etc/passwd")),
        ("clip", (1, 8, 0, "rain", "o", "x.mid")), ("clip", (1, 8, 0, "rain", 5, 5)), ("clip/given", (1, 1, 0, "melody", 60, 0, 1)),
        ("clip/given", (1, 1, 0, "melody", 160, 0, 1, 80)), ("clip/given", (1, 1, 0, "flute", 60, 0, 1, 80)),
        ("clip/given", (1, 1, 5, "melody", 60, 0, 1, 80)), ("clip/given", (1, 10**6, 0, "melody", 60, 0, 1, 80)),
        ("clip/given", (1, 1, 0, "melody", 60, float("nan"), 1, 80)), ("clip/redo", (1, "bass")), ("clip/cancel", ()), ("clip/resend", ("x",)),
        ("clip/redo", (1, 2, 3)), ("clip/redo", (1, "kazoo", "")), ("clip/redo", (1, "bass", "0-3")),
        ("clip/given", (1, 1, 0, "melody", 60.5, 0, 1, 80)), ("clip/given", (1, 1, 0, "melody", 60, 1e9, 1, 80)),
        ("clip/given", (1, 1, 0, "melody", 60, 0, 0, 80)), ("clip/given", (1, 1, 0, "melody", 60, 0, 1, 0)),
        ("clip", (1, 8, 0, "rain", "from", -1)), ("clip", (1, 8, 0, "rain", "", 1)), ("clip", (1, 8, 0, "rain", "tempo", float("inf"))),
    ],
)  # fmt: skip
def test_what_is_wrong_of_a_clip_is_refused_and_orders_nothing(path: str, args: tuple[Value, ...]) -> None:
    desk = Desk()
    with pytest.raises(BadRequest) as refused:
        desk.say(path, *args)
    assert refused.value.address.startswith("/llmball/clip")
    assert desk.orders == []


def test_clips_are_bounded_and_the_oldest_finished_one_makes_room() -> None:
    desk = Desk()
    for i in range(64):
        desk.say("clip", i, 1, 0, "rain", now=NOW + i / 100)
    with pytest.raises(BadRequest, match="being written"):
        desk.say("clip", 64, 1, 0, "rain")
    assert len(desk.orders) == 64
    desk.finish(song(3))
    desk.say("clip", 64, 1, 0, "rain")
    assert len(desk.orders) == 65
    assert desk.say("clip/resend", 63)[0][1] == "clip/failed"


def test_a_cancel_that_comes_twice_is_answered_twice() -> None:
    desk = Desk()
    desk.say("clip", 1, 2, 0, "rain")
    assert desk.say("clip/cancel", 1) == desk.say("clip/cancel", 1) == desk.say("clip/resend", 1)


def test_a_part_that_was_not_there_can_be_marked() -> None:
    desk = Desk()
    desk.say("clip/given", 7, 1, 0, "melody", 60, 0, 1, 80)
    desk.say("clip/redo", 7, "drums bass", "")
    desk.say("clip", 7, 2, 0, "rain", "from", 1)
    order = desk.last()
    assert order.wanted.parts == ("melody", "bass", "drums")
    assert order.given is not None
    assert order.given.stays == KeepSpec(frozenset({"melody"}))


def test_what_is_made_of_a_message_is_what_the_command_line_makes() -> None:
    wanted = ClipSpec("rain", 5, 2, controls=Controls(tempo=90))
    desk = Desk()
    desk.say("clip", 1, 2, 5, "rain", "tempo", 90.0)
    composer = Composer(hash_encoder(), engine())
    order = desk.last()
    assert make_clip(composer, order.wanted) == make_clip(composer, wanted)


def packets(notes: list[Note]) -> list[tuple[Value, ...]]:
    found: list[tuple[Value, ...]] = []
    for at in range(0, len(notes), 32):
        some = [n for n in notes[at : at + 32] if n.part == notes[at].part]
        numbers = [v for n in some for v in (n.pitch, n.start / 480, n.length / 480, n.velocity)]
        found.append((7, len(notes), at, some[0].part, *numbers))
    return found


@examples(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_given_notes_may_come_in_any_order_and_twice(rng: random.Random) -> None:
    notes = [Note(Ticks(120 * i), Ticks(100), 60 + i % 12, 80, "melody") for i in range(90)]
    desk, sent = Desk(), packets(notes) * 2
    rng.shuffle(sent)
    for args in sent:
        desk.say("clip/given", *args)
    desk.say("clip", 7, 8, 0, "rain", "redo", "3-4")
    source = desk.last().given
    assert source is not None
    assert sorted(song_from_notes(source).notes) == sorted(notes)
    assert source.stays is not None
    assert source.stays.redone == frozenset({2, 3})


def test_given_notes_that_are_not_all_there_fail_with_a_reason_and_can_be_completed() -> None:
    notes = [Note(Ticks(120 * i), Ticks(100), 60, 80, "melody") for i in range(64)]
    first, second = packets(notes)
    desk = Desk()
    desk.say("clip/given", *first)
    told = desk.say("clip", 7, 8, 0, "rain")
    assert told[0][1] == "clip/failed"
    assert "32 of 64" in str(told[0][2][1])
    assert desk.orders == []
    desk.say("clip/given", *second)
    desk.say("clip", 7, 8, 0, "rain")
    source = desk.last().given
    assert source is not None
    assert source.stays is None, "nothing marked: it goes on from them"
    assert (source.bars, len(source.notes)) == (4, 64)


def test_given_notes_of_all_clips_are_bounded_too() -> None:
    desk = Desk()
    for i in range(6):
        desk.say("clip/given", i, 8000, 0, "melody", 60, 0, 1, 80)
    for k in range(7993 // 32):
        row = [v for n in range(32) for v in (60, k + n / 32, 0.01, 80)]
        for i in range(6):
            desk.say("clip/given", i, 8000, 32 * k, "melody", *row)
    with pytest.raises(BadRequest, match="too many notes"):
        desk.say("clip/given", 7, 8000, 0, "melody", 60, 0, 1, 80)


def test_what_was_announced_and_never_came_fails_and_is_not_made_up() -> None:
    desk = Desk()
    for options in (("from", 3), ("keep", "bass"), ("redo", "1-2")):
        told = desk.say("clip", 1, 2, 0, "rain", *options)
        assert [(a[1], a[2][0]) for a in told] == [("clip/failed", 1)]
    desk.say("clip/redo", 2, "bass", "")
    assert desk.say("clip", 2, 2, 0, "rain")[0][1] == "clip/failed"
    assert desk.orders == []


def test_a_late_copy_of_a_given_packet_changes_nothing() -> None:
    desk, sent = Desk(), packets([Note(Ticks(120 * i), Ticks(100), 60, 80, "melody") for i in range(64)])
    for args in sent:
        desk.say("clip/given", *args)
    desk.say("clip", 7, 8, 0, "rain")
    desk.say("clip/given", *sent[0])
    told = desk.finish(song(40))
    desk.say("clip/given", *sent[1])
    assert desk.say("clip", 7, 8, 0, "rain") == told
    assert desk.say("clip/resend", 7) == told
    assert len(desk.orders) == 1


def test_other_notes_under_the_same_id_are_another_clip() -> None:
    desk = Desk()
    for pitch in (60, 61):
        desk.say("clip/given", 7, 1, 0, "melody", pitch, 0, 1, 80)
        desk.say("clip", 7, 8, 0, "rain")
    assert [o.given.notes[0][1] for o in desk.orders if isinstance(o, ClipOrder) and o.given] == [60, 61]
    desk.say("clip", 7, 8, 1, "rain")
    assert desk.last().given is None, "what was given is for one clip"


def test_tracks_by_their_names_are_context_that_parts_are_written_for() -> None:
    desk = Desk()
    desk.say("clip/given", 4, 3, 0, "track:3%20Warm Keys", 60, 0.0, 4.0, 80, 64, 0.0, 4.0, 80)
    desk.say("clip/given", 4, 3, 2, "drums", 36, 0.0, 0.25, 100)
    [(_, path, _)] = desk.say("clip", 4, 0, 1, "a bass for this", "from", 3, "with", 1, "tempo", 96.0)
    assert path == "clip/progress"
    given = desk.last().given
    assert given is not None
    assert (given.beside, given.bars, given.tempo, given.key) == (True, 1, 96.0, "auto")
    assert [row[0] for row in given.notes] == ["track:3 Warm Keys"] * 2 + ["drums"]
    heard = heard_in(given)
    assert heard.tracks == (("3 Warm Keys", "chords"), ("drums", "drums"))


def test_more_bars_than_were_given_let_the_context_go_round() -> None:
    desk = Desk()
    desk.say("clip/given", 4, 1, 0, "drums", 36, 0.0, 0.25, 100)
    desk.say("clip", 4, 4, 1, "a bass", "with", 1)
    given = desk.last().given
    assert given is not None
    assert [n.start for n in heard_in(given).song.notes] == [0, 1920, 3840, 5760]


@pytest.mark.parametrize("option", ["with", "groove"])
def test_what_is_context_cannot_be_changed_too_and_must_be_there(option: str) -> None:
    desk = Desk()
    assert desk.say("clip", 4, 0, 1, "a bass", option, 1)[0][1] == "clip/failed"
    desk.say("clip/given", 4, 1, 0, "drums", 36, 0.0, 0.25, 100)
    assert "say one" in str(desk.say("clip", 4, 0, 1, "a bass", option, 1, "refine", 1)[0][2][1])
    assert "say one" in str(desk.say("clip", 4, 0, 1, "a bass", option, 1, "keep", "drums")[0][2][1])
    desk.say("clip/redo", 4, "drums", "")
    assert "say one" in str(desk.say("clip", 4, 0, 1, "a bass", option, 1)[0][2][1])
    assert not desk.orders


def test_what_was_heard_is_told_before_the_clip() -> None:
    desk = Desk()
    desk.say("clip/given", 4, 1, 0, "drums", 36, 0.0, 0.25, 100)
    desk.say("clip", 4, 0, 1, "a bass", "with", 1)
    answer = replace(pack_clip(desk.last().number, song(3)), heard="drums; 4/4 at 96")
    told = desk.clips.on_answer(answer, NOW)
    assert told[0][1:] == ("clip/heard", (4, "drums; 4/4 at 96"))
    assert told[1][1] == "clip/begin"
    assert desk.say("clip/resend", 4) == told


@pytest.mark.parametrize("part", ["guitar", "track:", "track: ", "track:" + 65 * "x", "track:a\nb", 7])
def test_a_part_is_one_of_ours_or_a_track_with_a_name(part: Value) -> None:
    with pytest.raises(BadRequest, match="track:NAME"):
        asked("clip/given", 4, 1, 0, part, 36, 0.0, 0.25, 100)


def test_bends_and_curves_are_told_where_they_are_asked_for() -> None:
    desk = Desk()
    desk.say("clip", 4, 2, 1, "trap", "expression", 1)
    assert desk.last().wanted.expression
    line = [Gesture("bass", 10 * i, None, 8192 + i) for i in range(150)]
    written = replace(song(9), gestures=(*line, Gesture("pad", 480, 11, 90)))
    told = desk.finish(written)
    curves = [args for _, path, args in told if path == "clip/curve"]
    assert [args[1:5] for args in curves] == [
        (0, 151, "bass", -1), (64, 151, "bass", -1), (128, 151, "bass", -1), (150, 151, "pad", 11),
    ]  # fmt: skip
    points = [value for args in curves for value in args[5:]]
    assert points == [v for g in written.gestures for v in (g.tick / 480, g.value)]
    assert all(len(encode(f"{ROOT}clip/curve", args)) < 1400 for args in curves)
    assert len(list(gathered([t for t in told if t[1] != "clip/curve"]))) == 9


def test_a_clip_is_told_with_what_the_command_line_would_write_and_a_refined_one_without() -> None:
    ours, theirs = Pipe()
    writer = _ProgressWriter(Composer(hash_encoder(), engine()), theirs)
    plain, bent = (
        _written(writer, ClipOrder(i, ClipSpec("trap", 1, bars=2, parts=("chords", "bass"), expression=bool(i))))
        for i in (0, 1)
    )
    assert isinstance(plain, ClipWritten)
    assert isinstance(bent, ClipWritten)
    assert not plain.curves
    assert bent.curves
    assert bent.packets == plain.packets
    desk = Desk()
    desk.say("clip/given", 4, 1, 0, "melody", 60, 0.0, 0.25, 100)
    assert "say one" in str(desk.say("clip", 4, 0, 1, "busier", "refine", 1, "expression", 1)[0][2][1])
    ours.close()
