"""`python -m bench.music.sung [--count N] [--roots N] [--live] [--espeak PATH] [--soundfont FILE]`: sung and plucked lines, and what is heard of them.

Eight bars of tunes of the songbook's test pieces are played on plucked strings by fluidsynth, or sung: the formants are those of
syllables of espeak-ng, the pitch has vibrato, slides, a tuning and a drift of its own, and there is noise. A note is found if
one is heard within 50 cents and 50 ms. With `--live` they are heard as by `--input audio`, block by block, in tune with the band, and
the latency is told: how long after its beginning a note is known, on a machine that computes at once. Of `--roots` lines the chords of
the product for what is heard are set beside those for the true notes in the key that their piece states, and, as nobody states one who
hums, in the key that is found of them; bar lines are told to neither.
"""

from __future__ import annotations

import argparse
import random
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np

from bench.make_clips import Maker, composer
from model.analysis.key_finder import find_key
from model.analysis.live_voice import LiveVoice
from model.analysis.voice import Floats, Transcription, heard_in_sound, read_wav
from model.clips.edit import harmonise_melody
from model.clips.messages import ClipSpec
from model.music.harmony import parse_chord
from model.music.midifile import Song, bar_length
from model.music.notes import Note, Ticks
from model.music.plan import Controls
from model.songbook.book import entries, to_song
from model.songbook.reader import read_file
from model.songbook.rendering import perform
from model.training.corpus import songbook
from model.training.corpus.song import Song as CorpusSong

BARS, RATE = 8, 22_050
FEWEST = 16
SYLLABLES = ("la", "na", "ma", "da", "lu", "mi")
STRINGS = (24, 25, 26, 45, 46)
"""Nylon, steel and jazz guitar, pizzicato, harp."""
CENTS, SECONDS = 50, 0.05
BLOCK = 256
"""Samples of a block that is heard live."""
COLD = 0.1
"""The temperature at which chords are written: at 1 they are drawn, and differ from seed to seed."""


def tunes(count: int) -> Iterator[tuple[str, Song]]:
    """Yield tunes of test pieces: eight bars, one voice, in a singer's range."""
    for entry in sorted(entries(), key=lambda e: random.Random(e.name).random()):
        bare = CorpusSong(f"{entry.style}/{entry.name}", "songbook", entry.title, entry.tempo, "", ((Ticks(0), entry.meter),), Ticks(1920), (), (), style=((entry.style, 1.0),))  # fmt: skip
        if count == 0 or entry.meter not in ("4/4", "3/4") or songbook.split(bare) != "test":
            continue
        song, _ = to_song(perform(read_file(entry.path)))
        bar = bar_length(entry.meter)
        starts = range(0, len(song.bars) - BARS + 1, 4)
        first = next((b for b in starts if _is_tune(_voice(song, b * bar, bar), bar)), None)
        if first is not None:
            line = _voice(song, first * bar, bar)
            up = 12 * round((62 - sum(n.pitch for n in line) / len(line)) / 12)
            notes = tuple(replace(n, pitch=n.pitch + up) for n in line)
            yield (
                entry.name,
                replace(song, bars=song.bars[:BARS], end=Ticks(BARS * bar), notes=notes, chords=(), programs=()),
            )
            count -= 1


def _is_tune(line: Sequence[Note], bar: int) -> bool:
    """Return True for enough notes, from the first bar on: what is sung begins when it begins."""
    return len(line) >= FEWEST and line[0].start < bar


def _voice(song: Song, begin: int, bar: int) -> list[Note]:
    inside = [n for n in song.notes if n.part == "melody" and begin <= n.start < begin + BARS * bar]
    top = {n.start: n for n in sorted(inside, key=lambda n: n.pitch)}
    line = [top[at] for at in sorted(top)]
    ends = [*(n.start for n in line), Ticks(begin + BARS * bar)][1:]
    cut = [
        replace(n, length=Ticks(min(n.length, e - n.start)), start=Ticks(n.start - begin))
        for n, e in zip(line, ends, strict=True)
    ]
    return [n for n in cut if n.length >= 60]


def wav(samples: Floats, rate: int) -> bytes:
    """Return mono samples as a .wav file of 16 bits."""
    data = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    return b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data  # fmt: skip


