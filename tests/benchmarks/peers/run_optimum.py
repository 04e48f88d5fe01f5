"""optimum-onnx: `ORTModelForCausalLM`, its own I/O binding, its cache passed from run to run."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import onnxruntime
import torch
from optimum.onnxruntime import ORTModelForCausalLM
from serving import System, serve


class Optimum(System):
    """Greedy search over `forward`; a rewind goes back to the cache of the prompt."""

    def load(self, context: int) -> None:
        torch.set_num_threads(self.threads)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        self._model = ORTModelForCausalLM.from_pretrained(
            self.folder, session_options=options, use_io_binding=True, local_files_only=True
        )
        # It takes the head's size to be hidden size over heads, which Qwen3's is not.
        self._model.embed_size_per_head = getattr(
            self._model.config, "head_dim", self._model.embed_size_per_head
        )

    @torch.inference_mode()
    def read(self, ids: list[int]) -> None:
        self._past, self._length = None, 0
        self._next = torch.tensor([ids])
        self.step()
        self._prompt = (self._past, self._length, self._next)

    def rewind(self, length: int) -> None:
        self._past, self._length, self._next = self._prompt
        if self._length != length:
            raise ValueError(f"read were {self._length} tokens, not {length}")

    @torch.inference_mode()
    def step(self) -> None:
        self._length += self._next.shape[1]
        mask = torch.ones((1, self._length), dtype=torch.int64)
        given = self._model(input_ids=self._next, attention_mask=mask, past_key_values=self._past)
        self._past = given.past_key_values
        self._next = given.logits[:, -1:].argmax(-1)


serve(Optimum)
