"""The models of a comparison: random weights in real shapes, written once into a folder.

Every form has the same sizes.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tests.benchmarks import real_shapes
from tests.benchmarks.comparison import environments
from tests.benchmarks.comparison.process import SCRIPTS

SHORT = 1024  # tokens: a context so short that many conversations fit
_DONE = "written.txt"
_GENAI = (5.0, 5.0)  # 4 bits, and a float32 scale for every 32
_BITS = {
    "genai": _GENAI,
    "genai-last": _GENAI,
    "genai-short": _GENAI,
    "optimum-int4": _GENAI,
    "optimum": (32.0, 32.0),
    "bfloat16": (16.0, 16.0),
    "gguf": (4.5, 6.5625),
    "gguf-pure": (4.5, 4.5),
}
"""Bits for a weight of the layers and of the head, by form."""


class Models:
    """The forms of one shape under `folder`; `peers` has the environments that write some."""

    def __init__(self, folder: Path, peers: Path, shape: str) -> None:
        self._folder = folder / shape
        self._peers = peers
        self._sizes = real_shapes.SIZES[shape]

    @property
    def vocabulary(self) -> int:
        """Tokens that the models know."""
        return self._sizes.vocabulary

    def bytes_per_token(self, form: str, context: int, kv_bytes: int) -> float:
        """What has to be read for one token: every weight once, and the cache of the context."""
        sizes = self._sizes
        head = sizes.vocabulary * sizes.hidden
        body_bits, head_bits = _BITS[form]
        weights = (sizes.parameters - head) * body_bits + head * head_bits
        cache = 2 * sizes.layers * sizes.kv_heads * sizes.head_size * kv_bytes
        return weights / 8 + context * cache

    def path(self, form: str) -> Path:
        """The folder of a form, written first if it is missing."""
        folder = self._folder / form
        if not (folder / _DONE).exists():
            folder.mkdir(parents=True, exist_ok=True)
            print(f"Writing the model {folder}")
            self._writers()[form](folder)
            (folder / _DONE).write_text("")
        return folder

    def _writers(self) -> dict[str, Callable[[Path], object]]:
        return {
            "nothing": lambda folder: None,
            "genai": lambda folder: real_shapes.write_genai(folder, self._sizes),
            "genai-last": self._write_last,
            "genai-short": self._write_short,
            "optimum": lambda folder: real_shapes.write_optimum(folder, self._sizes),
            "optimum-int4": lambda folder: real_shapes.write_optimum4(folder, self._sizes),
            "gguf": lambda folder: self._write_gguf(folder, "Q6_K"),
            "gguf-pure": lambda folder: self._write_gguf(folder, "Q4_0"),
        }

    def _write_last(self, folder: Path) -> None:
        """The same weights; the head sees the last position only."""
        self._copy(self.path("genai"), folder)
        model = onnx.load(str(folder / "model.onnx"), load_external_data=False)
        keep_last(model)
        (folder / "model.onnx").write_bytes(model.SerializeToString())

    def _write_short(self, folder: Path) -> None:
        """The same model, said to be made for a short context."""
        self._copy(self.path("genai"), folder)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(
            json.dumps({**config, "max_position_embeddings": SHORT})
        )

    def _write_gguf(self, folder: Path, head: str) -> None:
        python = environments.python(self._peers, "llama")
        script = str(SCRIPTS / "write_gguf.py")
        sizes = json.dumps(asdict(self._sizes))
        subprocess.run([str(python), script, str(folder), sizes, head], check=True)

    @staticmethod
    def _copy(source: Path, folder: Path) -> None:
        """The same files once more: the program refuses weights that have a second name."""
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns(_DONE), dirs_exist_ok=True)


def keep_last(model: onnx.ModelProto) -> None:
    """Give the node that makes the logits only the last position, [batch, 1, hidden]."""
    head = next(node for node in model.graph.node if "logits" in node.output)
    model.graph.initializer.append(numpy_helper.from_array(np.array([-1]), "last_position"))
    gather = helper.make_node("Gather", [head.input[0], "last_position"], ["last_hidden"], axis=1)
    head.input[0] = "last_hidden"
    model.graph.node.insert(list(model.graph.node).index(head), gather)
