from __future__ import annotations

import numpy as np
import onnxruntime

from model.decoder.onnx_graph import FLOAT, Graph


def run(graph: Graph, **given: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    session = onnxruntime.InferenceSession(graph.model(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, given)[0], np.float32)


def test_a_graph_that_is_written_down_runs_with_the_tensors_it_holds() -> None:
    graph, held = Graph(), np.arange(300, dtype=np.float32).reshape(2, 150)
    graph.add_input("x", FLOAT, "rows", 150)
    graph.add_tensor("held", held)
    graph.add_node("Add", ["x", "held"], ["y"])
    graph.add_output("y", FLOAT, "rows", 150)
    assert (run(graph, x=np.ones((2, 150), np.float32)) == held + 1).all()


def test_attributes_are_whole_numbers_below_nought_and_fractions() -> None:
    graph, x = Graph(), np.array([[-1, 2], [3, -4]], np.float32)
    graph.add_input("x", FLOAT, 2, 2)
    graph.add_node("LeakyRelu", ["x"], ["bent"], alpha=0.25)
    graph.add_node("Flatten", ["bent"], ["y"], axis=-1)
    graph.add_output("y", FLOAT, 2, 2)
    assert (run(graph, x=x) == np.array([[-0.25, 2], [3, -1]])).all()


def test_an_input_without_a_name_is_left_out() -> None:
    graph, x = Graph(), np.array([-3, 0.5, 9], np.float32)
    graph.add_input("x", FLOAT, 3)
    graph.add_tensor("most", np.array(1, np.float32))
    graph.add_node("Clip", ["x", "", "most"], ["y"])
    graph.add_output("y", FLOAT, 3)
    assert (run(graph, x=x) == np.array([-3, 0.5, 1])).all()
