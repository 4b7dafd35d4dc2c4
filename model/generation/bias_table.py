"""Everything that bends a logit: one row for each term, with its unit, its weights, the decoded field and its formula.

The sampler adds the terms of the field that it draws, in the order of the rows. `python -m model.generation.bias_table` prints
docs/biases.md. To add a term: write its formula in `bias_terms` or `chord_bias`, and a row here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from model.decoder import engine
from model.decoder.tokenizer import GRID
from model.generation import bias_terms as notes
from model.generation import bias_weights
from model.generation import chord_bias as chords
from model.generation.beat_rules import BeatContext, BeatProgress
from model.generation.bias_terms import Bias
from model.music.notes import CHORD_PARTS

Field = Literal["every", "onset", "voice", "change", "root", "quality", "bass", "pitch", "drum", "length", "velocity"]
"""What is drawn. An onset of a part, another voice of a stroke, and a change of chord are events, the first field of a row; root, quality
and bass are the fields of a chord."""


@dataclass(slots=True)  # not frozen: one is made for every choice, and that takes three times as long
class Place:
    """Where in a beat a value is drawn; a field reads only what it needs."""

    progress: BeatProgress
    part: str = ""
    tick: int = 0  # grid tick in the beat; of an onset that of the part's last one, NO_ONSET if none
    onsets: int = 0  # of the part in this beat so far
    length: int = 0  # grid ticks of a note that is given without its pitch
    root: int = 0  # of the chord that is drawn
    stroke: frozenset[int] = frozenset()  # pitch classes of the voices at this place so far

    @property
    def chord(self) -> frozenset[int] | None:
        """The pitch classes that the part shall keep to; None for a melody and where there is no chord."""
        return None if self.part == "melody" else self.progress.chord_tones


Arguments = Callable[[BeatContext, Place], tuple[Any, ...] | None]
"""The arguments of a term's formula in a context and a place; None where the term does not apply."""


@dataclass(frozen=True, slots=True)
class Term:
    """One row: what is added to the logits of a field."""

    name: str
    unit: str  # what a weight of 1 is worth one logit of
    weights: tuple[str, ...]  # fields of BiasWeights, and constants by name
    field: Field
    formula: Callable[..., Any]
    arguments: Arguments | None = None  # None: the engine applies it as it draws


def _bass_target(c: BeatContext, p: Place) -> tuple[int] | None:
    """Return the tonic as all closes, the chord's bass as the chord begins; a walking bass steps to it within a bar."""
    chord = p.progress.chord
    if p.part != "bass" or chord is None:
        return None
    if c.position.is_last_bar and chord.root == c.harmony.tonic:
        return (c.harmony.tonic,)
    if p.part in c.parts.walking and c.position.sixteenth:
        return None  # from root to root within a bar it would leap
    begins = p.progress.chord_is_new and (p.tick == 0 or p.part not in c.parts.sampled)
    return (chord.bass,) if begins else None


def _missing_tones(c: BeatContext, p: Place) -> tuple[frozenset[int], float] | None:
    missing = p.chord and p.chord - p.progress.sounded_tones
    if p.part not in CHORD_PARTS or not missing:
        return None
    return missing, c.theta.chord_completeness * (1 - c.harmony.thirdless_share)


def _walk(c: BeatContext, p: Place) -> tuple[object, ...] | None:
    last = p.progress.last_pitches.get(p.part)
    if not last or p.part not in c.parts.walking:
        return None
    return last, next(iter(_bass_target(c, p) or ()), None)


def _outside(c: BeatContext) -> float:
    return notes.outside_cost(c.harmony.scale_lock, c.theta.scale)


