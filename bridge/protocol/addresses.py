"""The table of OSC addresses: commands and outgoing messages here, controls in `bridge.protocol.controls`.

Requests are checked against the table; docs/osc.md is printed from it (`python -m bridge.protocol.addresses`).
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.config import DEFAULT_OSC
from bridge.protocol.clients import CLIENT_TIMEOUT
from bridge.protocol.controls import ALIASES, CONTROLS, ROOT
from bridge.protocol.osc import MAX_DEPTH, MAX_MESSAGES, MAX_TAGS
from bridge.protocol.patterns import MAX_MATCHES, MAX_WILDCARDS
from model.clips.messages import NOTES_PER_PACKET, POINTS_PER_PACKET, TRACK
from model.music.control import MAX_PROMPT, MIN_TEMPO
from model.music.notes import CUES

BANK_SLOTS = range(1, 17)
DEFAULT_KEPT_BARS = 8
MAX_HOST_TEMPO = 999  # quarter notes a minute; a host may be quicker than our own tempo can be set


@dataclass(frozen=True, slots=True)
class AddressEntry:
    """A command, or a message that clients are sent: path, arguments as name:type, meaning."""

    path: str
    args: str
    description: str


COMMANDS: dict[str, AddressEntry] = {
    c.path: c
    for c in (
        AddressEntry("hello", "reply_port:i name:s encoded:i", "register: answers and news go to reply_port (default: the sender's); "
                f"encoded 1 percent-encodes what is told; lasts until bye or {CLIENT_TIMEOUT / 60:.0f} minutes of silence → welcome"),
        AddressEntry("hello/confirm", "n:i", "whoever listens at the reply address wants to be told: the number of hello/nonce, from either port"),
        AddressEntry("bye", "", "take the registration back"),
        AddressEntry("ping", "n", "→ pong n"),
        AddressEntry("prompt", "text:s …", f"a new take; several strings are joined by spaces, {MAX_PROMPT:,} characters at most"),
        AddressEntry("prompt_uri", "text:s …", "the same, percent-encoded"),
        AddressEntry("morph", "a:s b:s x:f", "a new take that lies between two prompts, at x (0..1); without arguments it is asked"),
        AddressEntry("morph_uri", "a:s b:s x:f", "the same, percent-encoded"),
        AddressEntry("refine", "text:s …", "a new take that changes the one that plays: less busy; same chords, walking bass; 更温柔一点"),
        AddressEntry("refine_uri", "text:s …", "the same, percent-encoded"),
        AddressEntry("back", "", "the take that played before comes back"),
        AddressEntry("take/launch", "id:s", "any take comes back, by the id that /llmball/take told"),
        AddressEntry("keep", "bars:i", f"the last bars, {DEFAULT_KEPT_BARS} unless said, become a .mid file → kept"),
        AddressEntry("cue", "section:s", "a section from the next line on: " + " ".join(CUES) + "; an ending stops"),
        *(c for n in BANK_SLOTS for c in (
            AddressEntry(f"bank/{n}/store", "text:s …", f"put a prompt into slot {n}; its words are read at once"),
            AddressEntry(f"bank/{n}/launch", "", f"like prompt, with what slot {n} holds"),
        )),
        AddressEntry("score/play", "name:s …", "a new take plays a piece of the songbook, by its title or file name, or a kept take, by its name; starts if nothing plays"),
        AddressEntry("score/text", "text:s", "the same, with a text of the notation (docs/songbook.md); its first fault is told with line and law"),
        AddressEntry("score/bank", "slot:i name:s …", "put a piece of the songbook or a kept take into a slot of the bank"),
        AddressEntry("score/list", "style:s …", "→ score/piece for each piece of a style; without a style → score/styles"),
        AddressEntry("clip", "id:i bars:i seed:i prompt:s (name:s value) …", "write a clip, apart from what plays; options are named as those of `llmball clip`; "
                "bars 0 leaves them to the words; from N: so many notes were given, without them it fails; with 1: parts are written for what was given; "
                "groove 1: with its timing and accents; expression 1: with bends and curves → clip/progress, clip/heard, "
                "clip/begin, clip/notes, clip/curve, clip/end or clip/failed"),
        AddressEntry("clip_uri", "id:i bars:i seed:i prompt:s (name:s value) …", "the same, percent-encoded"),
        AddressEntry("clip/given", "id:i total:i index:i part:s (pitch start length velocity) …", f"notes, {NOTES_PER_PACKET} at most, that the next clip with this id goes on from, or changes, or is written for; index counts notes from 0. In place of a part {TRACK}NAME is a track whose part is found by its name and notes"),
        AddressEntry("clip/redo", "id:i parts:s bars:s", "which parts (a,b) in which bars (3-4,7) of what was given are written anew; empty is all"),
        AddressEntry("clip/cancel", "id:i", "it is not wanted any more → clip/cancelled"),
        AddressEntry("clip/resend", "id:i", "tell a finished clip again, for 60 seconds"),
        AddressEntry("learn", "words:s", "the next note, controller or program that --input hears does this: bank/3/launch, cue fill, morph/x; empty gives up → learnt"),
        AddressEntry("unlearn", "words:s", "forgets the learnt MIDI messages that do this; with empty words, all of them"),
        AddressEntry("set/save", "name:s", "controls, bank and pads become a readable file → set/saved"),
        AddressEntry("set/load", "name:s", "back to a saved set → set/loaded"),
        AddressEntry("like", "", "later takes are more like the one that plays: moves this user's weights of the fusion a little"),
        AddressEntry("skip", "", "later takes are less like the one that plays"),
        AddressEntry("taste/reset", "", "forget what was liked and skipped"),
        AddressEntry("transport", "playing:i beat:f tempo:f", "where the host is, in quarter notes since its song began, and its "
                f"tempo ({MIN_TEMPO}..{MAX_HOST_TEMPO}): leads the time with --sync host"),
        AddressEntry("tap", "", "a tap of the foot; two and more set the tempo"),
        AddressEntry("play", "", "start at bar 1; playing: from bar 1 again"),
        AddressEntry("stop", "", "end every note within 20 ms; the prompt is kept"),
        AddressEntry("panic", "", "stop, and all notes off on every channel"),
    )
}  # fmt: skip

OUTGOING: tuple[AddressEntry, ...] = (
    AddressEntry("welcome", "version:s protocol:i parts:s", "answer to hello"),
    AddressEntry(
        "hello/nonce",
        "n:i",
        "to a reply port other than the sender's, or to another machine: nothing is streamed until hello/confirm n comes",
    ),
    AddressEntry("pong", "n", "answer to ping"),
    AddressEntry("kept", "path:s take:s", "answer to keep: the file, and the name that `llmball replay` takes"),
    AddressEntry(
        "kept/removed",
        "take:s",
        "beside kept: a client keeps 500 takes from one start of the daemon on; its oldest went",
    ),
    AddressEntry("clip/progress", "id:i share:f", "0..1"),
    AddressEntry(
        "clip/begin",
        "id:i total_notes:i beats:f tempo:f key:s",
        "a clip is written; its length in quarter notes",
    ),
    AddressEntry(
        "clip/heard",
        "id:i words:s",
        "before it is told: what was heard in what was given (with 1): parts, key, metre, tempo, chords",
    ),
    AddressEntry("clip/unread", "id:i words:s", "before it is told: words that it does not obey, each with the reason"),
    AddressEntry(
        "clip/notes",
        "id:i index:i part:s (pitch start length velocity) …",
        f"{NOTES_PER_PACKET} notes at most, from number index of the clip on",
    ),
    AddressEntry(
        "clip/curve",
        "id:i index:i total:i part:s controller:i (at:f value:i) …",
        f"with expression 1: {POINTS_PER_PACKET} points at most, in quarter notes, from number index on of total in all; controller -1 is the pitch bend, 0..16383, 8192 the centre",
    ),
    AddressEntry("clip/end", "id:i", "all of it was told"),
    AddressEntry("clip/cancelled", "id:i", "answer to clip/cancel"),
    AddressEntry("clip/failed", "id:i reason:s", "it cannot be written, or not told again"),
    AddressEntry("score/styles", "(style:s pieces:i) …", "answer to score/list"),
    AddressEntry(
        "score/piece", "index:i total:i name:s title:s style:s tempo:f key:s meter:s bars:i", "answer to score/list"
    ),
    AddressEntry("score/told", "text:s", "what of a piece that was asked for cannot be played"),
    AddressEntry(
        "composer/told",
        "text:s",
        "what the language model of --composer does: asked, mended, enters, plays, failed and why",
    ),
    AddressEntry("input", "number:i name:s state:s", "an --input is open, or was lost; the others go on"),
    AddressEntry(
        "input/latency",
        "number:i ms:f gaps:i lost_ms:i",
        "--input audio: how long after its beginning a note is known (the median of the last), and gaps in the sound",
    ),
    AddressEntry(
        "input/plays",
        "number:i plays:s",
        "what is heard there while follow is on: chords, bass, melody, split or rests",
    ),
    AddressEntry("learnt", "touch:s words:s", "what a touch does now: note 10 36, cc 1 20, program 1 5"),
    AddressEntry("set/saved", "path:s", "answer to set/save"),
    AddressEntry(
        "set/removed", "name:s", "beside set/saved: a client makes 64 new sets from one start on; its oldest went"
    ),
    AddressEntry("set/loaded", "name:s", "answer to set/load"),
    AddressEntry("error", "address:s reason:s", "a message that could not be carried out; nothing has changed"),
    AddressEntry("understood/tempo", "bpm:f", "what was understood, under the controls"),
    AddressEntry("understood/feel", "feel:s", "half, normal or double"),
    AddressEntry("understood/key", "key:s", ""),
    AddressEntry("understood/meter", "meter:s", ""),
    AddressEntry("understood/progression", "bars:s", "bars between |; empty where the words gave none"),
    *(AddressEntry(f"understood/{n}", "value:f", "0..1") for n in ("density", "energy", "brightness", "complexity")),
    AddressEntry("understood/swing", "value:f", "0.5 straight to 0.75"),
    AddressEntry("understood/style", "(name:s weight:f) …", ""),
    AddressEntry(
        "understood/programs",
        "(part:s program:i) …",
        "what each part is played on: General MIDI programs from 0, of drums and perc the kit",
    ),
    AddressEntry("understood/parts", "part:s …", "the parts that the take has; part/NAME/enabled mutes them"),
    AddressEntry(
        "understood/unread", "words:s", "words that are not obeyed, each with the reason; empty where all are"
    ),
    AddressEntry("understood/overruled", "name:s by:s", "explicit words that lost against a control"),
    AddressEntry("beat", "bar:i beat:i tempo:f", "as it begins; 1-based since play"),
    AddressEntry("chord", "symbol:s bar:i beat:i", "as it begins"),
    AddressEntry("note", "take:s part:s pitch:i velocity:i start:f length:f", "when planned; quarter notes since play"),
    AddressEntry(
        "cancelled",
        "take:s part:s after:f",
        "planned notes of this part that begin at or after this beat are cancelled",
    ),
    AddressEntry("take", "id:s", "a take enters"),
    AddressEntry("state", "state:s", "idle, waiting or playing"),
    AddressEntry(
        "health",
        "late:i dropped:i starved:i lookahead:f p99_ms:f",
        "each second while playing, counted since start",
    ),
)


def osc_reference() -> str:
    """Return docs/osc.md."""
    lines = [
        "# OSC",
        "",
        "Printed from the table in `bridge/protocol/addresses.py` by `python -m bridge.protocol.addresses`; a test holds them equal.",
        f"UDP, by default {DEFAULT_OSC[0]}:{DEFAULT_OSC[1]}. Times and lengths are quarter notes since the last play; numbers may come as int",
        "or float. Whatever is out of range or of a wrong type is answered by `/llmball/error` and changes nothing.",
        "",
        "- **Buttons.** A command without arguments takes a button's too: above 0, T or nil acts, 0 or F is the release and does nothing.",
        "- **T and F** are 1 and 0 where a control takes a number.",
        "- **Several words** for one value are joined: `/llmball/chords Am F C G`, `/llmball/key E dorian`, `/llmball/meter 3 4`.",
        f"- **Patterns** (`*`, `?`, `[a-z]`, `[!a-z]`, `{{one,other}}`) match controls, {MAX_MATCHES} at most, with {MAX_WILDCARDS} wildcards at most:",
        "  `/llmball/part/*/level 0.8`, `/llmball/{tempo,key}`. They match no command, so that one message cannot give several.",
        f"- **Limits.** {MAX_TAGS} arguments a message, {MAX_MESSAGES} messages a bundle, {MAX_DEPTH} bundles in one another; a fault tells which.",
        "- **Who is told.** A program that hears at the port that it sends from, on this machine, says `hello` and is told everything. A reply",
        "  port other than the sender's, and a program on another machine, hears `/llmball/hello/nonce N` after the welcome and answers",
        "  `/llmball/hello/confirm N`, from either port; until then it is told no more than it sent (and the device for Live must be of this version).",
        "  Answers are left out too where they are longer, such as a clip's: `/llmball/error /llmball/hello` says so, once a second at most.",
        "- **Time tags** are not honoured: what a bundle holds is done when it comes. Clocks of two machines differ by more than a",
        "  beat may be late, and what shall be in time is quantized here: `/llmball/quantize`, `/llmball/cue`.",
        "",
        "## Commands",
        "",
        "| address | arguments | does |",
        "|---|---|---|",
        *(f"| `{ROOT}{c.path}` | {c.args} | {c.description} |" for c in COMMANDS.values()),
        "",
        "## Controls",
        "",
        "An address without an argument asks: the same address comes back with the value.",
        "",
        "| address | type | range | default | means |",
        "|---|---|---|---|---|",
        *(
            f"| `{ROOT}{c.path}` | {c.kind} | {c.range_text.replace('|', chr(92) + '|')} | {c.default} | {c.description} |"
            for c in CONTROLS.values()
        ),
        "",
        "## Old addresses",
        "",
        "They are read, answered and shown as before; new names are used everywhere else, in files and lists too.",
        "",
        "| address | stands for |",
        "|---|---|",
        *(f"| `{ROOT}{old}` | `{ROOT}{path}` |" for old, path in ALIASES.items()),
        "",
        "## Told",
        "",
        "| address | arguments | when |",
        "|---|---|---|",
        *(f"| `{ROOT}{c.path}` | {c.args} | {c.description} |" for c in OUTGOING),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(osc_reference(), end="")
