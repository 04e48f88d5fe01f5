"""transformers on PyTorch: a random model of the same configuration."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from serving import System, serve
from transformers import AutoConfig, AutoModelForCausalLM, DynamicCache


class Transformers(System):
    """Greedy search over `forward` with a dynamic cache."""

    def load(self, context: int) -> None:
        torch.set_num_threads(self.threads)
        config = AutoConfig.from_pretrained(self.folder)
        dtype = getattr(torch, self.options["dtype"])
        self._model = AutoModelForCausalLM.from_config(config, dtype=dtype).eval()

    @torch.inference_mode()
    def read(self, ids: list[int]) -> None:
        self._cache = DynamicCache(config=self._model.config)
        self._next = torch.tensor([ids])
        self.step()
        self._first = self._next

    def rewind(self, length: int) -> None:
        self._cache.crop(length - self._cache.get_seq_length())  # counted from the end
        self._next = self._first

    @torch.inference_mode()
    def step(self) -> None:
        given = self._model(
            input_ids=self._next, past_key_values=self._cache, use_cache=True, logits_to_keep=1
        )
        self._next = given.logits[:, -1:].argmax(-1)


serve(Transformers)
