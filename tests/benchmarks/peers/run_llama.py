"""llama.cpp through its own C interface, as llama-cpp-python binds it."""

import llama_cpp as c
import numpy as np
from serving import System, serve


class Llama(System):
    """Greedy search with argmax over the row of logits; the cache is f16, its default."""

    def load(self, context: int) -> None:
        c.llama_backend_init()
        self._model = c.llama_model_load_from_file(
            str(self.folder / "model.gguf").encode(), c.llama_model_default_params()
        )
        params = c.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = context, 512, 512
        params.n_threads = params.n_threads_batch = self.threads
        self._context = c.llama_init_from_model(self._model, params)
        if not self._context:
            raise RuntimeError("llama.cpp could not open the model")
        self._memory = c.llama_get_memory(self._context)
        self._size = c.llama_vocab_n_tokens(c.llama_model_get_vocab(self._model))
        self._ids: list[int] = []
        self._next = 0

    def read(self, ids: list[int]) -> None:
        c.llama_memory_clear(self._memory, True)
        self._ids = ids
        self._run(ids)

    def rewind(self, length: int) -> None:
        c.llama_memory_seq_rm(self._memory, 0, length - 1, -1)
        self._run(self._ids[length - 1 : length])

    def step(self) -> None:
        self._run([self._next])

    def _run(self, ids: list[int]) -> None:
        """Run the tokens behind what is cached, and pick what follows the last."""
        tokens = (c.llama_token * len(ids))(*ids)
        status = c.llama_decode(self._context, c.llama_batch_get_one(tokens, len(ids)))
        if status:
            raise RuntimeError(f"llama_decode gave {status}")
        logits = c.llama_get_logits_ith(self._context, -1)
        self._next = int(np.ctypeslib.as_array(logits, (self._size,)).argmax())


serve(Llama)
