from __future__ import annotations

import errno
import io
import json
import os
import re
import shlex
import socket
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.__main__ import config, main
from bridge.cli import commands, doctor
from bridge.cli.arguments import COMMANDS, parser
from bridge.cli.doctor import Finding
from bridge.cli.help import HELP, SHELLS, START, examples
from bridge.config import VERSION, Config
from bridge.errors import OwnerError
from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.decoder.load import ENGINES
from model.generation.composer import Composer
from model.music import midifile
from model.music.plan import Plan
from model.prompt.encoder import hash_encoder
from tests.model.clips.test_clip import Metronome
from tests.support.tiny_engine import engine

Said = pytest.CaptureFixture[str]


def run_clip(*words: str, plan: Plan | None = None) -> Metronome:
    composer = Metronome(plan or Plan())
    assert commands.write_clips(parser().parse_args(["clip", *words]), lambda _: composer) == 0
    return composer


def test_a_clip_is_written_and_told_in_one_line(tmp_path: Path, capsys: Said) -> None:
    out = tmp_path / "out.mid"
    run_clip("x", "--bars", "2", "--seed", "5", "--tempo", "90", "--key", "E minor", "-o", str(out))
    song = midifile.read(out)
    assert (len(song.bars), song.key, round(song.tempos[0][1])) == (2, "E minor", 90)
    assert capsys.readouterr().out == f"{out}: 2 bars of 4/4, 90 bpm, E minor, 24 notes, seed 5\n"