SCALE = ("scale", "scale_when_played")
OUTSIDE = "log of the freedom left by the scale lock, a tone outside the scale"
# fmt: off
TERMS: tuple[Term, ...] = (
    Term("guidance", "logits of the conditioned lane minus those of the unconditioned one", ("text", "MAX_MORPH_GUIDANCE"), "every", engine.apply_guidance),
    Term("top-p", "share of the likeliest choices that may be drawn, 0..1", ("top_p", "top_p_when_played"), "every", engine.sample),
    Term("pitches of a shown band", "share of the bars in which bass and accompaniment of a first phrase keep the pitches of a songbook piece, else its onsets only, 0..1", ("kept_pitches",), "pitch", notes.share),
    Term("cooler pitch", "share of the temperature that is taken from the pitches of all parts but the melody, and from drums, 0..1", ("pitch_cooling", "MAX_COOLING"), "pitch", notes.cooled),
    Term("cooler length", "share of the temperature that is taken from lengths, 0..1", ("length_cooling", "MAX_COOLING"), "length", notes.cooled),
    Term("cooler velocity", "share of the temperature that is taken from velocities, 0..1", ("velocity_cooling", "MAX_COOLING"), "velocity", notes.cooled),
    Term("density", "a factor e of onsets too many or too few", ("density", "DENSITY_ERROR_GAIN", "THINNING_COST", "FILLING_BIAS"), "onset", notes.density_bias,
         lambda c, p: None if p.part in c.parts.onsets_owed else (c.history.density_error.get(p.part, 0.0), c.theta.density, p.tick)),
    Term("onsets owed on a morph", "a factor e of onsets; OWED_GAIN of them an onset", ("density", "OWED_GAIN"), "onset", notes.owed_bias,
         lambda c, p: (c.parts.onsets_owed[p.part] - p.onsets, c.theta.density, p.tick) if p.part in c.parts.onsets_owed else None),
    Term("stated swing", "one off-beat missing; one triplet", ("SWING_REWARD", "TRIPLET_PENALTY"), "onset", notes.swing_bias,
         lambda c, p: None if c.parts.swing_unit is None else (c.history.missing_off_beats, c.parts.swing_unit)),
    Term("another voice on a morph", "a stroke without all chord tones, where chords have four", ("EXTRA_VOICE_BIAS",), "voice", chords.extra_voice_bias,
         lambda c, p: (c.harmony.extra_voices,) if c.harmony.extra_voices and p.part in CHORD_PARTS and p.chord and p.chord - p.stroke else None),
    Term("change under a melody", "half the log likelihood of the best root over the old one", ("melody_harmony", "WITHIN_HALF_BAR_BIAS", "MAX_CHANGE_BIAS"), "change", chords.melody_change_bias,
         lambda c, p: (c.position.begins_half_bar, c.harmony.melody_harmony, c.history.chord and c.history.chord.root, c.theta.melody_harmony) if c.harmony.follows_melody else None),
    Term("change at the bar line", "a new chord as a bar begins", ("chord_change",), "change", chords.bar_change_bias,
         lambda c, p: (c.theta.chord_change,) if c.position.begins_bar and not c.harmony.follows_melody else None),
    Term("root outside the scale", OUTSIDE, SCALE, "root", chords.outside_root_bias,
         lambda c, p: (c.harmony.scale, _outside(c))),
    Term("triad outside a stated mode, or in folk", OUTSIDE, SCALE, "root", chords.altered_root_bias,
         lambda c, p: (c.harmony.scale, _outside(c)) if c.harmony.characteristic_tone is not None or c.harmony.is_diatonic else None),
    Term("triad that tells a stated mode", "a root", ("CHARACTERISTIC_TRIAD_BIAS",), "root", chords.characteristic_root_bias,
         lambda c, p: None if c.harmony.characteristic_tone is None else (c.harmony.scale, c.harmony.characteristic_tone, c.history.recent_roots)),
    Term("tonic", "a phrase start, or a tonic not played in eight bars", ("tonic", "CLOSING_TONIC_BIAS", "LOOP_END_TONIC_BIAS", "STATED_OPENING_TONIC_BIAS", "OPENING_TONIC_BIAS", "STATED_TONIC_BIAS"), "root", chords.tonic_bias,
         lambda c, p: None if c.harmony.melody_harmony is not None else (c.harmony.tonic, c.position.tonic_place, c.history.tonic_missing, c.theta.tonic, c.harmony.is_key_stated)),
    Term("brightness of a root", "a major third for a minor one", ("brightness",), "root", chords.root_brightness_bias,
         lambda c, p: (c.harmony.tonic, c.harmony.scale, c.levels.brightness, c.levels.brightness_above_style, c.theta.brightness)),
    Term("root that covers the melody", "the whole melody within a triad of the root", ("melody_cover", "EXTRA_TONE_COST"), "root", chords.covering_root_bias,
         lambda c, p: (c.harmony.melody_durations, c.theta.melody_cover) if c.harmony.melody_durations and c.harmony.melody_harmony is None else None),
    Term("new root", "a root not played in eight bars, where no other was", ("new_roots", "SEQUENCED_NEW_ROOTS"), "root", chords.new_root_bias,
         lambda c, p: (c.history.recent_roots, c.harmony.tonic, c.harmony.scale, c.theta.new_roots) if c.harmony.melody_harmony is None else None),
    Term("return to the root before the last", "a root", ("return_penalty",), "root", chords.return_bias,
         lambda c, p: (c.history.recent_roots, c.theta.return_penalty) if c.harmony.melody_harmony is None else None),
    Term("root likely under the melody", "a factor e of likelihood", ("melody_harmony",), "root", chords.likely_root_bias,
         lambda c, p: None if c.harmony.melody_harmony is None else (c.harmony.melody_harmony, c.theta.melody_harmony)),
    Term("chord size", "a tone too many or too few", ("chord_size", "STATED_SIZE_EMPHASIS"), "quality", chords.chord_size_bias,
         lambda c, p: (c.harmony.chord_size, c.theta.chord_size * c.harmony.chord_size_emphasis)),
    Term("brightness of a third", "a major third for a minor one", ("brightness",), "quality", chords.third_bias,
         lambda c, p: (c.levels.brightness, c.theta.brightness)),
    Term("altered fifth", "a chord with a diminished or augmented fifth", ("chord_size", "STATED_SIZE_EMPHASIS", "ALTERED_QUALITY_COST"), "quality", chords.altered_quality_bias,
         lambda c, p: (c.theta.chord_size * c.harmony.chord_size_emphasis,)),
    Term("chord tones outside the scale", OUTSIDE, (*SCALE, "MODAL_PENALTY_FACTOR"), "quality", chords.outside_quality_bias,
         lambda c, p: (c.harmony.scale, p.root, _outside(c), c.harmony.characteristic_tone is not None)),
    Term("quality that covers the melody", "the whole melody within the chord", ("melody_cover", "EXTRA_TONE_COST"), "quality", chords.covering_quality_bias,
         lambda c, p: (c.harmony.melody_durations, p.root, c.theta.melody_cover) if c.harmony.melody_durations else None),
    Term("quality likely under the melody", "a factor e of likelihood", ("melody_harmony",), "quality", chords.likely_quality_bias,
         lambda c, p: None if c.harmony.melody_harmony is None else (c.harmony.melody_harmony, p.root, c.theta.melody_harmony)),
    Term("bass outside the scale", OUTSIDE, SCALE, "bass", chords.outside_bass_bias,
         lambda c, p: (c.harmony.scale, p.root, _outside(c))),
    Term("register", "an octave from the middle of the part's range", ("register",), "pitch", notes.register_bias,
         lambda c, p: (c.parts.register.get(p.part, 0.0), *notes.PART_RANGES[p.part], c.theta.register)),
    Term("pitch outside the scale", OUTSIDE, SCALE, "pitch", notes.outside_scale_bias,
         lambda c, p: (c.harmony.scale, _outside(c))),
    Term("chord tone", "a tone of the chord", ("chord",), "pitch", notes.chord_tone_bias,
         lambda c, p: None if p.chord is None else (p.chord, c.theta.chord, c.harmony.chord_tones_only)),
    Term("rub of a melody against the chord", "a tone beside a chord tone outside the scale; on the beat, or held for one, a semitone above one", ("RUB_COST", "AVOIDED_COST"), "pitch", notes.rub_bias,
         lambda c, p: (p.progress.chord_tones, c.harmony.scale, p.tick == 0 or p.length >= GRID) if p.part == "melody" and p.progress.chord_tones else None),
    Term("held note of a melody", "a tone of the chord, under a note of a quarter or more", ("HELD_BIAS",), "pitch", notes.held_bias,
         lambda c, p: (p.progress.chord_tones,) if p.part == "melody" and p.length >= GRID and len(p.progress.chord_tones or ()) >= 3 else None),
    Term("bass of the chord", "a pitch of that class", ("BASS_TARGET_BIAS",), "pitch", notes.bass_target_bias, _bass_target),
    Term("chord completeness", "a chord tone not played since the chord began", ("chord_completeness",), "pitch", notes.missing_tone_bias, _missing_tones),
    Term("brightness of a melody tone", "four steps on the line of fifths at full brightness", ("brightness",), "pitch", notes.brightness_bias,
         lambda c, p: (c.harmony.tonic, c.levels.brightness, c.theta.brightness) if p.part == "melody" else None),
    Term("melody above C6 or below D4", "a semitone, where the words do not ask for it", ("melody_height",), "pitch", notes.height_bias,
         lambda c, p: (c.parts.melody_register, c.theta.melody_height) if p.part == "melody" else None),
    Term("same pitch again in a melody", "the last pitch", ("AGAIN_COST",), "pitch", notes.again_bias,
         lambda c, p: (p.progress.last_pitches[p.part],) if p.part == "melody" and p.progress.last_pitches.get(p.part) else None),
    Term("close of a tune's phrase", "a tone of the chord", ("CLOSING_BIAS", "CLOSING_LEAP", "CLOSING_LEAP_COST"), "pitch", notes.closing_bias,
         lambda c, p: (p.progress.chord_tones, p.progress.last_pitches[p.part][0]) if p.part == "melody" and p.tick == c.parts.closing_tick and p.progress.chord_tones and p.progress.last_pitches.get(p.part) else None),
    Term("line of a melody", "turning back to the pitch before the last; a pitch further in the same direction", ("melody_turn", "melody_onward"), "pitch", notes.melody_line_bias,
         lambda c, p: (p.progress.last_pitches[p.part], c.theta.melody_turn, c.theta.melody_onward) if p.part == "melody" and p.progress.last_pitches.get(p.part) else None),
    Term("contour of a shown tune", "a semitone beyond FREE_OF_CONTOUR", ("contour", "FREE_OF_CONTOUR"), "pitch", notes.contour_bias,
         lambda c, p: (c.parts.contour[p.part], c.theta.contour) if p.part in c.parts.contour else None),
    Term("steps of a walking bass", "a step of so many semitones", ("WALKING_STEP_BIAS", "TURN_BACK_BIAS", "WALKING_ARRIVAL_BIAS"), "pitch", notes.walking_bias, _walk),
    Term("pitch on a morph", "a semitone beyond FREE_SEMITONES", ("COST_PER_SEMITONE", "FREE_SEMITONES"), "pitch", notes.target_pitch_bias,
         lambda c, p: (c.parts.pitch[p.part],) if p.part in c.parts.pitch else None),
    Term("layers of the kit", "a drum beyond the core at full energy", ("drum_layers",), "drum", notes.drum_layer_bias,
         lambda c, p: (c.levels.energy, c.levels.energy_above_style, c.levels.brightness_above_style, c.theta.drum_layers) if p.part == "drums" else None),
    Term("articulation", "a doubling of the length", ("length", "energy_articulation", "STATED_ARTICULATION_GAIN"), "length", notes.length_bias,
         lambda c, p: (c.levels.articulation, c.theta.length)),
    Term("velocity", "half the square of 24 steps from the wanted mean", ("velocity",), "velocity", notes.velocity_bias,
         lambda c, p: (c.parts.velocity[p.part], c.theta.velocity)),
)
# fmt: on
TERMS_OF = {
    field: tuple((t.formula, t.arguments) for t in TERMS if t.field == field and t.arguments)
    for field in get_args(Field)
}


