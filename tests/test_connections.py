from __future__ import annotations

from bridge.jack import JackDoor
from bridge.jackport import Connections


class Door(JackDoor):
    """A port of ours among others that a test lets come and go."""

    def __init__(self, *there: str) -> None:
        self.there, self.joined = set(there), set(there)

    def connections(self) -> tuple[str, ...]:
        return tuple(sorted(self.joined))

    def exists(self, name: str) -> bool:
        return name in self.there

    def connect(self, other: str) -> bool:
        self.joined.add(other)
        return True


def test_a_synth_that_goes_is_told_and_connected_again_when_it_comes_back() -> None:
    door = Door("synth:in")
    connections = Connections(door)
    assert connections.check() == []
    door.there, door.joined = set(), set()
    assert connections.check() == ["synth:in is gone"]
    assert connections.check() == []
    door.there = {"synth:in"}
    assert connections.check() == ["synth:in is connected again"]
    assert door.joined == {"synth:in"}


def test_a_synth_that_is_looked_at_while_it_goes_is_not_taken_for_one_that_its_owner_took_off() -> None:
    door = Door("synth:in")
    connections = Connections(door)
    connections.check()
    door.joined = set()  # JACK takes a client's connections before its ports
    assert connections.check() == []
    assert connections.kept == {"synth:in"}
    door.there = set()
    assert connections.check() == ["synth:in is gone"]
    door.there = {"synth:in"}
    assert connections.check() == ["synth:in is connected again"]


def test_a_synth_that_its_owner_takes_off_is_left_alone() -> None:
    door = Door("synth:in")
    connections = Connections(door)
    connections.check()
    door.joined = set()
    assert [connections.check() for _ in range(3)] == [[], [], []]
    assert connections.kept == frozenset()
    assert door.joined == set()
