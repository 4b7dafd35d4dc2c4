"""Clips with the real daemon, the real model and real UDP: what comes is what `llmball clip` writes, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bridge.__main__ import main
from model.clips.messages import GivenNotes
from model.music import midifile
from model.music.midifile import Song
from model.music.notes import PARTS
from model.processes.write_clips import song_from_notes
from tests.support import real_programs
from tests.support.clip_client import Clip, ClipClient, ClipError, Row, lossy

pytestmark = pytest.mark.xdist_group("clips")  # one daemon for all
PROMPT = "dusty lo-fi chords in D minor, 82 bpm"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """A daemon that plays."""
    folder = tmp_path_factory.mktemp("serve")
    with real_programs.daemon("--output", "none", "--play", "calm piano", env={}, folder=folder) as daemon:
        yield daemon.osc


def fetched(
    address: tuple[str, int], id_: int, bars: int, seed: int, prompt: str, *options: str | float,
    given: tuple[Row, ...] = (),
) -> Clip:  # fmt: skip
    client = ClipClient(address)
    try:
        return client.fetch(id_, bars, seed, prompt, *options, given=given)
    finally:
        client.close()


def commanded(folder: Path, *words: str) -> Song:
    out = folder / "out.mid"
    assert main(["clip", *words, "-o", str(out)]) == 0
    return midifile.read(out)


def rows(song: Song) -> list[Row]:
    """The notes in the order that they are told in."""
    return [
        (n.part, n.pitch, n.start / 480, n.length / 480, n.velocity)
        for part in PARTS
        for n in song.notes
        if n.part == part
    ]


def in_ticks(told: Iterable[Row]) -> list[tuple[str, int, int, int, int]]:
    return [(p, k, round(480 * s), round(480 * n), v) for p, k, s, n, v in told]


def as_rows(clip: Clip) -> list[tuple[str, int, int, int, int]]:
    return in_ticks(map(clip.notes.__getitem__, range(clip.total)))


def as_ticks(song: Song) -> list[tuple[str, int, int, int, int]]:
    return in_ticks(rows(song))


def test_a_clip_and_what_follows_it_are_those_of_the_command_line(address: tuple[str, int], tmp_path: Path) -> None:
    first = fetched(address, 1, 2, 17, PROMPT, "ending", "cadence", "parts", "bass chords melody")
    song = commanded(
        tmp_path,
        PROMPT,
        "--bars",
        "2",
        "--seed",
        "17",
        "--ending",
        "cadence",
        "--parts",
        "bass,chords,melody",
    )
    assert as_rows(first) == as_ticks(song)
    assert (first.beats, first.key) == (8.0, song.key)
    assert first.tempo == pytest.approx(song.tempos[0][1])
    given = tuple(rows(song))
    (tmp_path / "in.mid").write_bytes(midifile.to_bytes(song_from_notes(GivenNotes(given, 2, tempo=82, key=song.key))))
    longer = fetched(address, 2, 2, 18, "more", "tempo", 82, "key", song.key, given=given)
    options = (
        "--from",
        str(tmp_path / "in.mid"),
        "--bars",
        "2",
        "--seed",
        "18",
        "--tempo",
        "82",
        "--key",
        song.key,
    )
    assert as_rows(longer) == as_ticks(commanded(tmp_path, "more", *options))
    assert {row[:3] for row in as_ticks(song)} <= {row[:3] for row in as_rows(longer)}


def test_clients_at_once_through_a_lossy_network_each_get_their_own_clip_whole(
    address: tuple[str, int],
) -> None:
    wanted = [(i, 1 + i % 3, i, PROMPT) for i in range(8)]
    with lossy(address, 0.1, seed=5) as proxy, ThreadPoolExecutor(4) as pool:
        clips = list(pool.map(lambda w: fetched(proxy, *w), wanted))
        given = tuple(map(clips[2].notes.__getitem__, range(clips[2].total)))
        redone = fetched(proxy, 100, 0, 3, PROMPT, "redo", "2", given=given)
    for clip, (_, bars, _, _) in zip(clips, wanted, strict=True):
        assert clip.whole
        assert clip.beats == 4 * bars
    assert clips[0].notes == fetched(address, 0, 1, 0, PROMPT).notes
    stays = {row for row in given if not 4 <= row[2] < 8}
    assert stays < set(redone.notes.values())
    with pytest.raises(ClipError, match="tempo"):
        fetched(address, 200, 1, 1, PROMPT, "tempo", 9000)


def test_a_client_that_gives_up_is_told_so_and_the_next_clip_comes(address: tuple[str, int]) -> None:
    client = ClipClient(address, again=20)
    try:
        client.say("clip", 1, 64, 5, PROMPT)
        while client.hear()[0] != "clip/progress":
            pass
        client.say("clip/cancel", 1)
        while client.hear()[0] != "clip/cancelled":
            pass
        assert client.fetch(2, 1, 1, PROMPT).whole
    finally:
        client.close()
