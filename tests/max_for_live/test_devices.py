"""The Max for Live devices as files: read strictly, built anew byte for byte, every object known, every cord joined."""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from bridge.__main__ import main
from bridge.cli import install_device as installing
from max_for_live.build import SCRIPTS, build
from max_for_live.picture import HIDES, cord, name_in, text_in, wrapped
from model.music.drums import ROLES, drum_map
from tests.max_for_live.amxd import Device, NotADeviceError, read

FOLDER = Path(__file__).parents[2] / "max_for_live"
NAMES = ("LLMBall.amxd", "LLMBall Generator.amxd")
HEIGHTS = {"LLMBall.amxd": 169, "LLMBall Generator.amxd": 147}
OBJECTS: dict[str, Any] = json.loads((FOLDER / "objects.json").read_text(encoding="utf-8"))
Box = dict[str, Any]


def device(name: str) -> Device:
    return read((FOLDER / "dist" / name).read_bytes(), name)


def boxes(name: str) -> list[Box]:
    return [held["box"] for held in device(name).patcher["boxes"]]


def parameters(name: str) -> list[tuple[Box, dict[str, Any]]]:
    return [(b, b["saved_attribute_attributes"]["valueof"]) for b in boxes(name) if b.get("parameter_enable")]


def shown(name: str) -> list[tuple[Box, list[float]]]:
    return [(b, b["presentation_rect"]) for b in boxes(name) if b.get("presentation")]


def main_script(name: str) -> str:
    return next(data for file, data in device(name).files.items() if "screen" not in file).decode()


def known(box: Box) -> str:
    return str(box["text"].split(" ")[0] if box["maxclass"] == "newobj" else box["maxclass"])


@pytest.mark.parametrize("name", NAMES)
def test_a_device_reads_strictly_and_holds_its_script(name: str) -> None:
    found = device(name)
    assert found.kind == ("midi effect" if name == NAMES[0] else "midi generator")
    own = [b["text"].split(" ")[1] for b in boxes(name) if known(b) == "js"]
    own += [b["filename"] for b in boxes(name) if known(b) == "jsui"]
    assert set(found.files) == set(own) <= set(SCRIPTS)
    assert {d["name"] for d in found.patcher["dependency_cache"]} == set(found.files)
    for script, content in found.files.items():
        for room in SCRIPTS[script]:
            assert (FOLDER / "code" / f"{room}.js").read_bytes() in content, room


def test_the_reader_refuses_a_device_that_is_not_whole() -> None:
    data = (FOLDER / "dist" / NAMES[0]).read_bytes()
    for broken in (data[:-1], data[:8] + b"nagg" + data[12:], data[:20] + b"\0" + data[21:], data + b"\0"):
        with pytest.raises(NotADeviceError):
            read(broken, NAMES[0])


