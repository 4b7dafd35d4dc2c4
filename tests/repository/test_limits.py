"""Limits that the browser's page repeats are those of their owner, `model.music.control`."""

from __future__ import annotations

import re
from pathlib import Path

from model.music.control import MAX_PROMPT, MAX_TEMPO, MIN_TEMPO

PAGE = Path(__file__).parents[2] / "bridge" / "http" / "page"


def test_the_page_takes_prompts_as_long_as_a_prompt_may_be() -> None:
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    assert set(re.findall(r'id="(?:prompt|refine)" maxlength="(\d+)"', page)) == {str(MAX_PROMPT)}


def test_the_page_takes_the_tempi_of_the_control() -> None:
    page = (PAGE / "prompt.js").read_text(encoding="utf-8")
    assert f'name: "tempo", off: 0, number: [{MIN_TEMPO}, {MAX_TEMPO}]' in page
