"""The device and the daemon, end to end over UDP: what lies in Live's clips is what `llmball clip` writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.__main__ import main
from model.music import midifile
from model.music.notes import USUAL_PARTS
from tests.support import real_programs
from tests.support.clip_client import lossy
from tests.support.mock_live_set import BARS, SCRIPT, answered

TRACKS = {"chords": "keys", "melody": "melody", "bass": "bass", "drums": "drums"}
JOBS: list[dict[str, Any]] = [
    {"prompt": "dusty lo-fi chords in D minor, 82 bpm", "seed": 17, "bars": 2},
    {"prompt": "温暖的国风, 古筝; 慢", "seed": 3, "bars": 3},
    {"prompt": "techno", "seed": 5, "bars": 2, "params": {"density": 81, "chords": 0, "key": 5, "mode": 1}},
]
OPTIONS = [[], [], ["--density", "0.8", "--parts", "melody,bass,drums", "--key", "Eb minor"]]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with real_programs.daemon("--output", "none", env={}, folder=tmp_path_factory.mktemp("serve")) as daemon:
        yield daemon.osc


def commanded(folder: Path, job: dict[str, Any], options: list[str]) -> dict[str, list[tuple[int, int, int, int]]]:
    out = folder / "out.mid"
    told = ["--tempo", "120", "--meter", "4/4", "--bars", str(BARS[job["bars"]]), "--seed", str(job["seed"])]
    if "--parts" not in options:
        told += ["--parts", ",".join(USUAL_PARTS)]
    assert main(["clip", job["prompt"], *told, *options, "-o", str(out)]) == 0
    song = midifile.read(out)
    return {
        TRACKS[part]: sorted((n.start, n.pitch, n.length, n.velocity) for n in song.notes if n.part == part)
        for part in USUAL_PARTS
    }


def in_ticks(notes: list[list[float]]) -> list[tuple[int, int, int, int]]:
    return sorted((round(480 * s), round(p), round(480 * n), round(v)) for p, s, n, v in notes)


def test_the_clips_in_live_are_those_of_the_command_line(
    address: tuple[str, int], tmp_path: Path, needs: Callable[[str, str], str]
) -> None:
    needs("node", "Node.js 18 or later")
    for job, options in zip(JOBS, OPTIONS, strict=True):
        (found,) = answered(address, [job])
        assert found["beats"] == 4 * BARS[job["bars"]], found["status"]
        expected = commanded(tmp_path, job, options)
        for track, notes in found["notes"].items():
            assert in_ticks(notes) == expected[track], (job["prompt"], track)


def test_through_a_network_that_loses_a_tenth_clips_are_whole_or_refused(
    address: tuple[str, int], needs: Callable[[str, str], str]
) -> None:
    needs("node", "Node.js 18 or later")
    jobs = [{"prompt": f"calm piano number {i}", "seed": i, "bars": 1} for i in range(12)]
    plain = {job["seed"]: job["notes"] for job in answered(address, jobs, 3)}
    with lossy(address, 0.1, seed=2) as proxy:
        found = answered(proxy, jobs, 3)
    assert len(found) == len(jobs)
    for job in found:
        assert job["notes"] == plain[job["seed"]] or not any(job["notes"].values()), job["status"]
    assert sum(any(job["notes"].values()) for job in found) >= 10


def in_ten_tracks(address: tuple[str, int], node: str) -> list[dict[str, Any]]:
    """Return what each step of hear_e2e.js found: a scene heard, another part, drums, the arrangement."""
    ran = subprocess.run(
        [node, str(SCRIPT.with_name("hear_e2e.js")), *map(str, address)], capture_output=True, text=True, timeout=120,
        env=os.environ | {"PYTHON": sys.executable}, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_in_a_set_of_ten_tracks_the_missing_part_is_written_shown_applied_and_taken_back_though_a_tenth_of_the_packets_is_lost(
    address: tuple[str, int], needs: Callable[[str, str], str]
) -> None:
    node = needs("node", "Node.js 18 or later")
    plain = in_ten_tracks(address, node)
    with lossy(address, 0.1, seed=2) as proxy:
        lost = in_ten_tracks(proxy, node)
    whole, discarded, applied, drums, arrangement = plain
    assert [step["notes"] for step in lost] == [step["notes"] for step in plain]
    for step in (*plain, *lost):
        assert step["untouched"], step["step"]
        assert not step["open"], step["step"]
        assert not step["refused"], step["step"]
        assert "A minor" in step.get("understood", ""), step
        assert len(step["notes"]) >= 8, step["step"]
    assert max(start + length for _, start, length, _ in whole["notes"]) > 12, "as long as what was heard"
    for step in (discarded, applied):
        assert step["asks"]
        assert "taken" in step["status"]
    assert discarded["kept"]
    assert discarded["notes"] == whole["notes"]
    assert applied["back"]
    assert applied["notes"] != whole["notes"]
    roots = {0: 9, 4: 5, 8: 0, 12: 7}  # Am F C/G G, by their basses or roots
    first = {start: pitch % 12 for pitch, start, _, _ in reversed(whole["notes"]) if start in roots}
    assert sum(first.get(at) == root for at, root in roots.items()) >= 3, first
    assert {pitch for pitch, *_ in drums["notes"]} >= {36, 38}
    assert arrangement["start"] == 32


@pytest.mark.long
def test_four_instances_stream_four_parts_from_a_daemon_that_follows_live(
    tmp_path: Path, needs: Callable[[str, str], str]
) -> None:
    node = needs("node", "Node.js 18 or later")
    with real_programs.daemon("--output", "none", "--sync", "host", env={}, folder=tmp_path) as daemon:
        ran = subprocess.run(
            [node, str(SCRIPT.with_name("stream_e2e.js")), *map(str, daemon.osc), "60", "4"], capture_output=True, text=True, timeout=90,
            env=os.environ | {"PYTHON": sys.executable}, check=True,
        )  # fmt: skip
    for line in map(json.loads, ran.stdout.splitlines()):
        assert line["notes"] >= 4, line
        # the mock reads Live's time 12 ms late in steps of 20: out of time would be up to 62, half a sixteenth
        assert line["off"] <= 35, line
