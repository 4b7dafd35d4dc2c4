"""THE table of OSC addresses: what exists, of which types and ranges, and what it means.

The controls are in `bridge.protocol.controls`; here are the commands and what is told. Requests are checked against the table,
docs/osc.md is printed from it (`python -m bridge.protocol.addresses`).
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.protocol.controls import CONTROLS, ROOT
from model.music.notes import CUES

SLOTS = range(1, 17)


@dataclass(frozen=True, slots=True)
class Command:
    """Something a client asks for, and what answers it."""

    path: str
    args: str
    words: str


COMMANDS: dict[str, Command] = {
    c.path: c
    for c in (
        Command("hello", "reply_port:i name:s encoded:i", "register: answers and news go to reply_port (default: the sender's); "
                "encoded 1 percent-encodes what is told; lasts until bye or 10 minutes of silence → welcome"),
        Command("bye", "", "take the registration back"),
        Command("ping", "n", "→ pong n"),
        Command("prompt", "text:s …", "a new take; several strings are joined by spaces, 2,000 characters at most"),
        Command("prompt_uri", "text:s …", "the same, percent-encoded"),
        Command("morph", "a:s b:s x:f", "a new take that lies between two prompts, at x (0..1); without arguments it is asked"),
        Command("morph_uri", "a:s b:s x:f", "the same, percent-encoded"),
        Command("refine", "text:s …", "a new take that changes the one that plays: less busy; same chords, walking bass; 更温柔一点"),
        Command("refine_uri", "text:s …", "the same, percent-encoded"),
        Command("back", "", "the take that played before comes back"),
        Command("take/launch", "id:s", "any take comes back, by the id that /llmball/take told"),
        Command("keep", "bars:i", "the last bars, 8 unless said, become a .mid file → kept"),
        Command("cue", "section:s", "a section from the next line on: " + " ".join(CUES) + "; an ending stops"),
        *(c for n in SLOTS for c in (
            Command(f"bank/{n}/store", "text:s …", f"put a prompt into slot {n}; its words are read at once"),
            Command(f"bank/{n}/launch", "", f"like prompt, with what slot {n} holds"),
        )),
        Command("clip", "id:i bars:i seed:i prompt:s (name:s value) …", "write a clip, apart from what plays; options are named as those of `llmball clip`; "
                "bars 0 leaves them to the words; from N: so many notes were given, without them it fails → clip/progress, "
                "clip/begin, clip/notes, clip/end or clip/failed"),
        Command("clip_uri", "id:i bars:i seed:i prompt:s (name:s value) …", "the same, percent-encoded"),
        Command("clip/given", "id:i total:i index:i part:s (pitch start length velocity) …", "notes, 32 at most, that the next clip with this id goes on from, or changes; index counts notes from 0"),
        Command("clip/redo", "id:i parts:s bars:s", "which parts (a,b) in which bars (3-4,7) of what was given are written anew; empty is all"),
        Command("clip/cancel", "id:i", "it is not wanted any more → clip/cancelled"),
        Command("clip/resend", "id:i", "tell a finished clip again, for 60 seconds"),
        Command("learn", "words:s", "the next note, controller or program that --input hears does this: bank/3/launch, cue fill, morph/x; empty gives up → learnt"),
        Command("unlearn", "words:s", "no touch does this any more; empty: none does anything"),
        Command("set/save", "name:s", "controls, bank and pads become a readable file → set/saved"),
        Command("set/load", "name:s", "back to a saved set → set/loaded"),
        Command("like", "", "later takes are more like the one that plays: moves this user's weights of the fusion a little"),
        Command("skip", "", "later takes are less like the one that plays"),
        Command("taste/reset", "", "forget what was liked and skipped"),
        Command("transport", "playing:i beat:f tempo:f", "where the host is, in quarter notes since its song began, and its "
                "tempo (20..999): leads the time with --sync host"),
        Command("tap", "", "a tap of the foot; two and more set the tempo"),
        Command("play", "", "start at bar 1; playing: from bar 1 again"),
        Command("stop", "", "end every note within 20 ms; the prompt is kept"),
        Command("panic", "", "stop, and all notes off on every channel"),
    )
}  # fmt: skip

TOLD: tuple[Command, ...] = (
    Command("welcome", "version:s protocol:i parts:s", "answer to hello"),
    Command("pong", "n", "answer to ping"),
    Command("kept", "path:s take:s", "answer to keep: the file, and the name that `llmball replay` takes"),
    Command("clip/progress", "id:i share:f", "0..1"),
    Command(
        "clip/begin",
        "id:i total_notes:i beats:f tempo:f key:s",
        "a clip is written; its length in quarter notes",
    ),
    Command(
        "clip/notes",
        "id:i index:i part:s (pitch start length velocity) …",
        "32 notes at most, from number index of the clip on",
    ),
    Command("clip/end", "id:i", "all of it was told"),
    Command("clip/cancelled", "id:i", "answer to clip/cancel"),
    Command("clip/failed", "id:i reason:s", "it cannot be written, or not told again"),
    Command("learnt", "touch:s words:s", "what a touch does now: note 10 36, cc 1 20, program 1 5"),
    Command("set/saved", "path:s", "answer to set/save"),
    Command("set/loaded", "name:s", "answer to set/load"),
    Command("error", "address:s reason:s", "a message that could not be carried out; nothing has changed"),
    Command("understood/tempo", "bpm:f", "what was understood, under the controls"),
    Command("understood/feel", "feel:s", "half, normal or double"),
    Command("understood/key", "key:s", ""),
    Command("understood/meter", "meter:s", ""),
    Command("understood/progression", "bars:s", "bars between |; empty where the words gave none"),
    *(
        Command(f"understood/{n}", "value:f", "0..1")
        for n in ("density", "energy", "brightness", "complexity")
    ),
    Command("understood/swing", "value:f", "0.5 straight to 0.75"),
    Command("understood/style", "(name:s weight:f) …", ""),
    Command("understood/overruled", "name:s by:s", "explicit words that lost against a control"),
    Command("beat", "bar:i beat:i tempo:f", "as it begins; 1-based since play"),
    Command("chord", "symbol:s bar:i beat:i", "as it begins"),
    Command(
        "note", "take:s part:s pitch:i velocity:i start:f length:f", "when planned; quarter notes since play"
    ),
    Command(
        "cancelled",
        "take:s part:s after:f",
        "planned notes that begin from there on are taken back",
    ),
    Command("take", "id:s", "a take enters"),
    Command("state", "state:s", "idle, waiting or playing"),
    Command(
        "health",
        "late:i dropped:i starved:i lookahead:f p99_ms:f",
        "each second while playing, counted since start",
    ),
)


def page() -> str:
    """Return docs/osc.md."""
    lines = [
        "# OSC",
        "",
        "Printed from the table in `bridge/protocol/addresses.py` by `python -m bridge.protocol.addresses`; a test holds them equal.",
        "UDP, by default 127.0.0.1:7411. Times and lengths are quarter notes since the last play; numbers may come as int",
        "or float. Whatever is out of range or of a wrong type is answered by `/llmball/error` and changes nothing.",
        "",
        "## Commands",
        "",
        "| address | arguments | does |",
        "|---|---|---|",
        *(f"| `{ROOT}{c.path}` | {c.args} | {c.words} |" for c in COMMANDS.values()),
        "",
        "## Controls",
        "",
        "An address without an argument asks: the same address comes back with the value.",
        "",
        "| address | type | range | default | means |",
        "|---|---|---|---|---|",
        *(
            f"| `{ROOT}{c.path}` | {c.kind} | {c.range.replace('|', chr(92) + '|')} | {c.default} | {c.words} |"
            for c in CONTROLS.values()
        ),
        "",
        "## Told",
        "",
        "| address | arguments | when |",
        "|---|---|---|",
        *(f"| `{ROOT}{c.path}` | {c.args} | {c.words} |" for c in TOLD),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(), end="")
