"""`python -m model.training.styles.facts`: the grammars as a table."""

from __future__ import annotations

from model.styles import GRAMMAR_STYLES
from model.training.styles.grammar import Style, styles


def row(style: Style) -> str:
    """Return a style's line: tempo in quarters a minute, the off-beat eighth's place in its quarter, modes by weight."""
    low, high = style.swing
    whole = sum(style.modes.values())
    modes = ", ".join(
        f"{mode} {weight / whole:.0%}" for mode, weight in sorted(style.modes.items(), key=lambda m: -m[1])
    )
    swing = "straight" if high <= 0.5 else f"{low:.2f} to {high:.2f}"
    return (
        f"| {style.name} | {style.tempo[0]:g} to {style.tempo[1]:g} | {style.meter} | {style.feel} | {swing} "
        f"| {style.form} | {modes} | {style.about} |"
    )


def table() -> str:
    """Return the table in Markdown, styles in the order of the vocabulary."""
    known = styles()
    head = "| style | tempo | metre | feel | swing | form | modes | about |\n|---|---|---|---|---|---|---|---|"
    return "\n".join([head, *(row(known[name]) for name in GRAMMAR_STYLES if name in known), ""])


if __name__ == "__main__":
    print(table(), end="")
