"""Ten thousand calls of the MCP server's tools with any arguments, by a client that shares no code with the SDK.

    python -m bench.chat.arguments [--calls 10000] [--seed 1]

For the last of them a daemon plays meanwhile, for the others there is none. Tools that load the model are called with wrong arguments only, but for one in two hundred. Each call is
answered, as a result or an error of the protocol, within `PATIENCE` seconds; a fault of ours fails the run.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.tables import percentile, table
from tests.support import real_programs
from tests.support.chat import raw_mcp_client
from tests.support.chat.raw_mcp_client import NOBODY, Client, RpcError, StdioWire

HEAVY = frozenset({"clip", "refine_clip", "harmonise", "understand", "start"})
TEXTS = (
    "",
    "house",
    "\0",
    "\ud800",
    "漢字",
    "-h",
    "--help",
    "../../x",
    "a" * 3000,
    "section A 1\nharmony\nC\nbass\n1: C2:16\n",
    "drop the drums",
    "NaN",
    "1e999",
)
PATIENCE = 600.0


def anything(rng: random.Random, depth: int = 0) -> object:
    """Return any JSON value."""
    kinds: list[object] = [
        None,
        True,
        False,
        rng.randint(-3, 300),
        rng.randint(-(2**70), 2**70),
        rng.uniform(-2, 2),
        rng.choice(TEXTS),
    ]
    if depth < 3:
        kinds += [
            [anything(rng, depth + 1) for _ in range(rng.randint(0, 3))],
            {rng.choice(TEXTS): anything(rng, depth + 1) for _ in range(2)},
        ]
    return rng.choice(kinds)


def fitting(rng: random.Random, schema: dict[str, Any]) -> object:
    """Return a value that a schema allows, mostly."""
    if "anyOf" in schema:
        return fitting(rng, rng.choice(schema["anyOf"]))
    if "enum" in schema:
        return rng.choice(schema["enum"])
    match schema.get("type"):
        case "integer":
            return rng.randint(schema.get("minimum", 0), min(schema.get("maximum", 9), 9))
        case "number":
            return rng.uniform(schema.get("minimum", 0), schema.get("maximum", 1))
        case "boolean":
            return rng.random() < 0.5
        case "array":
            return [fitting(rng, schema.get("items", {})) for _ in range(rng.randint(0, 3))]
        case "string":
            return rng.choice(TEXTS)
        case "object":
            return {rng.choice(("tempo", "key", "energy", "x")): anything(rng) for _ in range(rng.randint(1, 2))}
    return anything(rng)


def arguments(rng: random.Random, tool: dict[str, Any]) -> object:
    """Return arguments of a tool: fitting, wrong in one place, or anything."""
    properties = tool["inputSchema"]["properties"]
    kind = rng.random()
    if kind < 0.1:
        return anything(rng)
    given = {name: fitting(rng, schema) for name, schema in properties.items() if rng.random() < 0.7}
    if kind < 0.6 or (tool["name"] in HEAVY and rng.random() > 0.005):
        given[rng.choice([*properties, "unknown"])] = anything(rng)
        if tool["name"] in HEAVY:
            given["unknown"] = 1
    return given


def calls(
    at: str, env: dict[str, str], count: int, rng: random.Random, answers: Counter[str], took: list[float]
) -> None:
    """Call so many tools of a server whose daemon is at an address."""
    with StdioWire([sys.executable, "-m", "bridge", "mcp", "--daemon", at], env) as wire:
        client = Client(wire)
        tools = client.request("tools/list")["tools"]
        for number in range(1, count + 1):
            tool = rng.choice(tools)
            asked = arguments(rng, tool)
            began = time.monotonic()
            try:
                found = client.request("tools/call", {"name": tool["name"], "arguments": asked})
            except RpcError as error:
                answers[f"error {error.code}"] += 1
            else:
                text = "\n".join(c["text"] for c in found["content"])
                what = (
                    "fault of ours"
                    if "by a fault of LLMBall's" in text
                    else "refused"
                    if found.get("isError")
                    else "done"
                )
                if what == "fault of ours":
                    print(f"fault of ours: {tool['name']} {asked!r}"[:500], flush=True)
                answers[what] += 1
            took.append(time.monotonic() - began)
            if number % 250 == 0:
                print(at, number, dict(answers), f"p99 {percentile(took, 0.99):.3f} s", flush=True)


def main() -> int:
    """Print how many calls were answered how, and how fast; return 1 where one was not."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=10_000)
    options.add_argument("--playing", type=int, default=1_000, help="so many of them while a band plays")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    raw_mcp_client.PATIENCE = PATIENCE
    rng = random.Random(given.seed)
    answers: Counter[str] = Counter()
    took: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        env = os.environ | {"LLMBALL_HOME": name}
        calls(NOBODY, env, given.calls - given.playing, rng, answers, took)
        options_ = ("--output", "none", "--http", "127.0.0.1:0", "--play", "house")
        with real_programs.daemon(*options_, env=env, folder=Path(name), wait=300) as daemon:
            calls(daemon.said("http").removeprefix("http://"), env, given.playing, rng, answers, took)
    rows = [(what, count) for what, count in answers.most_common()]
    print(table(("answer", "calls"), rows))
    print(
        f"{sum(answers.values())} of {given.calls} answered; median {percentile(took, 0.5) * 1000:.1f} ms, p99 {percentile(took, 0.99) * 1000:.0f} ms"
    )
    return 0 if sum(answers.values()) == given.calls and not answers["fault of ours"] else 1


if __name__ == "__main__":
    sys.exit(main())
