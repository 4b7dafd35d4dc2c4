"""What bars between others cost, and the training of the harmoniser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("symusic")
pytest.importorskip("lxml")

from model.analysis.harmoniser import FEATURES, Harmoniser, triad_kind  # noqa: E402
from model.decoder.tokenizer import FIRST_NOTE, Event  # noqa: E402
from model.decoder.transformer import Decoder  # noqa: E402 after the guard
from model.music.harmony import parse_chord  # noqa: E402
from model.training.evaluation import infilling  # noqa: E402
from model.training.fit import harmoniser, melody_songs  # noqa: E402
from model.training.measures.clips import Clip  # noqa: E402
from model.weights import load, save  # noqa: E402
from tests.model.training.evaluation.test_token_baselines import HEAD, TINY, rows, small_store  # noqa: E402

BAR = 1920


def test_the_bars_paid_for_are_the_same_with_what_follows_and_without() -> None:
    song = rows(1, bars=12)
    given, without = infilling.cuts(song, HEAD, 7, 400, 0)
    paid = [cut.rows[cut.known + 1 :] for cut in (given, without)]
    assert (paid[0] == paid[1]).all()
    assert (paid[0][:, 0] == Event.BAR).sum() == infilling.BARS
    assert (paid[0][:, 0] >= FIRST_NOTE).sum() == 16
    assert (given.rows[:, 0] == Event.AFTER).sum() == 2
    assert not (without.rows[:, 0] == Event.AFTER).any()


@pytest.mark.filterwarnings("ignore:Mismatch dtype")
def test_bars_between_have_bars_before_and_behind_them() -> None:
    store = small_store()
    for song, bar in infilling.places(store, "pop909", "train", 100):
        lines = (store.song(song)[:, 0] == Event.BAR).sum()
        assert infilling.BEFORE + infilling.BARS <= bar <= lines - infilling.BEHIND
    torch.manual_seed(0)
    found = infilling.compare(store, "pop909", "train", 5, Decoder(TINY).eval())
    assert (found.clips, found.notes) == (5, 5 * 16)
    assert found.less == pytest.approx(found.without - found.given)
    with pytest.raises(ValueError, match="no song of 8 bars"):
        infilling.compare(store, "lieder", "train", 5, Decoder(TINY).eval())


def ballad(symbols: str, pitches: tuple[int, ...]) -> Clip:
    """A bar for each chord, with the same figure of its tones."""
    chords = [parse_chord(s) for s in symbols.split()]
    notes = [
        (BAR * bar + 480 * i, 480, 60 + (chord.root + p) % 12, 80)
        for bar, chord in enumerate(chords)
        for i, p in enumerate(pitches)
    ]
    return Clip(
        "x", "x", tuple((BAR * i, "4/4") for i in range(len(chords))), BAR * len(chords), 100.0, "C major",
        {"melody": np.array(notes, np.int32)}, tuple((BAR * i, c) for i, c in enumerate(chords)),
    )  # fmt: skip


def test_the_harmoniser_learns_and_says_the_same_in_numpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(melody_songs, "STRETCHES", (16,))
    songs = [melody_songs.song(ballad(s, (0, 4, 7, 4))) for s in ("C F G C Am F G C", "F G C C F C G C")]
    assert songs[0].heard.shape == (16, FEATURES)
    assert songs[0].told[:2].tolist() == [0, 0]
    assert songs[0].told[8] == 9 * 3 + triad_kind(parse_chord("Am"))
    melody_songs.keep(tmp_path / "songs.npz", songs)
    learnt = melody_songs.kept(tmp_path / "songs.npz")
    assert (learnt[1].told == songs[1].told).all()
    assert np.abs(learnt[1].heard - songs[1].heard).max() < 1e-2
    networks = [harmoniser.train(learnt, 60.0, seed=s, width=24, steps=60, rate=1e-2) for s in (0, 1)]
    assert harmoniser.found(networks, songs)["half bars"] > 0.6
    save(tmp_path / "h.safetensors", harmoniser.arrays(networks), {"width": 24})
    ours = Harmoniser(load(tmp_path / "h.safetensors")[0])
    heard = torch.from_numpy(songs[0].heard)[None]
    with torch.no_grad():
        said = zip(*(network(heard) for network in networks), strict=True)
        both = [(sum(x[0].softmax(-1) for x in logits) / 2).log().numpy() for logits in said]
    assert np.abs(ours.log_probabilities(songs[0].heard).reshape(16, -1) - both[0]).max() < 0.3  # eight bits
    assert np.abs(ours.causal_log_probabilities(songs[0].heard).reshape(17, -1)[:16] - both[1]).max() < 0.3


def test_a_song_in_minor_is_heard_as_its_relative_major_is(tmp_path: Path) -> None:
    major, minor = (
        melody_songs.song(replace(ballad("Am F C G", (0, 4, 7, 4)), key=key)) for key in ("C major", "A minor")
    )
    assert np.array_equal(major.told, minor.told)
    assert np.flatnonzero((major.heard != minor.heard).any(0)).tolist() == [FEATURES - 8]
