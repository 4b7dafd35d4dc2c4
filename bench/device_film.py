"""`python -m bench.device_film OUT`: the pictures of the device for the docs, and a short film of its face at work (docs/images).

The states are those that `max_for_live/test/states.js` prints; Chromium turns each into a still, and the stills of the face into
the frames of an animated WebP, whose container is written here (RIFF with ANIM and a frame for each, as the format's page has it).
"""

from __future__ import annotations

import base64
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

from max_for_live.build import devices
from max_for_live.picture import main as draw
from max_for_live.picture import presentation, states

SCRIPT = Path(__file__).parents[1] / "max_for_live" / "test" / "states.js"
SCALE = 1.4
LONG, SHORT = 2400, 260
"""Milliseconds of a frame: one to read, and one of a word that is typed."""
STILLS = {"device-written": "device", "device-approve": "device-approve", "device-patch": "device-patch", "generator": "generator", "generator-patch": "generator-patch"}  # fmt: skip
"""Pictures that the docs have, by the names that `picture` gives them."""
ENCODE = """async (svg) => {
  const image = new Image();
  image.src = 'data:image/svg+xml;base64,' + svg;
  await image.decode();
  const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
  canvas.getContext('2d', { alpha: false }).drawImage(image, 0, 0);
  return [image.width, image.height, canvas.toDataURL('image/webp', 0.92).split(',')[1]];
}"""


def encoded(page: Page, svg: str) -> tuple[int, int, bytes]:
    """Return width, height and bytes of a picture as WebP."""
    width, height, data = page.evaluate(ENCODE, base64.b64encode(svg.encode()).decode())
    return width, height, base64.b64decode(data)


def screenshot(page: Page, svg: str, path: Path) -> None:
    """Write a picture as PNG."""
    page.set_content(f'<body style="margin:0">{svg}</body>')
    page.locator("svg").first.screenshot(path=path)


def animated(frames: list[tuple[int, bytes]], width: int, height: int) -> bytes:
    """Return an animated WebP of still ones, each with its milliseconds; it goes round for ever."""
    size = _three(width - 1) + _three(height - 1)
    chunks = [_chunk(b"VP8X", struct.pack("<I", 0b10) + size), _chunk(b"ANIM", struct.pack("<IH", 0xFF3A3A3A, 0))]
    for duration, still in frames:
        picture = b"".join(_chunk(name, data) for name, data in _chunks(still) if name in (b"VP8 ", b"VP8L"))
        chunks.append(_chunk(b"ANMF", bytes(6) + size + _three(duration) + b"\x02" + picture))
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _three(value: int) -> bytes:
    return struct.pack("<I", value)[:3]


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _chunks(still: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12  # after RIFF, its size and WEBP
    while at < len(still):
        (size,) = struct.unpack_from("<I", still, at + 4)
        yield still[at : at + 4], still[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def main(out: Path) -> None:
    """Write pictures and film into a folder."""
    node, chromium = shutil.which("node"), shutil.which("chromium")
    if node is None or chromium is None:
        raise SystemExit("the pictures need Node.js and Chromium: install them")
    printed = subprocess.run([node, str(SCRIPT)], check=True, capture_output=True, text=True).stdout
    face = devices()["LLMBall.amxd"][1]["patcher"]
    with TemporaryDirectory() as folder, sync_playwright() as play:
        draw(Path(folder), printed)
        page = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"]).new_page()
        for made, name in STILLS.items():
            svg = (Path(folder) / f"{made}.svg").read_text(encoding="utf-8")
            screenshot(page, svg, out / f"{name}.png")
        frames, width, height = [], 0, 0
        for state in states(printed):
            width, height, still = encoded(page, presentation(face, state, SCALE))
            frames.append((SHORT if state.name.startswith("typing") else LONG, still))
    (out / "device.webp").write_bytes(animated(frames, width, height))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
