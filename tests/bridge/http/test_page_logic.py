"""What the page knows of takes, chords and what comes, run by Node without a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Node = Callable[[str], dict[str, Any]]
WORLD = """
globalThis.document = { getElementById: () => null };
globalThis.localStorage = { getItem: () => null, setItem() {} };
globalThis.location = { host: "" };
globalThis.setInterval = () => 0;
let seconds = 0;
globalThis.performance = { now: () => seconds * 1000 };
const { wire } = await import("%PAGE%/wire.js");
const said = {};
"""
TAKES = (
    WORLD
    + """
const { score } = await import("%PAGE%/score.js");
const { played } = await import("%PAGE%/played.js");
const enter = (id, words, key, at) => {
  wire.tell("words", words);
  wire.tell("coming", words, at);
  wire.tell("understood/key", key);
  seconds = at / 2 + 0.02;
  wire.tell("take", id);
  wire.tell("coming", "", -1);
};
const bars = (id, from, count) => {
  wire.tell("planned", Array.from({ length: count * 4 }, (_, i) => [from + i, (from + i) / 4 + 1 | 0, (from + i) % 4 + 1, ""]));
  for (let i = 0; i < count * 4; i++) wire.tell("note", id, "bass", 36 + i % 12, 90, from + i, 1);
};
const told = () => Object.fromEntries(played.takes.map((card) => { const song = played.songOf(card); return [card.words, song && [song.notes.length, song.quarters, song.key]]; }));
wire.tell("state", "playing");
enter("1", "house", "C minor", 0);
bars("1", 0, 4);
seconds = 6;
said.early = told();
enter("2", "waltz", "G major", 16);
bars("2", 16, 2);
seconds = 11;
said.both = told();
enter("1", "house", "C minor", 24);
bars("1", 24, 1);
seconds = 12.9;
said.again = told();
seconds = 14;
wire.tell("state", "idle");
wire.tell("state", "playing");
said.after = told();
enter("1", "polka", "D major", 0);
said.restarted = [told(), played.takes.map((card) => card.id)];
console.log(JSON.stringify(said));
"""
)


def test_a_take_keeps_what_it_played_while_others_play_and_after_a_stop(node: Node) -> None:
    said = node(TAKES)
    assert said["early"] == {"house": [12, 12, "C minor"]}, "as far as it has played"
    assert said["both"]["house"] == [16, 16, "C minor"], "whole, and in its own key"
    assert said["both"]["waltz"][0] in (6, 7)
    assert said["again"]["house"] == [16, 16, "C minor"], "a short return does not replace the long run"
    assert said["again"]["waltz"] == [8, 8, "G major"]
    assert said["after"] == said["again"]
    assert said["restarted"][0] == {"polka": None, **said["again"]}
    assert said["restarted"][1][0] == "1", "the number is the new daemon's"
    assert said["restarted"][1].count("1") == 1
