from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import BadRequest, OwnerError
from bridge.protocol.controls import CONTROLS, Value
from bridge.protocol.midi_learn import MidiBinding
from bridge.runtime.daemon import Daemon
from bridge.storage import sets
from bridge.storage.sets import Set, from_toml
from tests.bridge.runtime.test_daemon import Client, run

DEFAULTS = {path: control.default for path, control in CONTROLS.items()}


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


values: dict[str, st.SearchStrategy[Value]] = {
    "tempo": st.floats(20, 300), "density": st.floats(0, 1), "transpose": st.integers(-24, 24), "quantize": st.sampled_from(["now", "8bars"]),
    "key": st.just("D dorian"), "part/bass/enabled": st.just(0),
}  # fmt: skip
words = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30).filter(
    lambda t: any(c.isalnum() for c in t)
)


@given(
    st.fixed_dictionaries({}, optional=values),
    st.dictionaries(st.integers(1, 16), words),
    st.dictionaries(
        st.builds(MidiBinding, st.sampled_from(["note", "cc"]), st.integers(1, 16), st.integers(0, 127)),
        st.sampled_from(["back", "cue fill", "bank/3/launch", "morph/x"]),
    ),
    st.dictionaries(st.integers(1, 16), st.just("basement-sermon")),
)
def test_a_set_reads_back_as_it_was_saved(
    controls: dict[str, Value], bank: dict[int, str], pads: dict[MidiBinding, str], scores: dict[int, str]
) -> None:
    set_ = Set(DEFAULTS | controls, bank, pads, scores)
    assert from_toml(set_.to_toml()) == set_


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[controls]\ntempo = 900", "tempo"), ("[controls]\nwarp = 1", "warp"), ("[bank]\n17 = 'x'", "17"), ("[bank]\n1 = ''", "bank slot 1"),
        ("[pads]\n'note 1' = 'back'", "a touch"), ("[pads]\n'cc 1 2' = 'explode'", "explode"), ("[colours]", "colours"), ("tempo = ", "Invalid"),
        ("controls = 3", "table"),
    ],
)  # fmt: skip
def test_a_fault_in_a_set_is_named(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        from_toml(text)


@pytest.mark.parametrize("name", ["../x", "", "a/b", "x" * 65, ".hidden", "C:x"])
def test_a_clients_name_is_no_path(name: str) -> None:
    with pytest.raises(BadRequest):
        sets.set_path(name)


def test_the_owners_set_is_refused_with_its_fault(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("[controls]\ntempo = 900\n")
    with pytest.raises(OwnerError, match=r"x\.toml: /llmball/tempo"):
        sets.load_set(path)


def test_a_set_is_saved_and_loaded_by_clients(
    own_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def steps(client: Client, daemon: Daemon) -> None:
        client.send("density", 0.25)
        client.send("bank/2/store", "snow")
        client.send("set/save", "friday night")
        await client.until("set/saved")
        client.send("density", -1)
        client.send("set/load", "friday night")
        await client.until("set/loaded", "friday night")
        client.send("density")
        assert (await client.until("density")).args == (0.25,)
        client.send("bank/2/launch")
        await client.until("understood/key")
        client.send("set/load", "nobody")
        assert "cannot be read" in str((await client.until("error", "/llmball/set/load")).args[1])

    run(tmp_path, steps, capsys)
    assert "density" in (own_home / "sets" / "friday night.toml").read_text()
