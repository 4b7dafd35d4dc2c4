from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from bridge.errors import BadRequest
from bridge.http.oscquery import namespace_tree
from bridge.protocol import osc
from bridge.protocol.addresses import COMMANDS, OUTGOING
from bridge.protocol.controls import CONTROL_PATHS, ROOT, current_path, defaults
from bridge.protocol.osc import Message
from bridge.protocol.requests import parse_request
from tests.support.probes.panels import Visit, visited


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("CONTENTS", {}).values():
        yield from nodes(inner)


def namespace() -> dict[str, dict[str, Any]]:
    settings = defaults()
    return {
        n["FULL_PATH"]: n
        for n in nodes(namespace_tree(lambda path: (settings[current_path(path)],) if path in CONTROL_PATHS else ()))
    }


def test_every_address_has_a_type_a_range_and_a_description() -> None:
    there = namespace()
    for path in (*CONTROL_PATHS, *COMMANDS, *(told.path for told in OUTGOING)):
        node = there[ROOT + path]
        assert node["TYPE"], path
        assert len(node["RANGE"]) == len(node["TYPE"]), path
        assert node["DESCRIPTION"], path
        access = 3 if path in CONTROL_PATHS else 2 if path in COMMANDS else 1
        assert node["ACCESS"] == (0 if "CONTENTS" in node else access), path
        assert "CONTENTS" in node or len(node["VALUE"]) == len(node["TYPE"]), path


def test_the_ends_of_each_range_are_taken_and_what_lies_outside_is_not() -> None:
    there = namespace()
    for path in CONTROL_PATHS:
        [span] = there[ROOT + path]["RANGE"]
        for value in span.get("VALS", [span[end] for end in ("MIN", "MAX") if end in span]):
            parse_request(Message(ROOT + path, (value,)))
        if "MAX" in span:
            with pytest.raises(BadRequest):
                parse_request(Message(ROOT + path, (span["MAX"] + 1,)))


def test_an_independent_client_reads_the_host_and_every_node() -> None:
    client_of = pytest.importorskip("pythonoscquery.osc_query_client", reason="python-oscquery is not installed")
    zeroconf = pytest.importorskip("zeroconf", reason="zeroconf is not installed")

    async def steps(v: Visit) -> None:
        info = zeroconf.ServiceInfo(
            "_oscjson._tcp.local.",
            "LLMBall._oscjson._tcp.local.",
            v.port,
            addresses=[socket.inet_aton("127.0.0.1")],
        )
        client = client_of.OSCQueryClient(info)
        host = await asyncio.to_thread(client.get_host_info)
        assert (host.osc_ip, host.osc_port, host.osc_transport) == ("127.0.0.1", 7411, "UDP")
        for path in ("/", "/llmball", *(ROOT + p for p in ("tempo", "part/bass/level", "play", "note"))):
            node = await asyncio.to_thread(client.query_node, path)
            assert node.full_path == path
        tempo = await asyncio.to_thread(client.query_node, "/llmball/tempo")
        assert tempo.value == [0.0]
        assert tempo.description
        assert await asyncio.to_thread(client.query_node, "/llmball/nothing") is None
        whole = await asyncio.to_thread(client.query_node, "/")
        there = {node.full_path: node for node in whole}
        for path in (*CONTROL_PATHS, *COMMANDS, *(told.path for told in OUTGOING)):
            node = there[ROOT + path]
            assert node.description, path
            raw = await asyncio.to_thread(client.query_node, ROOT + path)
            assert raw.full_path == ROOT + path
            assert len(client.last_json["RANGE"]) == len(client.last_json["TYPE"]), path
            if not node.is_container:
                kinds = {"i": int, "f": float, "s": str, "I": type(None)}
                assert [kinds[k] for k in client.last_json["TYPE"]] == node.type, "values are of the type told"

    visited(steps)


def test_attributes_are_asked_one_by_one_and_values_are_listened_to() -> None:
    async def steps(v: Visit) -> None:
        async def asked(path: str) -> tuple[int, object]:
            async with v.http.get(v.at + path) as answer:
                return answer.status, await answer.json() if answer.status == 200 else None

        assert await asked("/llmball/tempo?VALUE") == (200, {"VALUE": [0.0]})
        assert await asked("/llmball/tempo?RANGE") == (200, {"RANGE": [{"MIN": 20.0, "MAX": 300.0}]})
        assert (await asked("/llmball?VALUE"))[0] == 204
        assert await asked("/llmball/follow?VALUE") == (200, {"VALUE": [0]})
        assert (await asked("/llmball/tempo?NONSENSE"))[0] == 400
        async with v.http.ws_connect(v.at + "/") as ws:
            await ws.send_json({"COMMAND": "LISTEN", "DATA": "/llmball/energy"})
            await ws.send_bytes(osc.encode("/llmball/energy", (0.75,)))
            await ws.send_str('["/llmball/ping", 1]')
            heard = await ws.receive()
            v.panel.schedule_update()
            while not isinstance(heard.data, bytes):
                heard = await ws.receive()
            # the first message has the initial value, or the one set since
            [message] = osc.parse(heard.data)
            assert message == Message("/llmball/energy", (0.75,))

    visited(steps)