def test_the_sources_give_the_same_bytes_again(tmp_path: Path) -> None:
    build(tmp_path)
    shipped = {p.name: p.read_bytes() for p in (FOLDER / "dist").iterdir()}
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == shipped, "run make devices and commit what it wrote"
    for line in shipped["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(shipped[name]).hexdigest() == digest


@pytest.mark.parametrize("name", NAMES)
def test_every_object_is_known_with_its_ports_and_a_source(name: str) -> None:
    for box in boxes(name):
        entry = OBJECTS[known(box)]
        assert entry["source"]
        assert bool(entry.get("interface")) == (box["maxclass"] != "newobj")
        if not entry.get("arguments"):
            said = (box["numinlets"], box.get("outlettype", []))
            pipe = known(box) in ("pipe", "unpack")
            assert pipe or said == (entry["in"], entry["out"]), box["id"]


EVERY_BOX = {
    "id", "maxclass", "text", "hidden", "numinlets", "numoutlets", "outlettype", "patching_rect", "presentation", "presentation_rect",
    "parameter_enable", "varname", "annotation", "annotation_name", "hint", "saved_attribute_attributes",
}  # fmt: skip
"""Keys that Max writes for any box, or for any control that Live keeps."""


@pytest.mark.parametrize("name", NAMES)
def test_every_attribute_is_in_the_table_with_its_source(name: str) -> None:
    for box in boxes(name):
        told: dict[str, str] = OBJECTS[known(box)].get("attributes", {})
        bound = set(box.get("saved_attribute_attributes", {})) - {"valueof"}
        typed = {word[1:] for word in box.get("text", "").split() if word.startswith("@")}
        own = (set(box) - EVERY_BOX) | bound | (typed if box["maxclass"] == "newobj" else set())
        assert all(told.get(attribute) for attribute in own), (box["id"], own - told.keys())


@pytest.mark.parametrize("name", NAMES)
def test_every_cord_joins_ports_that_exist(name: str) -> None:
    by_id = {b["id"]: b for b in boxes(name)}
    assert len(by_id) == len(boxes(name))
    joined = set()
    for held in device(name).patcher["lines"]:
        (a, out), (b, into) = held["patchline"]["source"], held["patchline"]["destination"]
        assert 0 <= out < by_id[a]["numoutlets"], (a, out)
        assert 0 <= into < by_id[b]["numinlets"], (b, into)
        joined |= {a, b}
    loose = [
        b["id"] for b in boxes(name) if b["id"] not in joined and known(b) not in ("comment", "live.comment", "panel")
    ]
    assert not loose, "an object without a cord does nothing"


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_has_its_range_its_beginning_its_unit_and_its_words(name: str) -> None:
    long = [value["parameter_longname"] for _, value in parameters(name)]
    assert len(set(long)) == len(long)
    for box, value in parameters(name):
        told = value["parameter_longname"]
        assert len(value["parameter_shortname"]) <= 8, told
        assert value["parameter_info"].endswith("."), told
        assert box["annotation"] == box["hint"] == value["parameter_info"], told
        assert value["parameter_initial_enable"] == 1, told
        assert "parameter_unitstyle" in value, told
        (first,) = value["parameter_initial"]
        if value["parameter_type"] == 2:
            assert value["parameter_mmax"] == len(value["parameter_enum"]) - 1, told
            assert 0 <= first <= value["parameter_mmax"], told
        elif value["parameter_type"] in (0, 1):
            assert value["parameter_mmin"] <= first <= value["parameter_mmax"], told
            assert value["parameter_type"] == 0 or value["parameter_mmax"] - value["parameter_mmin"] < 256, told
    registered = device(name).patcher["parameters"]
    assert {registered[b["id"]][0] for b, _ in parameters(name)} == set(long)
    for page in registered["parameterbanks"].values():
        assert len(page["parameters"]) == 8
        assert set(page["parameters"]) <= {*long, "-"}


def test_the_names_that_sets_remember_are_frozen() -> None:
    snapshot = (FOLDER / "names.txt").read_text(encoding="utf-8").splitlines()
    now = [f"{name}\t{value['parameter_longname']}" for name in NAMES for _, value in parameters(name)]
    assert now[: len(snapshot)] == snapshot or set(snapshot) <= set(now), "a name in somebody's set is gone"
    assert set(now) <= set(snapshot), "new names go into max_for_live/names.txt, for ever"


NEVER_BOTH = {frozenset(("new_scene", "apply")), frozenset(("new_scene", "discard"))}
"""What the script never shows at one time."""


@pytest.mark.parametrize("name", NAMES)
def test_nothing_overlaps_and_nothing_is_outside(name: str) -> None:
    width = device(name).patcher["devicewidth"]
    assert device(name).patcher["openrect"][3] == HEIGHTS[name]
    views = shown(name)
    for box, rect in views:
        assert all(float(v).is_integer() for v in rect)
        x, y, w, h = rect
        assert min(x, y) >= 0, box["id"]
        assert x + w <= width, box["id"]
        assert y + h <= HEIGHTS[name], box["id"]
    for view in ("presentation_rect", "patching_rect"):
        placed = [b for b in boxes(name) if view in b]
        for i, one in enumerate(placed):
            for other in placed[i + 1 :]:
                if frozenset((one.get("varname"), other.get("varname"))) in NEVER_BOTH:
                    continue
                (ax, ay, aw, ah), (bx, by, bw, bh) = one[view], other[view]
                apart = ax + aw <= bx or bx + bw <= ax or ay + ah <= by or by + bh <= ay
                assert apart, (
                    f"{view}: {one.get('varname', one['id'])} {one[view]} on {other.get('varname', other['id'])} {other[view]}"
                )


@pytest.mark.parametrize("name", NAMES)
def test_no_cord_of_the_patching_view_runs_through_a_heading_and_every_name_fits_into_its_box(name: str) -> None:
    placed = {b["id"]: b for b in boxes(name)}
    headings = [b["patching_rect"] for b in placed.values() if known(b) == "comment"]
    for held in device(name).patcher["lines"]:
        (a, out), (b, into) = held["patchline"]["source"], held["patchline"]["destination"]
        for x, y in cord(placed[a], out, placed[b], into):
            assert not any(u < x < u + w and v < y < v + h for u, v, w, h in headings), (placed[a], placed[b])
    for box in placed.values():
        assert 5.6 * len(name_in(box)) + 4 <= box["patching_rect"][2], name_in(box)


def test_both_halves_of_the_patching_view_are_used() -> None:
    rects = [b["patching_rect"] for b in boxes(NAMES[0])]
    middle = max(x + w for x, _, w, _ in rects) / 2
    right = sum(x > middle for x, *_ in rects)
    assert 0.35 <= right / len(rects) <= 0.65
    low = max(y + h for _, y, _, h in rects)
    assert max(y + h for x, y, _, h in rects if x > middle) >= 0.9 * low


def test_what_has_no_say_is_not_on_the_face_and_generate_shouts() -> None:
    by_name = {b["varname"]: b for b in boxes(NAMES[0]) if "varname" in b}
    for one in (
        "mode",
        "lead",
        "streamed_part",
        "menu_hear",
        "groove",
        "apply",
        "discard",
        "new_scene",
        "set_live_tempo",
    ):
        assert by_name[one]["hidden"] == 1, one
    assert {name for names in HIDES.values() for name in names} <= set(by_name)
    for name in NAMES:
        views = {b["varname"]: r for b, r in shown(name) if b["maxclass"] == "live.text"}
        areas = sorted(
            (w * h for one, (_, _, w, h) in views.items() if one not in ("generate", "new_scene")), reverse=True
        )
        _, _, width, height = views["generate"]
        assert width * height >= 2 * areas[0] or name == NAMES[1]
        loud = [b["varname"] for b, _ in shown(name) if "activebgcolor" in b]
        assert loud == (["generate", "apply"] if name == NAMES[0] else ["generate"])


def test_no_short_name_reads_as_something_else() -> None:
    for name in NAMES:
        told = {value["parameter_shortname"] for _, value in parameters(name)}
        told |= {b["text"] for b, _ in shown(name) if "text" in b}
        assert not told & {"Temp", "Guide", "That, but"}


def test_what_the_patch_says_the_script_understands() -> None:
    for name in NAMES:
        text = main_script(name)
        for box in boxes(name):
            if box["maxclass"] == "message" and box["text"] not in ("stop", "clear"):
                assert f"function {box['text']}(" in text, box["text"]
            if box.get("text", "").startswith("prepend param "):
                assert f"{box['text'].split()[2]}:" in text, box["text"]


def test_the_devices_are_copied_to_where_live_looks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["device", "install", "--to", str(tmp_path)]) == 0
    assert [Path(line).name for line in capsys.readouterr().out.splitlines()] == list(NAMES)
    for name, place in installing.DESTINATIONS.items():
        assert (tmp_path / place / name).read_bytes() == (FOLDER / "dist" / name).read_bytes()


