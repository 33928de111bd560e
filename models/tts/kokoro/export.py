"""Kokoro's published files in their several forms: a torch checkpoint or the int8 ONNX export, and voices.

Numbers of the export are turned back into the published layout: it has 81.14 of the 81.81 M, all that
inference needs, each rounded to 8 bits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from hiervox.models.base.checkpoints.importing import read_published_state, read_published_tensor
from hiervox.models.tts.kokoro.pretrained import EXPORT_NAME, VOCABULARY_NAME, VOICE_NAMES, VOICES_NAME
from hiervox.utils.errors import CheckpointError, DependencyError
from hiervox.utils.json_files import read_json

if TYPE_CHECKING:
    import onnx

WIDTH = 256
"""Of a voice's styles."""
CONFIG: dict[str, Any] = {
    "n_token": 178,
    "hidden_dim": 512,
    "style_dim": 128,
    "n_layer": 3,
    "max_dur": 50,
    "plbert": {
        "hidden_size": 768,
        "num_attention_heads": 12,
        "num_hidden_layers": 12,
        "intermediate_size": 2048,
        "max_position_embeddings": 512,
    },
    "istftnet": {
        "upsample_kernel_sizes": [20, 12],
        "upsample_rates": [10, 6],
        "gen_istft_hop_size": 5,
        "gen_istft_n_fft": 20,
        "upsample_initial_channel": 512,
        "resblock_kernel_sizes": [3, 7, 11],
        "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
    },
}
"""Of Kokoro-82M v1.0, beside its vocabulary."""
WITHOUT_PREDICTOR = ("F0", "N", "shared", "F0_proj", "N_proj")
"""Modules of the predictor whose nodes don't name it."""
GATES = (0, 2, 3, 1)
"""Of torch's LSTM (i f g o) among ONNX's (i o f c)."""


class Export:
    """The tensors of the int8 ONNX export, by the published names.

    Args:
        path: of the file.

    Raises:
        DependencyError: the package onnx is not installed.
    """

    def __init__(self, path: Path) -> None:
        try:
            import onnx
            from onnx import numpy_helper
        except ImportError as error:
            raise DependencyError(
                f"{path.name} is read by the package onnx, which is not installed",
                'pip install "hiervox[kokoro]"',
            ) from error
        self.graph = onnx.load(path).graph
        self.arrays = {one.name: numpy_helper.to_array(one) for one in self.graph.initializer}

    def tensors(self) -> dict[str, Tensor]:
        """All of them, in float32."""
        found: dict[str, np.ndarray[Any, Any]] = {}
        for name, array in self.arrays.items():
            own = re.sub(r"^(encoder|decoder)\.", "", name)
            if own == name:
                continue
            if own.endswith(("embeddings.weight_quantized", "embedding.weight_quantized")):
                found[own.removesuffix("_quantized")] = self._embedding(name)
            elif array.dtype == np.float32 and not own.endswith("_scale") and ".stft." not in own:
                found[own] = array
        for node in self.graph.node:
            found |= self._of_node(node)
        return {name: torch.from_numpy(np.array(array, np.float32)) for name, array in found.items()}

    def _of_node(self, node: onnx.NodeProto) -> dict[str, np.ndarray[Any, Any]]:
        module = self._module(node.name.strip("/").split("/")[:-1])
        if re.search(r"_\d+$", module):  # used again
            return {}
        if node.op_type == "ConvInteger":
            return {f"{module}.weight": self._dequantised(node.input[1], node.input[3])}
        if node.op_type == "MatMulInteger" and node.input[1] in self.arrays:
            return {f"{module}.weight": self._dequantised(node.input[1], node.input[3]).T}
        if node.op_type == "DynamicQuantizeLSTM":
            return self._lstm(node, module)
        if node.op_type in ("Conv", "ConvTranspose") and ".istft." not in module:
            return {f"{module}.weight": self.arrays[node.input[1]]}
        if node.op_type == "MatMul" and module.endswith("l_linear"):
            return {f"{module}.weight": self.arrays[node.input[1]].T}
        return {}

    @staticmethod
    def _module(path: list[str]) -> str:
        """`decoder/asr_res/asr_res.0` is `decoder.asr_res.0`."""
        parts: list[str] = []
        for part in path[1:]:
            if parts and part.startswith(f"{parts[-1]}."):
                parts.pop()
            parts.append(part)
        if parts and parts[0].split(".")[0] in WITHOUT_PREDICTOR:
            parts.insert(0, "predictor")
        return ".".join(parts)

    def _dequantised(self, name: str, zero_point: str) -> np.ndarray[Any, Any]:
        """A weight; a scale for each output of a linear layer, one for all of a convolution."""
        scale = self.arrays[f"{name.removesuffix('_quantized')}_scale"]
        weight: np.ndarray[Any, Any] = self.arrays[name].astype(np.float32) - self.arrays[zero_point]
        return weight * scale

    def _embedding(self, name: str) -> np.ndarray[Any, Any]:
        node = next(one for one in self.graph.node if one.op_type == "Gather" and name in one.input)
        reader = next(one for one in self.graph.node if node.output[0] in one.input)
        return self._dequantised(name, reader.input[2])

    def _lstm(self, node: onnx.NodeProto, module: str) -> dict[str, np.ndarray[Any, Any]]:
        found = {}
        biases = self.arrays[node.input[3]].reshape(2, 2, 4, -1)
        for place, kind in ((1, "ih"), (2, "hh")):
            scale, zero_point = (self.arrays[node.input[2 * place + offset]] for offset in (6, 7))
            stored = self.arrays[node.input[place]].astype(np.float32)
            weights = (stored - zero_point[:, None, None]) * scale[:, None, None]
            for direction, suffix in enumerate(("", "_reverse")):
                gates = weights[direction].T.reshape(4, -1, weights.shape[1])[list(GATES)]
                found[f"{module}.weight_{kind}_l0{suffix}"] = gates.reshape(-1, weights.shape[1])
                found[f"{module}.bias_{kind}_l0{suffix}"] = biases[direction, place - 1][list(GATES)].reshape(
                    -1
                )
        return found


