"""ONNX models, written down field by field (onnx.proto, IR version 8).

Enough of the format to build a graph without the onnx package. Pure; nothing is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

IR, OPSET = 8, 17
FLOAT, INT32 = 1, 6
_ELEMENT = {np.dtype(np.float32): FLOAT, np.dtype(np.uint8): 2}
RUNTIME = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""

Size = int | str
"""A dimension: a number, or the name of one that is known when the graph runs."""


@dataclass(slots=True)
class Graph:
    """A graph that grows: nodes in the order in which they run, and the tensors that they hold."""

    _parts: list[bytes] = field(default_factory=list)

    def node(
        self,
        operator: str,
        inputs: Iterable[str],
        outputs: Iterable[str],
        domain: str = "",
        **attributes: float,
    ) -> None:
        """Add a node; an input or output named "" is left out. Attributes are ints or floats."""
        body = [_text(1, name) for name in inputs] + [_text(2, name) for name in outputs]
        body += [_text(4, operator), *(_bytes(5, _attribute(n, v)) for n, v in attributes.items())]
        self._parts.append(_bytes(1, b"".join([*body, _text(7, domain)])))

    def tensor(self, name: str, array: npt.NDArray[np.float32 | np.uint8]) -> None:
        """Add a tensor that the graph holds."""
        head = [_int(1, size) for size in array.shape] + [_int(2, _ELEMENT[array.dtype]), _text(8, name)]
        self._parts.append(_bytes(5, b"".join([*head, _bytes(9, array.tobytes())])))

    def takes(self, name: str, element: int, *shape: Size) -> None:
        """Add an input."""
        self._parts.append(_bytes(11, _value(name, element, shape)))

    def gives(self, name: str, element: int, *shape: Size) -> None:
        """Add an output."""
        self._parts.append(_bytes(12, _value(name, element, shape)))

    def model(self) -> bytes:
        """Return the graph as an ONNX model."""
        sets = [_bytes(8, _text(1, "") + _int(2, OPSET)), _bytes(8, _text(1, RUNTIME) + _int(2, 1))]
        return b"".join([_int(1, IR), *sets, _bytes(7, b"".join([*self._parts, _text(2, "graph")]))])


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # negative numbers as protobuf writes them
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _int(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _text(number: int, value: str) -> bytes:
    return _bytes(number, value.encode())


def _attribute(name: str, value: float) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _int(3, value) + _int(20, 2)
    return _text(1, name) + _varint(2 << 3 | 5) + struct.pack("<f", value) + _int(20, 1)


def _value(name: str, element: int, shape: Sequence[Size]) -> bytes:
    sizes = [_int(1, size) if isinstance(size, int) else _text(2, size) for size in shape]
    said = _int(1, element) + _bytes(2, b"".join(_bytes(1, size) for size in sizes))
    return _text(1, name) + _bytes(2, _bytes(1, said))
