"""The baselines of bits: the token model and the n-gram."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from model.decoder.conditioning import Header  # noqa: E402
from model.decoder.tokenizer import FIRST_NOTE, PREDICTED, SIZES, Event, Rows, chord_row, note_row  # noqa: E402
from model.decoder.transformer import Decoder, Shape  # noqa: E402 after the guard
from model.music.harmony import parse_chord  # noqa: E402
from model.music.notes import Note, Ticks  # noqa: E402
from model.training.dataset.store import SOURCES, SPLITS, Store  # noqa: E402
from model.training.evaluation import tokens  # noqa: E402
from model.training.evaluation.baselines import VOCABULARY, flat, in_c, ngram_bits, symbols  # noqa: E402
from model.training.evaluation.bits import ConditionedSong, decoder_bits, spans  # noqa: E402
from model.training.evaluation.fields import scored_fields  # noqa: E402
from model.training.fit.training_loop import TrainingConfig  # noqa: E402

TINY = Shape(width=32, layers=1, head=16, context=96)
HEAD = Header(parts=frozenset({"drums", "melody"}), meter="4/4", key=0, mode="major").rows()


def rows(seed: int, bars: int = 8) -> Rows:
    """Four beats a bar with a kick and a melody of three notes."""
    rng = np.random.default_rng(seed)
    said: list[tuple[int, ...]] = []
    for _ in range(bars):
        for beat in range(4):
            said.append((Event.BEAT, beat, 0, 0, 0) if beat else (Event.BAR, 0, 0, 0, 0))
            if beat == 0:
                said.append(chord_row(parse_chord("C")))
            said.append(note_row(Note(Ticks(0), Ticks(120), 36, 90, "drums")))
            pitch = int(rng.choice([72, 76, 79]))
            said.append(note_row(Note(Ticks(0), Ticks(480), pitch, 70, "melody")))
    return np.array([*said, (Event.EOS, 0, 0, 0, 0)], np.int16)


def small_store(songs: int = 12) -> Store:
    each = [rows(i) for i in range(songs)]
    rng = np.random.default_rng(0)
    return Store(
        rows=np.concatenate(each),
        song_at=np.concatenate([[0], np.cumsum([len(r) for r in each])]),
        headers=np.stack([HEAD] * songs),
        text=rng.normal(size=(songs, 512)).astype(np.float16),
        text_at=np.arange(songs + 1),
        split=np.array([SPLITS.index("train" if i < songs - 2 else "test") for i in range(songs)], np.uint8),
        source=np.full(songs, SOURCES.index("pop909"), np.uint8),
        ids=np.array([f"song-{i}" for i in range(songs)]),
    )


def test_every_field_that_is_said_is_one_token() -> None:
    song = rows(0)
    said, field, line = flat(song)
    assert len(said) == (song[:, 1:] > 0).sum() + len(song)
    back = np.zeros_like(song)
    back[line, field] = said - np.concatenate([[0], np.cumsum(SIZES)])[field]
    assert (back == song).all()


def test_the_rival_has_about_as_many_parameters_as_the_decoder() -> None:
    theirs = tokens.same_size(Shape())
    ours = tokens.parameters(Decoder(Shape()))
    assert theirs.context == tokens.CONTEXT
    assert tokens.parameters(tokens.TokenModel(theirs)) == pytest.approx(ours, rel=0.08)


def test_windows_of_a_song_cover_it_once_and_begin_and_end_at_rows() -> None:
    edges = np.array([0, 4, 5, 9, 14, 15, 19, 24, 28, 33])
    found = list(spans(edges, 20))
    assert [fresh for _, fresh, _ in found] == [0, *[end for _, _, end in found][:-1]]
    assert found[-1][2] == 33
    assert all(end - at <= 20 and at <= fresh < end for at, fresh, end in found)
    assert {edge for at, _, end in found for edge in (at, end)} <= set(edges.tolist())


@pytest.mark.filterwarnings("ignore:Mismatch dtype")  # bf16 through a norm in float32: meant
def test_a_token_is_known_by_those_before_it_only() -> None:
    torch.manual_seed(1)
    model = tokens.TokenModel(TINY).eval()
    for name, weight in model.named_parameters():
        if name.endswith("out.weight"):
            torch.nn.init.normal_(weight, std=0.1)
    text, said = torch.zeros(1, 512), torch.zeros(1, dtype=torch.bool)
    symbol, field, _ = (torch.from_numpy(a)[None, :60] for a in flat(rows(0)))
    changed = symbol.clone()
    changed[0, 40] = symbol[0, 40] + 1
    with torch.no_grad():
        one, other = (model.spent(text, said, t, field) for t in (symbol, changed))
    assert torch.allclose(one[0, :39], other[0, :39], atol=1e-5)
    assert not torch.allclose(one[0, 40:], other[0, 40:], atol=1e-5)


@pytest.mark.filterwarnings("ignore:Mismatch dtype")
def test_rival_and_decoder_pay_for_the_same_fields() -> None:
    songs = [ConditionedSong(HEAD, rows(i, bars)) for i, bars in enumerate((3, 8, 20))]
    shape = Shape(width=32, layers=1, head=16, context=192)
    rival, model = tokens.TokenModel(shape).eval(), Decoder(TINY).eval()
    for name, weight in [*rival.named_parameters(), *model.named_parameters()]:
        if name.startswith("head"):
            torch.nn.init.zeros_(weight)  # now each value of a field is as likely as any other
    theirs, ours = tokens.token_bits(rival, songs), decoder_bits(model, songs)
    for song, a, b in zip(songs, theirs, ours, strict=True):
        choices = scored_fields(song.rows).sum(0) * np.log2(PREDICTED)
        assert a == pytest.approx(choices, rel=1e-3)
        assert b == pytest.approx(choices, rel=1e-3)


@pytest.mark.filterwarnings("ignore:Mismatch dtype")
def test_songs_measured_together_cost_what_they_cost_alone() -> None:
    songs = [ConditionedSong(HEAD, rows(i, bars)) for i, bars in enumerate((3, 8, 20))]
    model = Decoder(TINY).eval()
    alone = np.concatenate([decoder_bits(model, [song]) for song in songs])
    assert decoder_bits(model, songs) == pytest.approx(alone, rel=0.01)


@pytest.mark.filterwarnings("ignore:Mismatch dtype")
def test_the_rival_learns_and_is_resumed(tmp_path: Path) -> None:
    store = small_store()
    shape = tokens.same_size(TINY, context=192)
    song = [ConditionedSong(HEAD, rows(0))]
    before = tokens.token_bits(tokens.TokenModel(shape).eval(), song).sum()
    for steps in (10, 30):
        tokens.train(store, TrainingConfig(tmp_path, 9, 4, 3e-3, steps), shape, rows=64)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 30
    assert tokens.token_bits(tokens.load(tmp_path), song).sum() < 0.8 * before


def test_an_n_gram_is_paid_by_hand() -> None:
    # "ab" twice: by one symbol before, b follows a each time; Witten-Bell keeps one part in three for the rest
    bits = ngram_bits([[1, 2, 1, 2]], [([1, 2], [0, 1])], 2)
    unigram = (2 + 2 / VOCABULARY) / 6
    assert bits[0, 0, :2] == pytest.approx([-np.log2(unigram)] * 2)
    assert bits[1, 0, 1] == pytest.approx(-np.log2((2 + unigram) / 3))


def test_an_n_gram_learns_what_repeats() -> None:
    song = symbols(in_c(rows(0), HEAD))
    bits = ngram_bits([song[0]] * 3, [song], 5).sum((1, 2))
    assert bits[4] < bits[0] / 2
    assert {f for f in song[1] if f >= 0} == {0, 1, 2, 3, 4}


def test_music_without_a_key_is_left_where_it_is() -> None:
    song = rows(0)
    assert (in_c(song, Header().rows()) == song).all()
    up = in_c(song, Header(key=2, mode="major").rows())
    melody = song[:, 0] >= FIRST_NOTE + 24
    assert (up[melody, 1] == song[melody, 1] - 2).all()
