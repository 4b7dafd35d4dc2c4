"""What `llmball COMMAND --help` says beyond its options, and completion for shells.

A command of `bridge.cli.arguments.COMMANDS` has a row here: what it does in a sentence or two, and command lines to copy.
"""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

SHELLS = ("bash", "zsh", "fish", "powershell")


@dataclass(frozen=True, slots=True)
class Help:
    """A description, and examples: arguments after `llmball COMMAND`, as a shell reads them."""

    description: str
    examples: tuple[str, ...]


START = """\
first steps:
  llmball serve --browse --play "dusty lo-fi chords in D minor"   play, and open the panel
  llmball clip "calm piano ballad in D minor, 72 bpm"             write a .mid file
  llmball doctor                                                  check this machine
  llmball COMMAND --help                                          its options, with examples
"""

HELP = {
    "serve": Help(
        "Runs until Ctrl-C: takes prompts over OSC and from the panel, and plays them to a MIDI port, to a file where there "
        "is none, and in the browser.",
        (
            '--browse --play "bossa nova in A minor"',
            "--output none --browse",
            '--output "loopMIDI Port"',
            "--input virtual --sync clock",
            "--input Keystation --input audio",
        ),
    ),
    "clip": Help(
        "Writes the words' music with a track for each part and the chords as markers. Without -o the file is named "
        "after the words, in this folder. The same seed gives the same clip.",
        (
            '"calm piano ballad in D minor, 72 bpm"',
            '"techno, 132 bpm" --bars 16 --parts drums,bass -o techno.mid',
            '"jazz waltz" --chords "Am7 D7 | Gmaj7" --takes 3',
            '"trap, 140 bpm" --expression -o trap.mid',
            '"more" --from song.mid --bars 8',
            '"busier" --from song.mid --keep chords,bass --redo 3-4',
        ),
    ),
    "refine": Help(
        "Changes the parts, bars or qualities that the words name; all other notes stay as they are.",
        ('song.mid "walking bass"', 'song.mid "no drums, less busy" -o quiet.mid'),
    ),
    "harmonise": Help(
        "Takes the melody of a .mid file and writes chords and a bass under it, or the parts that --parts names.",
        ("song.mid", 'song.mid "jazz" --parts chords,bass,drums -o harmonised.mid'),
    ),
    "score": Help(
        "Takes a text in the songbook's notation, a .mid file, or the title of one of our pieces. Without -o or --check it "
        "is played.",
        ("song.txt --check", "song.txt -o song.mid", "song.mid -o song.txt", "song.mid --loop"),
    ),
    "understand": Help(
        "Shows the plan that a prompt becomes, without playing: * marks what the words state; words that are not obeyed "
        "are listed with the reason.",
        ('"jazz waltz in D dorian, 140 bpm"', '"春天的气息" --json'),
    ),
    "replay": Help(
        "Writes a take that was kept while playing again, from its prompts and seeds.",
        ("2026-01-31-1", "TAKE -o take.mid"),
    ),
    "worker": Help(
        "Writes beats for daemons on other machines that are connected to the same MQTT broker.",
        ("--mqtt mqtt://192.168.1.5/stage",),
    ),
    "explain": Help(
        "Says in sentences what a .mid file is made of, then the numerals bar by bar.", ("song.mid", "song.mid --json")
    ),
    "sheet": Help(
        "Writes a .mid file on paper: a chord sheet, or chords and melody as ABC or MusicXML for a notation program.",
        ("song.mid", "song.mid -o song.musicxml", "song.mid --score -o song.abc"),
    ),
    "render": Help(
        "Plays a .mid file, or a piece of the songbook, into a .wav file with our General MIDI sounds; it needs FluidSynth.",
        ("song.mid -o song.wav", "song.mid -o song.wav --stems"),
    ),
    "mcp": Help(
        "Serves chat clients by the Model Context Protocol, over standard input and output or over HTTP on this machine; it needs "
        "the extra llmball[mcp].",
        ("", "--http 127.0.0.1:7412 --token my-own-words"),
    ),
    "ports": Help("Lists the ports that --output and --input can name.", ("", "--backend alsa")),
    "device": Help("Copies the Max for Live devices into Live's User Library.", ("install", "install --to folder")),
    "bench": Help("Writes four prompts on one thread, and says whether this machine is fast enough.", ("", "--json")),
    "doctor": Help("Checks Python, MIDI, engine, weights and ports; exits with 2 if nothing would play.", ("",)),
    "completion": Help(
        "Prints the script that completes commands and options when Tab is pressed.",
        ("bash", "zsh", "fish"),
    ),
}


def add_help(command: argparse.ArgumentParser, name: str) -> None:
    """Give a command its description and examples."""
    row = HELP[name]
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    command.description = textwrap.fill(row.description, 100)
    command.epilog = "examples:\n" + "".join(f"  {line}\n" for line in examples(name))


def examples(name: str) -> list[str]:
    """Return the examples of a command as whole command lines."""
    return [f"llmball {name} {example}".rstrip() for example in HELP[name].examples]


def print_completion(shell: str) -> int:
    """Run `llmball completion SHELL`: the shell then runs `llmball` itself at each Tab, and `complete` answers."""
    import argcomplete

    sys.stdout.write(argcomplete.shellcode(["llmball"], shell=shell) + "\n")
    return 0


def complete(parser: Callable[[], argparse.ArgumentParser]) -> None:
    """Answer a shell that asks for completions, and end the process; do nothing where none asks."""
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser())
