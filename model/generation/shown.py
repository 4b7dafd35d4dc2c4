"""What pieces of the songbook give of a beat that has no source in the take. Pure."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from model.decoder.tokenizer import DRUM_LENGTH, STEP, VELOCITY_CENTRE, row_note
from model.generation.bias_terms import PART_RANGES, share
from model.generation.history import target_onsets
from model.generation.material import examples, form_plan, variation
from model.generation.material.form_plan import HARMONY, NAMES, NEW, UNPITCHED, Label
from model.generation.sections import next_beat
from model.generation.strokes import BACKBEAT, figure_rows, half_time, off_the_backbeat, replaced_parts
from model.generation.take import WrittenBeat
from model.music.drums import ROLE_OF, ROLES
from model.music.groove import SIXTEENTH
from model.music.harmony import CHARACTERISTIC_TONES, Chord, Key, parse_chord, parse_key
from model.music.notes import CHORD_PARTS, HARMONY_PARTS, Beat, Note, Ticks, beats_in_bar
from model.prompt.rules.figures import FIGURES

if TYPE_CHECKING:
    from model.generation.form import FormRequest


@dataclass(frozen=True, slots=True)
class Shown:
    """What pieces of the songbook give of a beat that has no source in the take (`model.generation.material.examples`)."""

    request: FormRequest
    key: Key
    band: int
    """The piece whose drums, bass and accompaniment are played; `examples.piece_beats` has it."""
    verse: int = -1
    """In a chorus or a bridge the piece of the verse, else itself."""

    @classmethod
    def of(cls, request: FormRequest) -> Shown | None:
        """Return what is shown, or None where the words or somebody else say how it goes, or no piece is near."""
        take, plan = request.take, request.plan
        if request.line.left == 1 or take.begin.melody_first or request.fills_in:
            return None
        if request.is_led:
            return None
        key = parse_key(plan.key)
        band = take.begin.beside
        if band is None and take.begin.given:  # it goes on from what is there
            parts = tuple(p for p in plan.parts if p != "melody")
            band = examples.going_on(take.begin.given, parts, plan.meter, round(plan.tempo), take.begin.seed)
        if band is None:
            is_endless = take.begin.bars is None and take.begin.loop is None
            in_sections = is_endless or request.place is not None
            band = examples.drawn_band(plan, key, take.begin.seed, in_sections=in_sections)
        if band is None:
            return None
        verse, chorus = examples.sections_of(band)
        other = chorus if verse == band else verse
        if request.place is not None and request.place.is_plain:
            verse, chorus = band, other
        if request.place is None:
            return cls(request, key, other if request.contrast % 2 else band, band)
        return cls(request, key, chorus if request.place.letter == "b" else verse, verse)

    @property
    def bar(self) -> int:
        """The bar of its pieces that is played."""
        return self.request.frame.bar if self.request.place is None else self.request.place.bar

    def labels(self, parts: tuple[str, ...], placed: form_plan.Place | None = None) -> Mapping[str, Label]:
        """Return the labels of a bar that the pieces have themselves: the band's bars are all its own, a tune returns as theirs does."""
        bar, tune = self.bar, self._tune()
        if placed is not None and placed.letter == "b" and placed.place >= form_plan.BARS and bar in HOOK_AGAIN:
            return {"melody": Label("same", (self.request.frame.bar - form_plan.BARS,))}
        if placed is not None and (told := self._told_tune()):
            back = int(told[bar][1:] or 0)
            is_back = 0 < back <= min(bar, placed.place)
            return {"melody": Label(NAMES[told[bar][0]], (self.request.frame.bar - back,)) if is_back else NEW}
        is_other = self.request.contrast % 2 == 1 and self.band != self.verse
        found = {p: NEW for p in parts if p not in ("melody", HARMONY) and is_other}
        found |= {p: NEW for p in parts if p != "melody" and bar < examples.bars_of(self.band)}
        told = self._told_tune()
        if "melody" in parts and not told and tune is not None and bar < examples.bars_of(tune):
            name, back = examples.melody_label(tune, bar)
            is_return = name not in (None, "new") and 0 < back <= (bar if placed is None else min(bar, placed.place))
            found["melody"] = Label(name, (self.request.frame.bar - back,)) if name is not None and is_return else NEW
        return found

    def _told_tune(self) -> tuple[str, ...]:
        """Return what each bar of the tune is in people's songs; of a chorus and a bridge in other ones than of the verse."""
        request = self.request
        letter = ord(request.place.letter) - ord("a") if request.place is not None else 0
        return examples.tune_plan(request.plan.style, request.take.begin.seed + LETTER_SEEDS * letter)

    def contour(self) -> Mapping[str, float]:
        """Return the pitch around which the tune lies in the beat: its piece's own, as high above the chords as tunes lie."""
        place, frame, plan = self._tune_bar(), self.request.frame, self.request.plan
        if place is None or plan.register or plan.registers:
            return {}
        tune, at = place
        beats = beats_in_bar(frame.meter)
        here, bar = (examples.melody_pitches(tune, self.key, at, beat, beats) for beat in (frame.beat, None))
        if not bar:
            return {}
        return {"melody": float(np.mean(here or bar)) + self._height(tune) - examples.median_pitch(tune, self.key)}

    def closes_phrase(self) -> bool:
        """Return True if the tune has no note of the phrase after this beat."""
        place, frame = self._tune_bar(), self.request.frame
        beats = beats_in_bar(frame.meter)
        if place is None or frame.bar % form_plan.BARS != form_plan.BARS - 1:
            return False
        return not any(
            examples.melody_pitches(place[0], self.key, place[1], beat, beats) for beat in range(frame.beat + 1, beats)
        )

    def _height(self, tune: int) -> float:
        """Return the pitch around which a tune lies in the rhythm of a piece: lower than the songbook's where people sing lower."""
        lower = LOWER_THAN_SONGBOOK.get(examples.tune_group(self.request.plan.style), 0)
        place = self.request.place
        higher = 0 if place is None else CHORUS_ABOVE if place.letter == "b" else -VERSE_BELOW
        drawn = self._tune_of_verse
        middle = examples.median_pitch(tune if drawn is None else drawn, self.key)
        return float(np.clip(middle - lower + higher, *TUNE_RANGE))

    @property
    def _tune_of_verse(self) -> int | None:
        request = self.request
        return examples.drawn_tune(
            request.plan, self.key, request.take.begin.seed, in_sections=request.place is not None
        )

    def _tunes(self) -> tuple[int, ...]:
        request = self.request
        return examples.tunes(request.plan, self.key, request.take.begin.seed, in_sections=request.place is not None)

    def _tune(self) -> int | None:
        """Return the piece whose tune is sung: in a chorus its other section, in a bridge another piece."""
        tune, place = self._tune_of_verse, self.request.place
        if tune is None or place is None:
            return tune
        near = self._tunes()
        verse, chorus = examples.sections_of(tune)
        other = near[min(1, len(near) - 1)]
        sings = all("melody" in examples.parts_of(i) for i in (verse, chorus)) and verse != chorus
        if not sings:
            verse, chorus = tune, other
        return {"a": verse, "b": chorus}.get(place.letter, other)

    def _tune_bar(self) -> tuple[int, int] | None:
        """Return the piece and its bar in whose rhythm the tune goes, None where it rests or no piece is near."""
        bar, near, told, first = self.bar, self._tunes(), self._told_tune(), self._tune()
        if near and first is not None:
            near = (first, *(i for i in near if i != first))
        if near and bar < len(told):
            return examples.tune_bar(near, told[: bar + 1])
        return (near[0], examples.sung_bar(near[0], bar % examples.bars_of(near[0]))) if near else None

    def harmony(self) -> WrittenBeat | None:
        """Return the chord of the progression, as a beat; None where the words ask for another manner of chords."""
        plan = self.request.plan
        tells = self.key.mode in CHARACTERISTIC_TONES  # a mode needs its own chords to be heard
        if tells or plan.progression is not None or "complexity" in plan.explicit:
            return None
        bar, place, at_home = self.request.frame.bar, self.request.place, self.request.is_key_stated
        phrase = bar - bar % form_plan.BARS if bar >= examples.bars_of(self.band) and place is None else 0
        seed = self.request.take.begin.seed + phrase
        piece = examples.drawn_harmony(plan, self.key, seed, self.verse, at_home=at_home, in_sections=place is not None)
        if place is None and self.request.contrast == 1:
            piece = examples.drawn_harmony(plan, self.key, seed - phrase, self.verse, at_home=at_home)
        answers = int(self.request.contrast == 1) if place is None else "abc".index(place.letter)
        for _ in range(answers):  # each answers the one before it
            piece = examples.drawn_harmony(plan, self.key, seed, self.band, at_home=at_home, verse=piece)
        if piece is None:
            return None
        whole = place is None and not answers  # a section, or what answers one, begins with its own first chord
        begins = examples.begins(piece, self.band, self.key, seed, at_home=at_home) if whole else 0
        found = self._beat(piece, self.bar + begins)
        locked = self.request.is_scale_locked and found.chord is not None
        if found.chord is None or (locked and not found.chord.pitch_classes <= self.key.pitch_classes):
            return None
        return found

    def held(self) -> WrittenBeat | None:
        """Return the last beat, whose chord sounds on: a new one may be chosen only where the band's piece has one.

        In a mode also at every bar line, for it needs chords of its own; over a piece of one chord at every second.
        """
        last, frame = self.request.take.written[-1] if self.request.take.written else None, self.request.frame
        tells = self.key.mode in CHARACTERISTIC_TONES
        chooses = frame.beat == 0 and (tells or (frame.bar % 2 == 0 and examples.is_vamp(self.band)))
        fresh = chooses or self._beat(self.band).beat.fresh
        return None if fresh or last is None or last.chord is None else last

    def fill(self) -> tuple[Note, ...] | None:
        """Return the drums of the beat as the piece plays them in the bar with which it ends a phrase, None where it has no fill."""
        bar = examples.fill_bar(self.band)
        given = None if bar is None else self.part("drums", None, bar)
        return given if isinstance(given, tuple) else None

    def part(self, part: str, chord: Chord | None, bar: int | None = None) -> tuple[Note, ...] | WrittenBeat | None:
        """Return the notes of a part; a beat whose onsets it plays; or None where it is left to the decoder. `bar` is the piece's."""
        request = self.request
        plan = request.plan
        if len(plan.parts) == 1 and request.frame.bar == 0:
            return None  # who plays alone begins on the beat
        if part == "melody":
            if self._tune() is None or "density" in plan.explicit:
                return None
            place = self._tune_bar()
            return () if place is None else self._beat(*place)
        band = examples.player(plan, self.key, request.take.begin.seed, part, self.band)
        if not self._plays(part, band):
            return () if any(part in examples.parts_of(i) for i in examples.sections_of(self.verse)) else None
        kept = self._kept_share(part, band)
        if kept is None and part == "drums" and request.take.theme:
            kept = 1.0  # the band goes on, with more between
        if kept is None:
            return None
        source = self._beat(band, bar)
        notes = [n for n in source.beat.notes if n.part == part]
        left = None if kept >= 1 else self._left_places(part, band, self.bar if bar is None else bar, kept)
        if left is not None:
            notes = [n for n in notes if self._place_of(n) in left]
            source = replace(source, beat=replace(source.beat, notes=tuple(notes)))
        up = 0 if plan.register or plan.registers else examples.octave(band, part, self.key)
        usual = examples.usual_velocity(band, part)
        louder = round(request.velocity.get(part, usual) - usual)
        if part in UNPITCHED:
            if part == "drums" and half_time(plan, request.frame) and examples.pulse(self.band) != "half":
                return None
            silent = {ROLES[role] for role in plan.silenced}
            notes = [n for n in map(_on_the_kit, notes) if n is not None and n.pitch not in silent]
            if part == "drums" and request.line.section == "intro":
                notes = [n for n in notes if n.pitch not in BACKBEAT]
            if part == "drums":
                replaced = replaced_parts(plan, request.line)[1]
                notes = [
                    n
                    for n in notes
                    if n.pitch not in replaced and (n.start or n.pitch not in off_the_backbeat(plan, request.frame))
                ]
                asked = [
                    row_note(row) for row in figure_rows(plan, request.frame, request.line) if row[1]
                ]  # of the drums
                struck = {n.pitch for n in notes if not n.start}
                is_told = "feel" in plan.explicit  # half time has its snare, where the piece claps too
                notes += [n for n in asked if n.pitch in replaced or (is_told and n.pitch not in struck)]
                notes = notes if left is not None else self._as_full(notes)
        elif (
            part in dict(plan.registers)
            or plan.register
            or "articulation" in plan.explicit
            or (part == "bass" and any(FIGURES[name].part == part for name in plan.figures))
            or chord is None
            or source.chord is None
            or not self._keeps_pitches(part)
        ):
            return source
        else:
            notes = [
                examples.fitted(replace(n, pitch=n.pitch + up), on or source.chord, chord, self.key)
                for n, on in self._varied(part, band, notes, source.chord)
                if left is None or self._place_of(n) in left
            ]
            notes = self._pushed(part, band, self._own(part, band, notes, chord), source, up)
            if part == "bass" and self._begins_another(chord, source):
                notes = [
                    replace(n, pitch=examples.nearest_pitch(n.pitch, chord.bass)) if n.start == 0 else n for n in notes
                ]
            if part in CHORD_PARTS and "melody" in plan.parts:
                notes = _lean(self._below_the_tune(notes))
            if part in CHORD_PARTS:
                notes = [replace(n, pitch=n.pitch + 12 * (n.pitch < LOWEST_CHORD_NOTE)) for n in notes]
            if request.told_chord() is not None or (part == "pad" and band != self.band):
                notes = self._on_told_chords(part, band, notes, chord)
            if request.told_chord() is not None:
                if plan.progression is not None:
                    notes = self._spelled(part, notes, chord)
            elif request.is_key_stated or examples.is_of_the_people(plan):
                tones = frozenset[int]() if request.is_scale_locked else chord.pitch_classes
                notes = [n if n.pitch % 12 in tones else examples.in_scale(n, self.key) for n in notes]
            if part == "bass":
                low, high = PART_RANGES[part][0], HIGHEST_BASS_NOTE
                notes = [replace(n, pitch=n.pitch + 12 * (n.pitch < low) - 12 * (n.pitch > high)) for n in notes]
        unique = {(n.start, n.pitch): n for n in notes}.values()
        return tuple(replace(n, velocity=min(127, max(1, n.velocity + louder))) for n in unique)

    def _as_full(self, drums: list[Note]) -> list[Note]:
        """Return the strokes of a beat as words that make the band busier want them: with hats between."""
        theme, plan, frame = self.request.take.theme, self.request.plan, self.request.frame
        before = next((bar[0].plan for bar in theme.values()), None)
        more = 0.0 if before is None or "density" not in plan.explicit else plan.density - before.density
        draw = random.Random(f"{self.request.take.begin.seed}/{self.bar}/{frame.beat}")
        hat, taken = ROLES["closed_hat"], {n.start for n in drums if n.pitch not in CORE}
        free = [Ticks(at) for at in range(0, frame.length, SIXTEENTH) if at not in taken]
        loud = round(min((n.velocity for n in drums), default=VELOCITY_CENTRE) * SOFTER)
        added = [Note(at, DRUM_LENGTH, hat, max(1, loud), "drums") for at in free if draw.random() < FILLED * more]
        return drums if not drums or "closed_hat" in plan.silenced else [*drums, *added]

    def _kept_share(self, part: str, piece: int) -> float | None:
        """Return the share of a piece's strokes that words about the density leave; None where they want more than it has."""
        plan = self.request.plan
        if "density" not in plan.explicit:
            return 1.0
        share_ = target_onsets(plan.style_of(part), part, plan.density) / examples.onset_rate(piece, part)
        return None if share_ > FULLER else share_

    def _left_places(self, part: str, piece: int, bar: int, share_: float) -> frozenset[tuple[int, int]]:
        """Return the places in a bar of a piece, with a drum's pitch, whose strokes a density leaves: the same wherever the bar comes again.

        The first of the bar, kicks and backbeats on a beat stay; of the others chance says which.
        """
        bar, seed = bar % examples.bars_of(piece), self.request.take.begin.seed
        varies = self._varies and part not in UNPITCHED
        played = (
            variation.bar_played(piece, self.key, part, bar, seed)
            if varies
            else variation.line(piece, self.key, part, bar).notes
        )
        places = {(n.start, n.pitch * (n.part in UNPITCHED)) for n, _ in played}
        fixed = {p for p in places if p[1] in _LAST_LEFT_OUT and p[0] % self.request.frame.length == 0}
        ranked = sorted(
            places - fixed, key=lambda p: (p[0] > 0 or p[1] > 0, random.Random(f"{seed}/{part}/{p}").random())
        )
        return frozenset(ranked[: max(1, round(share_ * len(places)) - len(fixed))]) | fixed

    def _place_of(self, note: Note) -> tuple[int, int]:
        """Return the place of a note of the beat in its bar, with a drum's pitch."""
        frame = self.request.frame
        return frame.beat * frame.length + note.start, note.pitch * (note.part in UNPITCHED)

    @property
    def _varies(self) -> bool:
        """True if the band is the take's own: what goes beside given parts, or on from them, is as its piece has it."""
        return self.request.take.begin.beside is None and not self.request.take.begin.given

    def _varied(self, part: str, band: int, notes: list[Note], chord: Chord) -> list[variation.Played]:
        """Return what a part plays in the beat, with the chords that it is played on: as its piece has it, or varied."""
        frame = self.request.frame
        if not self._varies:
            return [(n, chord) for n in notes]
        first, seed = frame.beat * frame.length, self.request.take.begin.seed
        bar = self.bar % examples.bars_of(band)
        played = variation.beat_played(band, self.key, part, bar, (first, first + frame.length), seed)
        return [(replace(n, start=Ticks(n.start - first)), on) for n, on in played]

    def _own(self, part: str, band: int, notes: list[Note], chord: Chord) -> list[Note]:
        """Return a part's notes on the chord of the beat as the take plays them: led to the next chord, turned, in another order."""
        seed = self.request.take.begin.seed
        if not self._varies:
            return notes
        if part == "bass":
            following = self._next_chord()
            bar = self.bar % examples.bars_of(band)
            if following is not None:
                return variation.approached(notes, chord, following, self.key, band, seed, bar)
        elif part == "chords" and {"bass"} < set(self.request.plan.parts) <= TURNED_WITH and self._plays("bass", band):
            notes = variation.turned(notes, variation.turn(band, self.key, seed))
        return variation.ordered(notes, part, seed, band) if part in ("chords", "arp") else notes

    def _begins_another(self, chord: Chord, source: WrittenBeat) -> bool:
        """Return True if a chord begins in the beat where the piece goes on with one: its bass may pass by there."""
        written = self.request.take.written
        return bool(written) and written[-1].chord != chord and not source.beat.fresh

    def _pushed(self, part: str, band: int, notes: list[Note], source: WrittenBeat, up: int) -> list[Note]:
        """Return a part's notes, of those that are pushed ahead of the next chord of the piece the pitches on the take's next chord."""
        length = self.request.frame.length
        pushed = [
            replace(n, pitch=n.pitch + up)
            for n in source.beat.notes
            if n.part == part and n.start > 0 and n.end > length + STEP
        ]
        if part not in CHORD_PARTS or not pushed or source.chord is None:
            return notes
        frame = next_beat(self.request.frame)
        count = beats_in_bar(frame.meter)
        there = examples.shown(band, self.key, self.bar + (frame.beat == 0), frame.beat, count)
        aim, following = variation.chord_of(there), self._next_chord()
        tones = {n.pitch % 12 for n in pushed}
        if aim is None or following is None or aim == source.chord or tones <= source.chord.pitch_classes:
            return notes
        starts = {n.start for n in pushed if tones <= aim.pitch_classes}
        ahead = [examples.fitted(n, aim, following, self.key) for n in pushed if n.start in starts]
        return [n for n in notes if n.start not in {a.start for a in ahead}] + ahead

    def _next_chord(self) -> Chord | None:
        """Return the chord of the next beat, that of the first one at the end of what comes round; None where it is not known yet."""
        return self._chord_at(next_beat(self.request.frame))

    def _chord_at(self, frame: Beat) -> Chord | None:
        """Return the chord of a coming beat, that of the first one at the end of what comes round; None where it is not known yet."""
        request = self.request
        take = request.take
        if frame.bar == (take.begin.bars or take.begin.loop):
            return take.written[0].chord if take.written else None
        later = replace(request, frame=frame, line=replace(request.line, left=0, section=None), is_cued=False)
        told = later.told_chord()
        if told is not None:
            return told[0]
        label = later.labels().get(HARMONY, NEW)
        found = replace(self, request=later).harmony() if label is NEW else later._harmony(label)
        return None if found is None else found.chord

    def _until_next_chord(self, chord: Chord) -> Ticks | None:
        """Return the ticks from the beat's start to the next beat with another chord; None where it is far or not known."""
        away, frame = self.request.frame.length, self.request.frame
        for _ in range(LOOK_FORWARD):
            frame = next_beat(frame)
            following = self._chord_at(frame)
            if following != chord:
                return None if following is None else away
            away = Ticks(away + frame.length)
        return None

    def _below_the_tune(self, notes: list[Note]) -> list[Note]:
        """Return a chord's notes with those that lie where the tune does an octave lower: an inversion below it."""
        tune = self._tune()
        if tune is None:
            return notes
        top = self._height(tune) - BELOW_TUNE
        lower = (n.pitch - 12 if n.pitch > top and n.pitch - 12 >= LOWEST_INVERSION else n.pitch for n in notes)
        return [replace(n, pitch=pitch) for n, pitch in zip(notes, lower, strict=True)]

    def _on_told_chords(self, part: str, band: int, notes: list[Note], chord: Chord) -> list[Note]:
        """Return the notes as chords that change elsewhere than the piece's want them: struck anew where one begins, not held into the next."""
        request = self.request
        told, until = request.told_chord(), request.until_told_chord()
        if told is None:  # another piece's progression
            last_chord = request.take.written[-1].chord if request.take.written else None
            told, until = (None if last_chord == chord else chord, chord), self._until_next_chord(chord)
        if told[0] is not None and part in HARMONY_PARTS and not any(n.start == 0 for n in notes):
            beats = ([n for n in w.beat.notes if n.part == part] for w in reversed(request.take.written[-4:]))
            held = next((notes for notes in beats if notes), [])
            last = [n for n in held if n.start == max(n.start for n in held)]
            before = request.take.written[-1].chord if request.take.written else None
            moved = {examples.fitted(n, before or chord, chord, self.key).pitch for n in last}
            held_on = self._until_struck(part, band) if part == "pad" else request.frame.length
            length = min((n.start for n in notes), default=held_on)
            usual = round(examples.usual_velocity(band, part))  # as loud as wanted, like the piece's own notes
            notes = [*(Note(Ticks(0), Ticks(length), p, usual, part) for p in sorted(moved)), *notes]
        if until is None:
            return notes
        return [replace(n, length=Ticks(max(1, min(n.length, until - n.start)))) for n in notes]

    def _until_struck(self, part: str, band: int) -> int:
        """Return the ticks from the beat's start until a piece strikes a part again, at most to the end of the bar."""
        frame, count = self.request.frame, beats_in_bar(self.request.frame.meter)
        for beat in range(frame.beat + 1, count):
            later = examples.shown(band, self.key, self.bar, beat, count).notes
            starts = [n.start for n in later if n.part == part]
            if starts:
                return (beat - frame.beat) * frame.length + min(starts)
        return (count - frame.beat) * frame.length

    def _spelled(self, part: str, notes: list[Note], chord: Chord) -> list[Note]:
        """Return the notes as tones of a chord that the words give, struck whole where it begins: without notes between."""
        notes = [examples.in_chord(n, chord) for n in notes]
        told = self.request.told_chord()
        if told is None or told[0] is None or part not in ("bass", *CHORD_PARTS):
            return notes
        first = [n for n in notes if n.start == 0]
        model = min(first or notes, key=lambda n: n.pitch, default=None)
        pitch = 40 if part == "bass" else 60
        length = Ticks(min((n.start for n in notes if n.start), default=self.request.frame.length))
        model = (
            Note(Ticks(0), length, pitch, 80, part)
            if model is None
            else replace(model, start=Ticks(0), offset=0, length=length if not first else model.length)
        )
        if part == "bass":
            return [
                replace(model, pitch=examples.nearest_pitch(model.pitch, chord.bass)),
                *(n for n in notes if n.start),
            ]
        middle = round(sum(n.pitch for n in first) / len(first)) if first else max(model.pitch, 55)
        heard = {n.pitch % 12 for n in first}
        lacking = sorted(chord.pitch_classes - heard, key=lambda t: examples.IMPORTANCE.index((t - chord.root) % 12))
        more = lacking[: max(0, min(WHOLE, len(chord.pitch_classes)) - len(heard))]
        return [*notes, *(replace(model, pitch=examples.nearest_pitch(middle, t)) for t in more)]

    def _keeps_pitches(self, part: str) -> bool:
        """Return True if a part has the pitches of the piece in the bar, False if only its onsets."""
        take, bar = self.request.take, self.request.frame.bar
        chance = np.random.default_rng([take.begin.seed, bar, *part.encode()]).random()
        return bool(chance < share(take.theta.kept_pitches))

    def _plays(self, part: str, piece: int) -> bool:
        """Return True if a piece has the part at all."""
        return bool(examples.played(piece, part))

    def _beat(self, piece: int, bar: int | None = None) -> WrittenBeat:
        frame = self.request.frame
        bar = self.bar if bar is None else bar
        beat = examples.shown(piece, self.key, bar, frame.beat, beats_in_bar(frame.meter))
        # of a piece in another key: the take's key spells its chords
        chord = None if beat.chord is None else replace(parse_chord(beat.chord), sign="")
        return WrittenBeat(beat, chord, [], 0, 0)


