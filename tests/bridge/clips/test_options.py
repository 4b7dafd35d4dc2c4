"""One table, two readers: what the command line and a clip message make of the same words."""

from __future__ import annotations

import pytest

from bridge.cli.arguments import parser
from bridge.clips.options import OPTIONS, clip_spec, keep_spec, read_message
from bridge.errors import BadRequest
from bridge.protocol.controls import Value
from model.music.notes import PARTS

WORDS: dict[str, Value] = {
    "parts": "bass, chords", "tempo": 82.5, "key": "d-moll", "meter": "3/4", "chords": "Dm A7", "density": 0.25, "energy": -1,
    "brightness": 1, "complexity": 0.5, "temperature": 0.75, "guidance": 2, "ending": "cadence", "keep": "bass", "redo": "3-4,7",
}  # fmt: skip


@pytest.mark.parametrize("name", [o.name for o in OPTIONS.values() if o.in_message and o.in_command])
def test_an_option_means_the_same_on_the_command_line_and_in_a_message(name: str) -> None:
    sent = read_message([(name, WORDS[name])])
    command = ["clip", "rain", "-o", "x.mid", f"--{name}={WORDS[name]}"]
    typed = vars(parser().parse_args(command))
    assert sent[name] == typed[name] != OPTIONS[name].default or WORDS[name] == -1
    assert clip_spec("rain", 5, None, sent) == clip_spec("rain", 5, None, typed)
    assert keep_spec(sent) == keep_spec(typed)


@pytest.mark.parametrize("name", [o.name for o in OPTIONS.values() if o.in_message])
def test_auto_leaves_an_option_of_a_message_to_the_words(name: str) -> None:
    assert read_message([(name, "auto")]) == read_message([])


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("tempo", 900, "tempo: is 20..300, or 0, not 900"), ("bars", 3, "'bars' is no option of a message"), ("from", 1.5, "not 1.5"),
        ("refine", 2, r"is 0\.\.1, not 2"), ("parts", "", "takes some of"), ("redo", "4-3", "that rise"), ("redo", "x", "such as 3-4,7"),
        ("ending", "fade", "is loop or cadence"), ("encoder", "x", "no option"), ("meter", "11/8", "11/8"),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_used_is_refused_by_name(name: str, value: Value, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason):
        read_message([(name, value)])


@pytest.mark.parametrize("beside", [("parts", "drums"), ("parts", "bass,drums"), ("keep", "bass,drums")])
def test_parts_that_are_redone_beside_others_or_kept_too_are_refused(beside: tuple[str, str]) -> None:
    with pytest.raises(BadRequest, match="say one"):
        clip_spec("rain", 5, None, read_message([("redo", "3-4,bass"), beside]))
    clip_spec("rain", 5, None, read_message([("redo", "bass"), ("parts", "bass"), ("keep", "drums")]))


@pytest.mark.parametrize(
    ("options", "bars", "others_stay"),
    [
        ({"redo": "bass"}, None, True), ({"redo": "3-4, bass"}, {2, 3}, True), ({"redo": "3-4", "parts": "bass"}, {2, 3}, True),
        ({"redo": "3-4"}, {2, 3}, False),
    ],
)  # fmt: skip
def test_parts_that_are_named_are_redone_and_all_others_stay(
    options: dict[str, Value], bars: set[int] | None, others_stay: bool
) -> None:
    read = read_message(list(options.items()))
    kept = keep_spec(read)
    assert kept is not None
    assert kept.redone == bars
    assert kept.parts == (frozenset(PARTS) - {"bass"} if others_stay else frozenset())
    assert clip_spec("rain", 5, None, read).parts == (("bass",) if others_stay else None)