def add_terms(field: Field, context: BeatContext, place: Place, logits: Bias) -> None:
    """Add the terms of a field to a bias, in place and in the order of the table."""
    for formula, arguments in TERMS_OF[field]:
        given = arguments(context, place)
        if given is not None:
            logits += formula(*given)


def bias_of_event(field: Field, context: BeatContext, place: Place) -> float:
    """Return the bias of one event: another voice or a new chord."""
    given = ((formula, arguments(context, place)) for formula, arguments in TERMS_OF[field])
    return sum((formula(*values) for formula, values in given if values is not None), 0.0)


def named_weight(name: str) -> object:
    """Return a weight as shipped, or a constant, by its name in the table. Raises KeyError."""
    for owner in (bias_weights.SHIPPED, notes, chords, bias_weights):
        if hasattr(owner, name):
            return getattr(owner, name)
    raise KeyError(name)


def page() -> str:
    """Return docs/biases.md."""
    rows = []
    for term in TERMS:
        weights = ", ".join(
            f"`{name}` {value:g}" if isinstance(value := named_weight(name), float | int) else f"`{name}`"
            for name in term.weights
        )
        what = (term.formula.__doc__ or "").strip().splitlines()[0]
        rows.append(f"| {term.name} | {term.field} | {term.unit} | {weights} | {what.removeprefix('Return ')} |")
    return "\n".join((HEAD, *rows, ""))


HEAD = """# Biases

<!-- printed by `python -m model.generation.bias_table`; edit the table there -->

What is added to the decoder's logits before a value is drawn, in the order in which it is added. A weight of 1 is worth one
logit for one unit. Lower-case weights are fields of `BiasWeights` with their shipped values (`model/weights/fusion.json`);
`/llmball/like` and `/llmball/skip` move them within half and twice the value. Upper-case ones are constants beside the formulas
in `model/generation/bias_terms.py` and `chord_bias.py`.

| term | field | unit | weights | formula |
|---|---|---|---|---|"""


if __name__ == "__main__":
    print(page(), end="")
