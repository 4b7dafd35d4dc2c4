"""Pictures of trainings and of attributes, and the table of styles."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from model.styles import GRAMMAR_STYLES
from model.training.evaluation import plots
from model.training.measures.clips import Clip
from model.training.styles import facts


def clip(name: str, pitch: int) -> Clip:
    melody = np.array([(480 * i, 240, pitch + i % 3, 80) for i in range(8)], np.int32)
    kick = np.array([(480 * i, 120, 36, 100) for i in range(8)], np.int32)
    bars = ((0, "4/4"), (1920, "4/4"))
    return Clip(name, name, bars, 3840, 120.0, "C major", {"melody": melody, "drums": kick})


def test_shares_sum_to_one_and_a_part_that_is_not_there_has_none() -> None:
    for what in plots.histograms():
        share = plots.shares([clip("a", 60), clip("b", 72)], what)
        assert share.sum() == pytest.approx(0 if what.title.startswith(("perc", "bass", "pad", "chords", "arp")) else 1)


def test_onsets_are_counted_by_bar_and_intervals_go_from_note_to_note() -> None:
    assert plots.onsets_a_bar(clip("a", 60), "melody").tolist() == [4, 4]
    assert plots.melodic_intervals(clip("a", 60)).tolist() == [1, 1, -2, 1, 1, -2, 1]
    chord = np.array([(0, 480, 60, 80), (0, 480, 67, 80), (480, 480, 64, 80)], np.int32)
    both = Clip("c", "c", ((0, "4/4"),), 1920, 120.0, "C major", {"melody": chord})
    assert plots.melodic_intervals(both).tolist() == [-3], "of notes that begin together the highest counts"


def test_pictures_are_svg_and_say_who_is_who() -> None:
    ours = plots.comparison({"our <clips>": [clip("a", 60)], "human songs": [clip("b", 72)]})
    assert ElementTree.fromstring(ours).tag.endswith("svg")
    assert "our &lt;clips&gt; (1)" in ours
    drawn = plots.curve({"v2": [{"Mevents": 1.0, "pop909": 9.0}, {"Mevents": 2.0, "pop909": 8.4}]})
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    with pytest.raises(ValueError, match="at least one point"):
        plots.curve({"none": []})


def test_the_table_of_styles_has_a_line_for_each_grammar() -> None:
    assert len(facts.table().splitlines()) == 2 + len(GRAMMAR_STYLES)
