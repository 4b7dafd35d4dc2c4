from __future__ import annotations

import errno
from datetime import datetime
from pathlib import Path

import pytest

from bridge.__main__ import main
from bridge.errors import BadRequest
from bridge.protocol.events import (
    ControlSet,
    GeneratorExited,
    PlayRequested,
    PromptRequested,
    RefineRequested,
    ScoreLaunchRequested,
    StopRequested,
)
from bridge.runtime.daemon import Daemon
from bridge.storage import kept_takes, scores
from bridge.storage.home import StorageError, write_atomically
from model.music import midifile
from model.music.plan import Plan
from tests.bridge.runtime.test_daemon import Client, run
from tests.support.virtual_band import Rig, latencies

NOW = datetime(2026, 11, 24, 4, 3, 12)
BAR = 1920


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def playing() -> Rig:
    rig = Rig(latencies(0, 0.01))
    rig.happen(ControlSet("seed", 11))
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 8)
    return rig


@pytest.mark.parametrize("controls", [{}, {"transpose": 2, "part/bass/octave": 1, "part/chords/level": 0.5}])
def test_a_kept_take_is_launched_by_its_name_at_the_next_line_and_goes_round(controls: dict[str, float]) -> None:
    rig = Rig(latencies(0, 0.01))
    for path, value in {"seed": 11, "humanise": 0.0, **controls}.items():
        rig.happen(ControlSet(path, value))
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 8)
    _, name = kept_takes.save(rig.session.kept_bars(2, rig.now), NOW)
    song = kept_takes.load(name).song
    score, left = scores.read(name)
    assert (score.title, left, len(score.beats)) == ("rain", "", 8)
    rig.happen(ScoreLaunchRequested(score))
    since = len(rig.sounded)
    rig.until(rig.now + 14)
    kept = sorted((n.start, n.pitch) for n in song.notes)
    heard = [(at, m.pitch) for at, _, m in rig.sounded[since:]]
    begins = next(b for b in range(BAR, 40 * BAR, BAR) if {(t - b, p) for t, p in heard} >= set(kept))
    assert {(t - begins - 2 * BAR, p) for t, p in heard} >= set(kept), "once more after its last bar"
    struck = {(t - begins, m.pitch, m.velocity) for t, _, m in rig.sounded[since:]}
    assert all(struck & {(n.start, n.pitch, n.velocity + d) for d in (-1, 0, 1)} for n in song.notes)
    with pytest.raises(ValueError, match="no piece"):
        scores.read("20001231-235959")


def test_what_is_kept_is_what_sounded_in_the_last_bars() -> None:
    rig = playing()
    rig.happen(PromptRequested("snow"))
    rig.until(rig.now + 4)
    kept = rig.session.kept_bars(4, rig.now)
    assert len(kept.song.bars) == 4
    last = int(rig.tempo.ticks_at(rig.now)) // BAR
    start = (last - 4) * BAR
    early = 40  # ticks: what is played that little before a bar line belongs to the bar behind it
    heard = sorted((max(0, t - start), m.pitch) for t, _, m in rig.sounded if start <= t + early < last * BAR)
    assert sorted((n.start, n.pitch) for n in kept.song.notes) == heard
    assert {b.prompt for b in kept.bars} == {"rain", "snow"}
    assert {b.seed for b in kept.bars} == {11}
    assert kept.controls == {"seed": 11}


def test_bars_tell_what_they_were_refined_by() -> None:
    rig = playing()
    rig.happen(RefineRequested("less busy"))
    rig.until(rig.now + 6)
    assert rig.session.kept_bars(2, rig.now).bars[-1].refined == "less busy"


def test_each_bar_tells_the_controls_that_it_began_under() -> None:
    rig = Rig(latencies(0, 0.01))
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 5)
    rig.happen(ControlSet("transpose", 5))
    rig.until(rig.now + 5)
    told = [dict(bar.controls) for bar in rig.session.kept_bars(8, rig.now).bars]
    turned = told.index({"transpose": 5})
    assert turned > 0
    assert told == [{}] * turned + [{"transpose": 5}] * (len(told) - turned)


def test_a_kept_file_says_the_keys_and_prompts_of_what_sounds_where_they_change() -> None:
    rig = Rig(
        latencies(0, 0.01), plan=lambda begin: Plan(key="D minor", meter="3/4" if begin.prompt == "snow" else "4/4")
    )
    rig.happen(ControlSet("key", "F# major"))
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 6)
    rig.happen(ControlSet("key", "auto"))
    rig.happen(PromptRequested("snow"))
    rig.until(rig.now + 6)
    rig.happen(ControlSet("transpose", 2))
    rig.until(rig.now + 6)
    song = rig.session.kept_bars(64, rig.now).song
    assert [song.key, *(key for _, key in song.keys)] == ["F# major", "D minor", "E minor"]
    assert [words for _, words in song.prompts] == ["rain", "snow"]
    assert {at for at, _ in song.prompts} <= {at for at, _ in song.bars}
    recorded = rig.session.recorded_song(rig.now)
    assert recorded is not None
    assert (recorded.key, recorded.prompts) == (song.key, song.prompts)
    filed = midifile.from_bytes(midifile.to_bytes(song))
    assert ([k for _, k in filed.keys], filed.prompts) == (["D minor", "E minor"], song.prompts)