class Voice:
    """Sings by the formants of espeak-ng's syllables."""

    def __init__(self, espeak: str) -> None:
        self._envelopes = {s: self._envelope(espeak, s) for s in SYLLABLES}

    def _envelope(self, espeak: str, syllable: str) -> Floats:
        """Return the spectral envelope of a syllable's frames of 10 ms, `(frames, 513)`, by its cepstrum."""
        said = subprocess.run(
            [espeak, "-v", "en", "-s", "110", "-p", "30", "--stdout", f"[[{syllable}:]]"],
            capture_output=True,
            check=True,
        )
        samples, rate = read_wav(said.stdout)
        assert rate == RATE
        loud = np.flatnonzero(np.abs(samples) > 0.02)
        samples = samples[loud[0] : loud[-1]]
        hop, window = RATE // 100, np.hanning(1024)
        frames = [samples[a : a + 1024] * window for a in range(0, len(samples) - 1024, hop)]
        cepstra = np.fft.irfft(np.log(np.abs(np.fft.rfft(frames)) + 1e-4))
        cepstra[:, 40:-39] = 0
        found: Floats = np.exp(np.fft.rfft(cepstra).real)
        return found

    def sing(self, notes: Sequence[tuple[float, float, float]], seconds: float, chance: random.Random) -> Floats:
        """Return the sound of notes (start, end, pitch): slides between them where they touch, vibrato in long ones."""
        noise = np.random.default_rng(chance.randrange(2**32))
        sound = np.zeros(round(seconds * RATE))
        before: tuple[float, float] | None = None
        depth, speed = chance.uniform(0.15, 0.45), chance.uniform(5, 6.5)
        for start, end, pitch in notes:
            t = np.arange(round((end - start) * RATE)) / RATE
            slide = before[1] - pitch if before is not None and start - before[0] < 0.03 else -chance.uniform(0.3, 1.2)
            bend = slide * np.exp(-t / 0.025) + depth * np.sin(2 * np.pi * speed * t) * np.clip((t - 0.2) / 0.2, 0, 1)
            hz = 440 * 2 ** ((pitch + bend + noise.normal(0, 0.02) - 69) / 12)
            phase = 2 * np.pi * np.cumsum(hz) / RATE
            envelope = self._envelopes[chance.choice(SYLLABLES)]
            at = np.minimum(t * 100, (len(envelope) - 1) * np.minimum(1, t * 100 / len(envelope)) * 0.8).astype(int)
            tone = np.zeros(len(t))
            for k in range(1, int(5000 / hz.min())):
                tone += envelope[at, np.clip(np.round(k * hz / RATE * 1024).astype(int), 0, 512)] * np.sin(k * phase)
            tone *= np.minimum(1, t / 0.02) * np.clip((t[-1] - t) / 0.04, 0, 1)
            first = round(start * RATE)
            sound[first : first + len(t)] += (tone / np.abs(tone).max())[: len(sound) - first]
            before = end, pitch
        with_noise: Floats = 0.4 * sound / np.abs(sound).max() + noise.normal(0, 0.004, len(sound))
        return with_noise


def plucked(notes: Sequence[tuple[float, float, float]], program: int, soundfont: str, chance: random.Random) -> bytes:
    """Return the sound of notes on a plucked string, as a .wav file of fluidsynth."""
    track = mido.MidiTrack([mido.Message("program_change", program=program)])
    events: list[tuple[float, int, mido.Message]] = []
    for start, end, pitch in notes:
        key = round(pitch)
        bend = mido.Message("pitchwheel", pitch=round((pitch - key) / 2 * 8191))
        on, off = (
            mido.Message("note_on", note=key, velocity=chance.randrange(60, 110)),
            mido.Message("note_off", note=key),
        )
        events += [(start, 1, bend), (start, 2, on), (end, 0, off)]
    now = 0.0
    for at, _, message in sorted(events, key=lambda e: e[:2]):
        message.time = round((at - now) * 960)
        now += message.time / 960
        track.append(message)
    with tempfile.TemporaryDirectory() as folder:
        midi, out = Path(folder) / "x.mid", Path(folder) / "x.wav"
        mido.MidiFile(tracks=[track], ticks_per_beat=480).save(midi)
        subprocess.run(
            ["fluidsynth", "-ni", "-r", "44100", "-F", str(out), soundfont, str(midi)], capture_output=True, check=True
        )
        return out.read_bytes()


def found(true: Sequence[tuple[float, float, float]], heard: Transcription) -> tuple[int, int, int]:
    """Return how many notes are right, were sung, were heard."""
    first, last = heard.notes[0].start, heard.notes[-1].start
    place = [(n.start - first) / max(1e-9, last - first) for n in heard.notes]
    tuned = [n.pitch - (heard.tuning + heard.drift * p) / 100 for n, p in zip(heard.notes, place, strict=True)]
    free, right = set(range(len(tuned))), 0
    for start, _, pitch in true:
        near = [
            i for i in free if abs(heard.notes[i].start - start) <= SECONDS and abs(tuned[i] - pitch) * 100 <= CENTS
        ]
        if near:
            free.remove(min(near, key=lambda i: abs(heard.notes[i].start - start)))
            right += 1
    return right, len(true), len(tuned)


