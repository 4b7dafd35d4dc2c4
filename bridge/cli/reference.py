"""`python -m bridge.cli.reference`: prints docs/command-line.md from the parser, so that options have one owner."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from bridge.cli.arguments import parser
from bridge.cli.help import HELP, examples

HEAD = """# The command line

Printed from `bridge/cli/arguments.py` by `python -m bridge.cli.reference`; a test holds them equal. `llmball COMMAND --help`
says the same. Exit codes: 0 done, 2 refused with one line that says what to do, 130 interrupted.
"""


def reference() -> str:
    """Return docs/command-line.md: a section for each command, a row for each argument."""
    lines = [HEAD]
    for words, command, about in _commands(parser(), ""):
        lines += [f"## {words}", "", f"{about}.", ""]
        name = words.split()[1]
        lines += [HELP[name].description, "", "```", *examples(name), "```", ""]
        rows = [row for action in command._actions if (row := _row(action))]
        lines += ["| argument | default | means |", "|---|---|---|", *rows, ""] if rows else []
    return "\n".join(lines).rstrip("\n") + "\n"


def _commands(top: argparse.ArgumentParser, about: str) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    """Yield the words, the parser and the sentence of each command that does something by itself."""
    inner = [action for action in top._actions if isinstance(action, argparse._SubParsersAction)]
    if not inner:
        yield top.prog, top, about[:1].upper() + about[1:]
    for action in inner:
        sentences = {choice.dest: choice.help or "" for choice in action._choices_actions}
        for name, command in action.choices.items():
            yield from _commands(command, sentences[name])


def _row(action: argparse.Action) -> str:
    """Return an argument's row; empty for --help and for the choice of a command."""
    if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
        return ""
    value = action.metavar or ("|".join(action.choices) if action.choices and action.nargs != 0 else "")
    name = " ".join(filter(None, [", ".join(action.option_strings), "" if action.nargs == 0 else str(value)]))
    default = action.default if action.nargs != 0 and action.default not in (None, [], argparse.SUPPRESS) else ""
    if isinstance(default, tuple):
        default = (":" if any(isinstance(part, int) for part in default) else ",").join(map(str, default))
    about = "required" if action.required and action.option_strings else ""
    cells = [
        f"`{name}`",
        f"`{default}`" if default != "" else "",
        "; ".join(filter(None, [about, action.help or ""])),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(reference())
