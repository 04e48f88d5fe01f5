"""onnxruntime-genai: its own loop and search over the same folder."""

import json
import os
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime_genai as og
from serving import Command, System, serve

CHUNK = 512  # its logits cover everything it reads at once, so long prompts go in parts
SPARE = 256  # tokens behind a prompt


class Genai(System):
    """Greedy search over one generator, whose cache is a shared buffer."""

    def __init__(self, folder: Path, threads: int, options: Command) -> None:
        super().__init__(folder, threads, options)
        self._ids = np.zeros(0, np.int32)

    def load(self, context: int) -> None:
        config = og.Config(str(self.folder))
        session = {"intra_op_num_threads": self.threads}
        config.overlay(json.dumps({"model": {"decoder": {"session_options": session}}}))
        self._model = og.Model(config)
        self._make_room(context)

    def read(self, ids: list[int]) -> None:
        self._ids = np.array(ids, np.int32)
        if len(ids) + SPARE > self._room:
            self._make_room(len(ids) + SPARE)
        elif self._generator.token_count():
            self._generator.rewind_to(0)
        for at in range(0, len(ids), CHUNK):
            self._generator.append_tokens(self._ids[at : at + CHUNK])
        self._generator.generate_next_token()

    def rewind(self, length: int) -> None:
        self._generator.rewind_to(length - 1)
        self._generator.append_tokens(self._ids[length - 1 : length])

    def step(self) -> None:
        self._generator.generate_next_token()
        self._generator.get_next_tokens()

    def _make_room(self, context: int) -> None:
        """A new generator: the buffers of its cache are as long as it was told at first."""
        params = og.GeneratorParams(self._model)
        params.set_search_options(max_length=context, do_sample=False, batch_size=1)
        self._room, self._generator = context, og.Generator(self._model, params)


serve(Genai)