def read_weights(path: Path) -> dict[str, Tensor]:
    """The published tensors of a torch checkpoint or of the ONNX export."""
    if path.suffix == ".onnx":
        return Export(path).tensors()
    return {
        f"{network}.{name.removeprefix('module.')}": tensor
        for network, tensors in read_published_state(path).items()
        for name, tensor in tensors.items()
    }


def read_voice(path: Path) -> Tensor:
    """The styles (rows, 2 S) of a voice.

    Raises:
        CheckpointError: the file is none of a voice.
    """
    if path.suffix == ".bin":
        styles = torch.from_numpy(np.fromfile(path, "<f4"))
    else:
        styles = read_published_tensor(path)
    if not styles.numel() or styles.numel() % WIDTH:
        raise CheckpointError(f"{path} holds no voice", f"name a file of vectors of {WIDTH}")
    return styles.reshape(-1, WIDTH)


def write_published(
    tensors: Mapping[str, Tensor], voices: Mapping[str, Tensor], vocabulary: Mapping[str, Any], folder: Path
) -> tuple[Path, Path]:
    """Write `kokoro.safetensors` and `config.json`, which `import_kokoro` reads.

    Args:
        tensors: of `read_weights`.
        voices: styles (rows, 2 S) by name.
        vocabulary: symbols and their rows, or a tree that has them at `vocab`.
        folder: for the two files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = {**tensors, **{f"voices.{name}": styles.clone() for name, styles in voices.items()}}
    checkpoint, config = folder / "kokoro.safetensors", folder / "config.json"
    save_file({name: tensor.contiguous() for name, tensor in whole.items()}, checkpoint)
    tree = CONFIG | {"vocab": vocabulary.get("vocab", vocabulary)}
    config.write_text(json.dumps(tree, ensure_ascii=False, indent=1), encoding="utf-8")
    return checkpoint, config


def read_fetched(files: Mapping[str, Path], folder: Path) -> tuple[Path, Path]:
    """Write the files of `hiervox pretrained fetch kokoro` as `write_published` does.

    Args:
        files: the export, the vocabulary and the voices, by name.
        folder: for the two files.

    Raises:
        DependencyError: the package onnx is not installed.
    """
    styles = torch.from_numpy(np.fromfile(files[VOICES_NAME], "<f4")).reshape(len(VOICE_NAMES), -1, WIDTH)
    vocabulary = read_json(files[VOCABULARY_NAME])
    voices = dict(zip(VOICE_NAMES, styles, strict=True))
    return write_published(read_weights(files[EXPORT_NAME]), voices, vocabulary, folder)