def test_takes_are_numbered_files_with_seeds_that_follow_each_other(tmp_path: Path) -> None:
    composer = run_clip("x", "--takes", "3", "--seed", "2147483647", "-o", str(tmp_path / "out.mid"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out-1.mid", "out-2.mid", "out-3.mid"]
    assert list(dict.fromkeys(order.seed for order in composer.begun)) == [2147483647, 0, 1]


def test_a_file_without_a_name_is_called_after_its_words_and_writes_over_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    monkeypatch.chdir(tmp_path)
    composer = Composer(hash_encoder(), engine(1))
    run_clip("Dusty lo-fi, 82 bpm!", "--bars", "1")
    run_clip("Dusty lo-fi, 82 bpm!", "--bars", "1")
    run_clip("二胡独奏", "--bars", "1", "--takes", "2")
    run_clip("二胡独奏", "--bars", "1", "--takes", "1")
    for words, carried_out in (
        (["refine", "dusty-lo-fi-82-bpm.mid", "no drums"], commands.change_clip),
        (["harmonise", "dusty-lo-fi-82-bpm.mid"], commands.harmonise_clip),
    ):
        assert carried_out(parser().parse_args(words), lambda _: composer) == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        "dusty-lo-fi-82-bpm.mid", "dusty-lo-fi-82-bpm-2.mid", "二胡独奏-1.mid", "二胡独奏-2.mid", "二胡独奏-2-1.mid",
        "dusty-lo-fi-82-bpm-refined.mid", "dusty-lo-fi-82-bpm-harmonised.mid",
    }  # fmt: skip
    told = [line.split(":")[0] for line in capsys.readouterr().out.splitlines() if ": 1 bar of" in line]
    assert set(told) == names


@given(st.text(max_size=60))
def test_a_name_made_of_any_words_is_a_short_file_name_on_every_system(words: str) -> None:
    stem = commands.file_stem(words)
    assert 1 <= len(stem) <= commands.MAX_STEM
    assert all(character.isalnum() or character == "-" for character in stem)
    assert not stem.startswith("-")
    assert not stem.endswith("-")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_long_clip_tells_its_bars_on_a_terminal_and_wipes_the_line() -> None:
    terminal = Terminal()
    with commands.told_progress(Metronome(Plan()), 3, terminal) as writer:
        clip(writer, ClipSpec("x", 1, bars=3))
    said = terminal.getvalue()
    assert [part for part in said.split("\r") if part][:3] == [f"writing bar {n} of 3 " for n in (1, 2, 3)]
    assert said.endswith("\r\x1b[K")


def test_a_clip_whose_stderr_is_no_terminal_tells_no_progress() -> None:
    composer, pipe = Metronome(Plan()), io.StringIO()
    with commands.told_progress(composer, 3, pipe) as writer:
        assert writer is composer
    assert pipe.getvalue() == ""


def test_a_seed_that_was_not_given_is_drawn_and_told(tmp_path: Path, capsys: Said) -> None:
    composer = run_clip("x", "-o", str(tmp_path / "out.mid"))
    assert capsys.readouterr().out.endswith(f"seed {composer.begun[0].seed}\n")


def test_parts_chords_and_ending_reach_the_composer(tmp_path: Path) -> None:
    words = ["--parts", "drums, bass, chords", "--chords", "Am F | C G", "--ending", "cadence", "--bars", "2"]
    order = run_clip("x", *words, "-o", str(tmp_path / "out.mid")).begun[-1]
    assert (order.parts, order.controls.chords, order.bars) == (("chords", "bass", "drums"), "Am F | C G", 2)


def test_a_clip_goes_on_is_refined_and_has_its_melody_harmonised(tmp_path: Path) -> None:
    composer = Composer(hash_encoder(), engine(1))
    first, longer, refined, harmonised = (str(tmp_path / f"{n}.mid") for n in "abcd")
    for words, carried_out in (
        (["clip", "funk with drums", "--bars", "2", "-o", first], commands.write_clips),
        (["clip", "more", "--from", first, "--bars", "2", "-o", longer], commands.write_clips),
        (["refine", first, "no drums", "-o", refined], commands.change_clip),
        (["harmonise", first, "-o", harmonised], commands.harmonise_clip),  # its prompt may be left out
    ):
        assert carried_out(parser().parse_args(words), lambda _: composer) == 0
    a, b, c, d = (midifile.read(Path(f)) for f in (first, longer, refined, harmonised))
    assert (len(b.bars), set(a.notes) <= set(b.notes)) == (4, True)
    assert set(c.notes) == {n for n in a.notes if n.part != "drums"} < set(a.notes)
    assert {n for n in d.notes if n.part == "melody"} == {n for n in a.notes if n.part == "melody"}


@pytest.mark.parametrize(
    ("words", "law"),
    [
        (["clip", " ", "-o", "x.mid"], "a prompt has words"),
        (["clip", "x" * 2001, "-o", "x.mid"], "2000 characters at most, not 2001"),
        (["clip", "\udcff", "-o", "x.mid"], "UTF-8"),
        (["clip", "x", "-o", "nowhere/x.mid"], "its folder is not there"),
        (["refine", __file__, "x", "-o", "x.MP3"], "written as .mid or .wav"),
        (["clip", "x", "-o", "x.txt"], "written as .mid or .wav, not .txt"),
        (["clip", "x", "-o", "x.mid", "--bars", "0"], "--bars: is 1..256, not 0"),
        (["clip", "x", "-o", "x.mid", "--bars", "four"], "1..256, not four"),
        (["clip", "x", "-o", "x.mid", "--seed", "2147483648"], "--seed: is 0..2147483647, not"),
        (["clip", "x", "-o", "x.mid", "--tempo", "301"], "--tempo: is 20..300, or 0, not 301"),
        (["clip", "x", "-o", "x.mid", "--tempo", "nan"], "20..300"),
        (["clip", "x", "-o", "x.mid", "--key", "Q"], "unknown key"),
        (["clip", "x", "-o", "x.mid", "--meter", "11/8"], "11/8"),
        (["clip", "x", "-o", "x.mid", "--chords", "Xyz"], "Xyz"),
        (
            ["clip", "x", "-o", "x.mid", "--parts", "kazoo"],
            "--parts: takes some of chords, melody, bass, drums, pad, arp, perc, not 'kazoo'",
        ),
        (["clip", "x", "-o", "x.mid", "--takes", "0"], "is 1..99"),
        (["clip", "x", "-o", "x.mid", "--encoder", "nowhere"], "there is no folder nowhere"),
        (["serve", "--osc", "7411"], "HOST:PORT"),
        (["serve", "--osc", "127.0.0.1:70000"], "HOST:PORT"),
        (["serve", "--allow", "home"], "192.168.1.0/24"),
        (["serve", "--port-name", "a:b"], "no colon"),
        (["serve", "--sync", "moon"], "moon"),
        (["serve", "--backend", "oss"], "oss"),
        (["dance"], "dance"),
        (["completion", "cmd"], "cmd"),
    ],
)
def test_what_cannot_be_obeyed_is_refused_in_one_line_with_the_law(
    words: list[str], law: str, capsys: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(words)
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert said.count("\n") == 1
    assert law in said
    assert not [*tmp_path.iterdir()]


def test_the_options_of_serve_become_the_daemons_config() -> None:
    words = "serve --output none --backend jack --ports per-part --port-name Band --osc [::1]:0 --http none "
    words += "--sync internal --engine torch --allow 10.0.0.0/8 ::1 --trace t.txt --play"
    assert config(parser().parse_args([*words.split(), "a song"])) == Config(
        output="none",
        backend="jack",
        ports="per-part",
        port_name="Band",
        osc=("::1", 0),
        engine="torch",
        play="a song",
        allow=(ip_network("10.0.0.0/8"), ip_network("::1")),
        trace=Path("t.txt"),
    )
    assert config(parser().parse_args(["serve"])) == Config(http=("127.0.0.1", 7410))
    remote = parser().parse_args(["serve", "--http", "0.0.0.0:0", "--token", "a-long-token", "--zeroconf"])
    assert config(remote) == Config(http=("0.0.0.0", 0), token="a-long-token", zeroconf=True)


def test_llmball_alone_shows_the_first_steps(capsys: Said) -> None:
    with pytest.raises(SystemExit) as left:
        main([])
    said = capsys.readouterr().out
    assert left.value.code == 0
    assert all(name in said for name in COMMANDS)
    assert "first steps:" in said


def first_steps() -> list[str]:
    return re.findall(r"^  llmball (.+?)(?:   |$)", START.replace("COMMAND", "clip"), re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_describes_it_and_its_examples_are_accepted(
    name: str, capsys: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for there in ("song.mid", "song.txt"):
        (tmp_path / there).touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(SystemExit) as left:
        main([name, "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert left.value.code == 0
    assert " ".join(HELP[name].description.split()) in said
    for line in examples(name):
        assert " ".join(line.split()) in said
        assert parser(name).parse_args(shlex.split(line)[1:]).command == name
    for line in first_steps():
        assert "--help" in line or parser().parse_args(shlex.split(line)).command in COMMANDS


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_a_script_that_asks_llmball(shell: str, capsys: Said) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "llmball" in script
    assert "_ARGCOMPLETE" in script


def test_a_shell_that_asks_is_told_commands_options_and_choices(tmp_path: Path) -> None:
    def completed(line: str) -> set[str]:
        answer = tmp_path / "answer"
        asked = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_IFS": " "}
        env = os.environ | asked | {"_ARGCOMPLETE_STDOUT_FILENAME": str(answer)}
        subprocess.run([sys.executable, "-m", "bridge"], env=env, check=True, capture_output=True)
        return set(answer.read_text(encoding="utf-8").split())

    assert completed("llmball cl") == {"clip"}
    assert {"--tempo", "--temperature"} <= completed("llmball clip --te")
    assert completed("llmball serve --sync ") >= {"internal", "clock", "link", "host"}


def test_the_version_is_told(capsys: Said) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert (left.value.code, capsys.readouterr().out) == (0, f"llmball {VERSION}\n")


def test_the_owners_fault_is_one_line_and_exit_code_2(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    def refuse(_: object) -> int:
        raise OwnerError("the strings are missing: put them on")

    monkeypatch.setattr(commands, "show_plan", refuse)
    assert main(["understand", "x"]) == 2
    assert capsys.readouterr().err == "llmball understand: the strings are missing: put them on\n"


@pytest.mark.parametrize(
    ("limit", "remedy"),
    [
        (MemoryError(), "memory"), (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"), (OSError(errno.ENFILE, "x"), "ulimit -n"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "memory"),
    ],
)  # fmt: skip
def test_a_limit_of_the_machine_is_one_line_and_exit_code_2(
    limit: Exception, remedy: str, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    def met(*_: object) -> int:
        raise limit

    monkeypatch.setattr(commands, "show_plan", met)
    assert main(["understand", "rain"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert remedy in line


def test_an_interrupted_command_leaves_quietly(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "write_clips", interrupted)
    assert main(["clip", "x", "-o", "x.mid"]) == 130
    assert capsys.readouterr().err == ""


def test_understand_prints_every_field_of_the_plan_as_json(capsys: Said) -> None:
    assert main(["understand", "jazz waltz in D dorian, 140 bpm, 16 bars, Dm9 G13", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["tempo"], said["key"], said["meter"], said["bars"]) == (140, "D dorian", "3/4", 16)
    assert said["progression"] == ["Dm9", "G13"]
    assert {"tempo", "key", "bars", "progression"} <= set(said["explicit"])
    levels = [said[name] for name in ("density", "energy", "brightness", "complexity")]
    assert all(0 <= level <= 1 for level in levels)


def test_understand_names_the_words_that_are_not_met_and_what_clips_do(capsys: Said) -> None:
    assert main(["understand", "jazz with vocals, drop at bar 9"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "* in clips     form: drop at bar 9" in lines
    assert any(line.startswith("not met: “vocals”: ") for line in lines)
    assert main(["understand", "jazz with vocals", "--json"]) == 0
    assert [words for words, _ in json.loads(capsys.readouterr().out)["unread"]] == ["vocals"]


def test_understand_prints_what_else_a_field_might_have_been(capsys: Said) -> None:
    assert main(["understand", "calm piano, 72 bpm", "--distribution"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["tempo"] == {"median": 72.0, "low": 72.0, "high": 72.0}
    assert sum(told["style"].values()) == pytest.approx(1)


def test_understand_prints_a_table_with_what_was_stated_marked(capsys: Said) -> None:
    assert main(["understand", "calm piano, 72 bpm"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "* tempo        72" in lines
    assert any(line.startswith("  density") for line in lines)


def test_the_doctor_exits_with_2_only_when_something_needed_is_missing(capsys: Said) -> None:
    fine = Finding("Python", "3.11.0")
    optional = Finding("JACK", "no server answers", "start jackd")
    needed = Finding("weights", "none", "install again", fatal=True)
    assert doctor.run_checks([lambda: fine, lambda: optional]) == 0
    assert doctor.run_checks([lambda: fine, lambda: needed]) == 2
    said = capsys.readouterr().out
    assert "ok Python    3.11.0\n" in said
    assert "-- JACK      no server answers - start jackd\n" in said


def test_the_doctor_finds_our_encoder_and_our_weights_in_order() -> None:
    for look in (doctor.python, doctor.realtime, doctor.engine, doctor.encoder, doctor.weights):
        assert not look().fatal
    assert doctor.engine().result.split()[0] in ENGINES


def test_the_doctor_says_what_works_without_a_midi_binding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "supriya_midi", None)
    finding = doctor.midi()
    assert finding.remedy is not None
    assert "browser" in finding.remedy
    assert not finding.fatal


def test_the_doctor_sees_that_the_osc_port_is_taken() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = doctor.osc_port(port=other.getsockname()[1])
    assert taken.remedy is not None
    assert "--osc" in taken.remedy


@pytest.mark.parametrize("found", [None, ("jack", ["synth:in"], [])])
def test_ports_are_listed_or_their_lack_is_told(
    found: tuple[str, list[str], list[str]] | None, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    monkeypatch.setattr(doctor, "list_ports", lambda _: found)
    assert main(["ports"]) == (2 if found is None else 0)
    out, err = capsys.readouterr()
    assert ("  synth:in\n" in out) == (found is not None)
    assert (err.count("\n") == 1) == (found is None)


@pytest.mark.parametrize(("platform", "midi_system"), [("darwin", "coremidi"), ("win32", "winmm"), ("linux", None)])
def test_the_doctor_works_on_every_system(
    platform: str, midi_system: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(doctor, "find_backend", {"auto": midi_system, "jack": None}.__getitem__)
    assert (doctor.midi().remedy is None) == (midi_system is not None)
    assert doctor.jack().remedy is not None
    assert not doctor.realtime().fatal


def test_link_without_its_extra_is_refused_with_the_remedy(
    capsys: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "link", None)
    assert main(["serve", "--sync", "link", "--osc", "127.0.0.1:0", "--http", "none", "--output", "none"]) == 2
    assert "pip install 'llmball[link]'" in capsys.readouterr().err