def heard_live(true: Sequence[tuple[float, float, float]], sound: bytes) -> tuple[int, int, int, list[float]]:
    """Return how many notes are right, were played, were heard by `--input audio`, and the seconds after which each was known."""
    samples, rate = read_wav(sound)
    voice = LiveVoice(rate)
    heard = [
        (h, voice.pushed - h.at) for i in range(0, len(samples), BLOCK) for h in voice.push(samples[i : i + BLOCK])
    ]
    begun = [(h, late) for h, late in heard if h.velocity]
    free, right = [h for h, _ in begun], 0
    for start, _, pitch in true:
        near = [h for h in free if abs(h.at - start) <= SECONDS and h.pitch == round(pitch)]
        if near:
            free.remove(min(near, key=lambda h: abs(h.at - start)))
            right += 1
    return right, len(true), len(begun), [late for _, late in begun]


def roots(song: Song, heard: Song, begins: float, quarter: float) -> tuple[int, int]:
    """Return at how many notes of a tune the chords for it and for what was heard of it have the same root, and of how many."""

    def at(told: Song, tick: int) -> int | None:
        before = [symbol for start, symbol in told.chords if start <= tick]
        return parse_chord(before[-1]).root if before else None

    def heard_at(tick: int) -> int:
        """Return the sixteenth on the grid of what was heard that a tick of the tune is nearest to."""
        return 120 * round(((tick / 480 * quarter + 0.2) - begins) / quarter * 4)

    starts = [n.start for n in song.notes if n.part == "melody"]
    return sum(at(song, tick) == at(heard, heard_at(tick)) for tick in starts), len(starts)


def main() -> None:
    """Sing, hear, print a line each and the sums."""
    parser = argparse.ArgumentParser(prog="python -m bench.music.sung", description=__doc__)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--roots", type=int, default=40)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--espeak", default="espeak-ng")
    parser.add_argument("--soundfont", default="/usr/share/sounds/sf2/TimGM6mb.sf2")
    options = parser.parse_args()
    voice = Voice(options.espeak)
    rows: list[tuple[str, tuple[int, ...]]] = []
    latencies: list[float] = []
    for number, (name, song) in enumerate(tunes(options.count)):
        chance = random.Random(number)
        quarter = 60 / song.tempos[0][1]
        tuning, drift, end = chance.uniform(-0.3, 0.3), chance.uniform(-0.3, 0.3), song.end / 480 * quarter
        if options.live:
            tuning = drift = 0.0
        true = [
            (max(0.05, n.start / 480 * quarter + 0.2 + chance.gauss(0, 0.008)), n.end / 480 * quarter + 0.18, n.pitch)
            for n in song.notes
        ]
        off = [(s, max(s + 0.08, e), p + tuning + drift * s / end) for s, e, p in true]
        kind = "voice" if number % 2 else "plucked"
        sound = wav(voice.sing(off, end + 0.5, chance), RATE) if kind == "voice" else plucked(off, STRINGS[number % 5], options.soundfont, chance)  # fmt: skip
        if options.live:
            right, sung, told, late = heard_live(true, sound)
            latencies += late
            rows.append((kind, (right, sung, told, 0, 0, 0, 0, 0)))
            print(f"{name} {kind}: {right} of {sung} notes, {told} heard", flush=True)
            continue
        heard = heard_in_sound(sound, meter=song.bars[0][1])
        right, sung, told = found([(s, e, float(p)) for s, e, p in true], heard)
        key = heard.song.key == find_key(song).key.name
        tempo = abs(heard.song.tempos[0][1] / song.tempos[0][1] - 1) < 0.02
        agree, unstated = (0, 0), 0
        if number < options.roots:
            wanted = ClipSpec("pop ballad", 1, controls=Controls(temperature=COLD))
            clicked = heard_in_sound(sound, meter=song.bars[0][1], tempo=song.tempos[0][1])
            bare = replace(song, key=find_key(song).key.name)
            ours, theirs, theirs_bare = (
                harmonise_melody(composer(Maker()), s, wanted, parts=("chords",)) for s in (clicked.song, song, bare)
            )
            agree = roots(theirs, ours, clicked.begins, quarter)
            unstated, _ = roots(theirs_bare, ours, clicked.begins, quarter)
        rows.append((kind, (right, sung, told, key, tempo, *agree, unstated)))
        print(f"{name} {kind}: {right} of {sung} notes, {told} heard; key {key}, tempo {tempo}, roots {agree[0]} ({unstated}) of {agree[1]}; {heard.sentence()}", flush=True)  # fmt: skip
    for kind in ("plucked", "voice"):
        mine = [figures for k, figures in rows if k == kind]
        right, sung, told, keys, tempos, same, of, bare_same = (sum(r[i] for r in mine) for i in range(8))
        print(f"{kind}: {len(mine)} lines, notes F1 {2 * right / (sung + told):.3f}, key {keys}/{len(mine)}, tempo {tempos}/{len(mine)}, roots {same} (key found: {bare_same}) of {of}")  # fmt: skip
    if options.live:
        print(
            f"latency: median {np.median(latencies) * 1000:.0f} ms, 95 of 100 within {np.percentile(latencies, 95) * 1000:.0f} ms"
        )


if __name__ == "__main__":
    main()