def _lean(notes: list[Note]) -> list[Note]:
    """Return the notes of chords with no tone in more than one octave where more than `MOST_VOICES` begin at once."""
    voices = Counter(n.start for n in notes)
    tones = {(n.start, n.pitch % 12): n for n in sorted(notes, key=lambda n: -n.pitch)}
    return [n for n in notes if voices[n.start] <= MOST_VOICES or tones[n.start, n.pitch % 12].pitch == n.pitch]


CORE = frozenset(ROLES[name] for name in ("kick", "snare", "clap", "rim"))
"""The strokes that a groove is known by."""
FILLED, SOFTER = 3.0, 0.8
"""How likely a free sixteenth gets a hat where a band becomes denser by 1; how loud such a hat is beside the softest stroke."""
LOOK_FORWARD = 8
"""Beats in which the next chord of another piece is looked for."""
FULLER = 1.5
"""Where words ask for so many times the onsets of a piece's part it is not shown."""
_LAST_LEFT_OUT = frozenset({ROLES["kick"], ROLES["snare"], ROLES["clap"]})
MOST_VOICES, LOWEST_CHORD_NOTE = 6, 40
"""Tones of a shown chord that are struck at once beside a tune; and E2, below which a chord's note would lie under the bass."""
TURNED_WITH = frozenset({"drums", "perc", "bass", "chords", "melody"})
"""Parts beside which chords may be turned: a pad or an arp lies where they would come."""
HIGHEST_BASS_NOTE = 52
"""E3: where a shown bass turns back an octave, so that it does not climb into the chords; of the songbook's notes 1 % lie higher."""
WHOLE = 4
"""Tones of a chord that are struck where the words let it begin."""
HOOK_AGAIN = (4, 5)
"""The bars of a chorus or drop, from 0, in which its hook comes again."""
CHORUS_ABOVE, VERSE_BELOW = 6, 2
"""Semitones by which the tune of a chorus that was asked for lies above where tunes do, and that of a verse below."""
LETTER_SEEDS = 1000
"""By how much the seeds of a verse's tune and a chorus's differ."""
TUNE_RANGE = (67, 76)
"""The pitches, G4 to E5, around which a tune may be asked to lie."""
LOWER_THAN_SONGBOOK = {"pop": 4, "songs": 6}
"""Semitones that a tune of a group is asked to lie below the songbook's: people's lie four and five lower, by medians."""
BELOW_TUNE = 6
"""Semitones below a tune's middle above which no chord is voiced."""
LOWEST_INVERSION = 48
"""C3: a chord's tone is put no lower to make room for the tune."""
_KIT = {35: 36, 40: 38, 41: 43, 45: 47, 48: 50, 53: 51, 59: 51, 52: 49, 55: 49, 57: 49, 69: 70, 82: 70, 76: 56, 77: 56}
"""General MIDI's drums that are not among the roles, and the role's note that stands for them."""


def _on_the_kit(note: Note) -> Note | None:
    """Return a stroke as the roles of a kit have it, None where they have nothing like it; percussion as it is."""
    if note.part != "drums":
        return note
    pitch = _KIT.get(note.pitch, note.pitch)
    return replace(note, pitch=pitch) if pitch in ROLE_OF else None