def test_without_a_terminal_it_has_to_be_said_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["device", "install"]) == 2
    assert "--to" in capsys.readouterr().err


def contrast(a: str, b: str) -> float:
    """Return the contrast of two colours, 1..21 (WCAG 2.1)."""
    light = sorted((_luminance(a), _luminance(b)))
    return (light[1] + 0.05) / (light[0] + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_is_read_stands_out_and_fits(name: str) -> None:
    for box, (_, _, width, height) in shown(name):
        said, colour, behind = text_in(box)
        assert contrast(colour, behind) >= 4.5, box["id"]
        lines = wrapped(said, width)
        assert len(lines) * 12 <= max(height, 12), f"{said!r} is taller than its box"
        assert max(map(len, lines)) * 5 <= width or box["maxclass"] == "textedit", f"{said!r} is wider than its box"


@pytest.mark.parametrize("name", NAMES)
def test_whatever_the_script_says_fits_into_two_lines_of_the_view(name: str) -> None:
    text = main_script(name)
    (width,) = (rect[2] for box, rect in shown(name) if box.get("varname") == "status")
    constants = re.search(r'READY: "Ready".*?\};', text, re.S)
    assert constants is not None
    said = re.findall(r': "([^"]+)"', constants[0]) + re.findall(r'status\("([^"]+)"\)', text)
    assert len(said) > 20
    for words in said:
        assert len(wrapped(words, width)) <= 2, words
    (seen,) = re.findall(r"SEEN = (\d+)\b", text)
    assert int(seen) * 5 <= 2 * width


def test_the_roles_of_the_kit_are_the_model_s_with_its_rack_of_sixteen() -> None:
    text = (FOLDER / "code" / "kit.js").read_text(encoding="utf-8")
    rack = drum_map("rack16")
    found = {role: (int(gm), int(pad)) for role, gm, pad in re.findall(r'\["(\w+)", (\d+), (\d+)\]', text)}
    assert found == {role: (note, rack[note]) for role, note in ROLES.items()}


@pytest.mark.parametrize("name", NAMES)
def test_every_control_reaches_the_script_and_every_send_is_received(name: str) -> None:
    joined: dict[str, set[str]] = {}
    for held in device(name).patcher["lines"]:
        joined.setdefault(held["patchline"]["source"][0], set()).add(held["patchline"]["destination"][0])
    texts = {b["id"]: b.get("text", "") for b in boxes(name)}
    sent = {text[2:] for text in texts.values() if text.startswith("s ---")}
    assert sent == {text[2:] for text in texts.values() if text.startswith("r ---")}
    for one, text in texts.items():
        if text.startswith("s ---"):
            joined[one] = {b for b, t in texts.items() if t == f"r {text[2:]}"}
    for box, value in parameters(name):
        reached, todo = set[str](), {box["id"]}
        while todo:
            reached |= todo
            todo = {b for a in todo for b in joined.get(a, ())} - reached
        assert any(texts[b].startswith("js ") for b in reached), value["parameter_longname"]


def test_the_pages_of_a_push_have_names_and_hold_what_a_hand_may_turn() -> None:
    pages = device(NAMES[0]).patcher["parameters"]["parameterbanks"]
    automated = {v["parameter_longname"] for _, v in parameters(NAMES[0]) if not v.get("parameter_invisible")}
    assert [page["name"] for page in pages.values()] == ["Sound", "Band"]
    assert {name for page in pages.values() for name in page["parameters"]} <= automated
