"""The decoder's blocks, and the fields of an event, as ONNX graphs for ONNX Runtime.

Matrices are uint8 with a scale for each row, as in the weights. Each row of activations is quantised by itself, so its output does
not depend on the rows in the same batch. Why no onnx package: docs/decisions/0050-the-onnx-graph-is-written-by-us.md.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from model.weights import quantise_uint8

IR, OPSET = 8, 17
FLOAT, INT32 = 1, 6
_ELEMENT = {np.dtype(np.float32): FLOAT, np.dtype(np.uint8): 2}
RUNTIME = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""
Size = int | str
"""A dimension: a number, or the name of one that is known when the graph runs."""


@dataclass(slots=True)
class Graph:
    """A graph under construction, as protobuf fields: nodes in the order in which they run, tensors, inputs and outputs."""

    _parts: list[bytes] = field(default_factory=list)

    def add_node(
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

    def add_tensor(self, name: str, array: npt.NDArray[np.float32 | np.uint8]) -> None:
        """Add a constant tensor."""
        head = [_int(1, size) for size in array.shape] + [_int(2, _ELEMENT[array.dtype]), _text(8, name)]
        self._parts.append(_bytes(5, b"".join([*head, _bytes(9, array.tobytes())])))

    def add_input(self, name: str, element: int, *shape: Size) -> None:
        """Add an input."""
        self._parts.append(_bytes(11, _value(name, element, shape)))

    def add_output(self, name: str, element: int, *shape: Size) -> None:
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


Array = npt.NDArray[np.float32]
EPSILON = 1e-6


def block_graph(arrays: Mapping[str, Array], shape: Mapping[str, int]) -> bytes:
    """Return the model: rows `x`, `(lanes, T, D)` → `h`, the states after them.

    Its other inputs: `last`, int32 `(lanes,)`, the place of the last row in the cache; `total`, int32 `(1,)`, how many
    rows the cache then holds; `key.i` and `value.i`, float32 `(lanes, heads, C, head)`, the cache of layer i, which is
    written in place where the outputs `key.i.out` and `value.i.out` are bound to the same buffers.
    """
    width, head = shape["width"], shape["head"]
    heads, room = width // head, shape["context"] + shape["prefix"]
    graph = Graph()
    graph.add_input("x", FLOAT, "lanes", "T", width)
    graph.add_input("last", INT32, "lanes")
    graph.add_input("total", INT32, 1)
    graph.add_output("h", FLOAT, "lanes", "T", width)
    for name, turn in zip(("cos", "sin"), rotary_angles(room, head), strict=True):
        graph.add_tensor(name, turn)

    def norm(source: str, name: str, result: str) -> None:
        graph.add_tensor(name, arrays[name])
        graph.add_node("SimplifiedLayerNormalization", [source, name], [result], axis=-1, epsilon=EPSILON, stash_type=1)

    residual = "x"
    for i in range(shape["layers"]):
        at, cache = f"blocks.{i}", (f"key.{i}", f"value.{i}")
        for name in cache:
            graph.add_input(name, FLOAT, "lanes", heads, room, head)
            graph.add_output(f"{name}.out", FLOAT, "lanes", heads, room, head)
        norm(residual, f"{at}.norm_in.weight", f"{at}.in")
        qkv, scales = arrays[f"{at}.qkv.weight"], np.ones((3 * width, 1), np.float32)
        # the scale of attention is multiplied into the queries: the operator is faster without one
        scales[:width] = head**-0.5
        _quantised_product(graph, f"{at}.in", qkv, f"{at}.qkv_rows", scales)
        graph.add_node(
            "GroupQueryAttention",
            [f"{at}.qkv_rows", "", "", *cache, "last", "total", "cos", "sin"],
            [f"{at}.attended", *(f"{name}.out" for name in cache)],
            RUNTIME,
            num_heads=heads,
            kv_num_heads=heads,
            do_rotary=1,
            scale=1.0,
        )
        _quantised_product(graph, f"{at}.attended", arrays[f"{at}.out.weight"], f"{at}.projected")
        graph.add_node("Add", [residual, f"{at}.projected"], [f"{at}.middle"])
        norm(f"{at}.middle", f"{at}.norm_up.weight", f"{at}.up")
        _quantised_product(graph, f"{at}.up", arrays[f"{at}.up.weight"], f"{at}.wide")
        graph.add_node("Relu", [f"{at}.wide"], [f"{at}.relu"])
        graph.add_node("Mul", [f"{at}.relu", f"{at}.relu"], [f"{at}.square"])
        _quantised_product(graph, f"{at}.square", arrays[f"{at}.down.weight"], f"{at}.down_rows")
        graph.add_node("Add", [f"{at}.middle", f"{at}.down_rows"], [f"{at}.residual"])
        residual = f"{at}.residual"
    norm(residual, "norm.weight", "h")
    return graph.model()


def rotary_angles(room: int, head: int) -> tuple[Array, Array]:
    """Return cosines and sines of rotary positions, `(rows, head / 2)` each (RoFormer, arXiv:2104.09864)."""
    half = head // 2
    angle = np.arange(room)[:, None] * 10000.0 ** (-np.arange(half) / half)
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def field_graph(arrays: Mapping[str, Array], index: int) -> bytes:
    """Return the model of one field: `h`, `(lanes, D)`, and for all but the first `value`, `(1, D)` → `logits`, `out`.

    `value` is the embedding of the value of the field before, `out`, `(lanes, D)`, the chain's state after it.
    """
    graph = Graph()
    width = arrays["norm.weight"].shape[0]
    graph.add_input("h", FLOAT, "lanes", width)
    state = "h"
    if index:
        graph.add_input("value", FLOAT, 1, width)
        graph.add_output("out", FLOAT, "lanes", width)
        first, second = (f"chain.{index - 1}.{i}" for i in (0, 1))
        graph.add_node("Add", ["h", "value"], ["sum"])
        _quantised_product(graph, "sum", arrays[f"{first}.weight"], "wide", bias=arrays[f"{first}.bias"])
        graph.add_node("Relu", ["wide"], ["relu"])
        _quantised_product(graph, "relu", arrays[f"{second}.weight"], "moved", bias=arrays[f"{second}.bias"])
        graph.add_node("Add", ["h", "moved"], ["out"])
        state = "out"
    head = f"heads.{index}"
    graph.add_output("logits", FLOAT, "lanes", len(arrays[f"{head}.bias"]))
    _quantised_product(graph, state, arrays[f"{head}.weight"], "logits", bias=arrays[f"{head}.bias"])
    return graph.model()


def _quantised_product(
    graph: Graph,
    source: str,
    matrix: Array,
    result: str,
    times: float | Array = 1.0,
    bias: Array | None = None,
) -> None:
    """Add the product of rows with an int8 matrix, `(out, in)`, whose rows are scaled by `times`, and a bias."""
    rows, columns = matrix.shape
    block = next(size for size in (256, 128, 64, 32, 16) if columns % size == 0)
    quantised, scale = quantise_uint8(matrix)
    graph.add_tensor(f"{result}.matrix", quantised.reshape(rows, columns // block, block))
    graph.add_tensor(f"{result}.scale", np.repeat(scale * np.float32(times), columns // block, 1))
    inputs = [source, f"{result}.matrix", f"{result}.scale"]
    if bias is not None:
        graph.add_tensor(f"{result}.bias", bias)
        inputs += ["", "", f"{result}.bias"]
    # accuracy_level 4: activations are quantised to int8 too
    sizes = {"K": columns, "N": rows, "bits": 8, "block_size": block, "accuracy_level": 4}
    graph.add_node("MatMulNBits", inputs, [result], RUNTIME, **sizes)