def test_the_list_of_kept_takes_tells_all_that_sounds_in_each(own_home: Path) -> None:
    rig = Rig(latencies(0, 0.01), plan=lambda begin: Plan(meter="3/4" if begin.prompt == "snow" else "4/4"))
    rig.happen(ControlSet("tempo", 140))
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 6)
    rig.happen(ControlSet("tempo", 90))
    rig.happen(PromptRequested("snow"))
    rig.until(rig.now + 9)
    kept_takes.save(rig.session.kept_bars(64, rig.now), NOW)
    (told,) = kept_takes.list_kept()
    assert (told["words"], told["meter"], told["tempos"]) == ("rain → snow", "4/4 → 3/4", "140 → 90")


def test_nothing_is_kept_before_the_first_whole_bar() -> None:
    rig = Rig(latencies(0, 0.01))
    with pytest.raises(BadRequest, match="no whole bar"):
        rig.session.kept_bars(8, rig.now)


def test_the_memory_of_bars_is_bounded() -> None:
    rig = Rig(latencies(0, 0.001), plan=lambda begin: Plan(meter="2/4"))
    rig.happen(ControlSet("tempo", 300))
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 220)  # 550 bars
    assert len(rig.session.kept_bars(256, rig.now).song.bars) == 256
    assert len(rig.session.kept_bars(750, rig.now).song.bars) <= 2 * 256
    first = rig.session.kept_bars(1, rig.now).song
    assert first.tempos[0][1] == 300


def test_a_kept_take_is_replayed_byte_for_byte(own_home: Path, tmp_path: Path) -> None:
    kept = playing().session.kept_bars(3, playing().now)
    path, name = kept_takes.save(kept, NOW)
    assert path == own_home / "takes" / "20261124-040312.mid"
    assert kept_takes.load(name) == kept
    assert main(["replay", name, "-o", str(tmp_path / "again.mid")]) == 0
    assert (tmp_path / "again.mid").read_bytes() == path.read_bytes()
    assert kept_takes.save(kept, NOW)[1] == "20261124-040312-2"


def test_a_take_that_is_not_there_is_the_owners_to_mend(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "nobody"]) == 2
    assert "none is kept yet" in capsys.readouterr().err
    kept_takes.save(playing().session.kept_bars(1, playing().now), NOW)
    assert main(["replay", "../../etc/passwd"]) == 2
    assert "20261124-040312" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"song": {"bars": 3}, "bars": []}'])
def test_a_broken_take_is_told_in_one_line(content: str, own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own_home / "takes").mkdir(parents=True)
    (own_home / "takes" / "x.json").write_text(content)
    assert main(["replay", "x"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_full_disk_loses_nothing_that_was_kept(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = playing().session.kept_bars(1, playing().now)
    kept_takes.save(kept, NOW)

    def full(path: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match="make room"):
        kept_takes.save(kept, NOW)
    assert sorted(p.name for p in (own_home / "takes").iterdir()) == [
        "20261124-040312.json",
        "20261124-040312.mid",
    ]


def test_a_take_is_kept_whole_or_not_at_all(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_bytes

    def nearly_full(path: Path, data: bytes) -> int:
        if ".json" in path.name:
            write(path, data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", nearly_full)
    with pytest.raises(StorageError):
        kept_takes.save(playing().session.kept_bars(1, playing().now), NOW)
    assert list((own_home / "takes").iterdir()) == []


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_atomically(tmp_path / "taste.json", b"old")
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        write(path, data[:1])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match="make room"):
        write_atomically(tmp_path / "taste.json", b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("taste.json", b"old")]


def test_keep_answers_with_a_file_that_replays_after_a_restart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[tuple[object, ...]] = []

    async def steps(client: Client, daemon: Daemon) -> None:
        client.send("keep")
        assert (await client.until("error", "/llmball/keep")).args[1]
        client.send("tempo", 300)
        client.send("prompt", "rain")
        client.send("play")
        await client.until("beat", 4)
        client.send("keep", 2)
        told.append((await client.until("kept")).args)

    run(tmp_path, steps, capsys)
    path, name = map(str, told[0])
    assert len(midifile.read(Path(path)).bars) == 2
    assert main(["replay", name, "-o", str(tmp_path / "again.mid")]) == 0
    assert (tmp_path / "again.mid").read_bytes() == Path(path).read_bytes()


def test_what_plays_on_after_the_generator_died_is_kept_too() -> None:
    rig = playing()
    rig.happen(GeneratorExited())
    rig.until(rig.now + 4)
    assert len(rig.session.kept_bars(2, rig.now).song.notes) > 0
    rig.happen(StopRequested())
    assert rig.held == {}
