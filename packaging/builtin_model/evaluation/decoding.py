"""Batched greedy decoding and scoring of an exported folder with ONNX Runtime.

In: prompts as token ids. Out: completions with the logprob (nats) of every token. Rows of unequal
length share a batch: each row's own length is in the attention mask.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Completion:
    """The tokens written after a prompt, the end of turn included, and their logprobs."""

    ids: list[int]
    logprobs: list[float]


class Runner:
    """A model folder, ready to run."""

    def __init__(self, folder: Path) -> None:
        self.config = json.loads((folder / "config.json").read_text("utf-8"))
        generation = json.loads((folder / "generation_config.json").read_text("utf-8"))
        self.ends = frozenset(generation["eos_token_id"])
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        options = ort.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.intra_op_num_threads = 2
        self.session = ort.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        layers = range(self.config["num_hidden_layers"])
        self.states = [f"{layer}.{side}" for layer in layers for side in ("key", "value")]

    def encode(self, text: str) -> list[int]:
        """Token ids of a text with its control tokens."""
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids: list[int]) -> str:
        """The text of a completion, tags shown, without the end of the turn."""
        kept = [index for index in ids if index not in self.ends]
        return self.tokenizer.decode(kept, skip_special_tokens=False)

    def complete(self, prompts: list[list[int]], limit: int, rows: int = 64) -> list[Completion]:
        """Greedy completions of at most `limit` tokens, in the order of the prompts."""
        order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
        found: dict[int, Completion] = {}
        for start in range(0, len(order), rows):
            part = order[start : start + rows]
            found.update(zip(part, self._complete([prompts[i] for i in part], limit), strict=True))
        return [found[index] for index in range(len(prompts))]

    def score(self, prompt: list[int], answer: list[int]) -> Floats:
        """Logprobs of the answer's tokens after the prompt: float32 [answer]."""
        ids = np.array([prompt + answer], dtype=np.int64)
        logits, _ = self._run(ids, {}, np.array([ids.shape[1]]), ids.shape[1])
        rows = log_softmax(logits[0, len(prompt) - 1 : -1])
        return rows[np.arange(len(answer)), answer]

    def predicted(self, ids: list[int]) -> Ints:
        """The likeliest next token after every position: int64 [ids]."""
        logits, _ = self._run(np.array([ids]), {}, np.array([len(ids)]), len(ids))
        return logits[0].argmax(-1)

    def _complete(self, prompts: list[list[int]], limit: int) -> list[Completion]:
        lengths = np.array([len(prompt) for prompt in prompts])
        width = int(lengths.max())
        ids = np.array([prompt + [0] * (width - len(prompt)) for prompt in prompts])
        done = [Completion([], []) for _ in prompts]
        active = list(range(len(prompts)))
        logits, past = self._run(ids, {}, lengths, width)
        last = logits[np.arange(len(prompts)), lengths - 1]
        for _ in range(limit):
            chosen = last.argmax(-1)
            for row, token, logprob in zip(active, chosen, log_softmax(last), strict=True):
                done[row].ids.append(int(token))
                done[row].logprobs.append(float(logprob[token]))
            going = np.array([token not in self.ends for token in chosen])
            if not going.any():
                break
            if not going.all():
                active = [row for row, goes in zip(active, going, strict=True) if goes]
                past = {name: state[going] for name, state in past.items()}
                chosen, lengths = chosen[going], lengths[going]
            lengths, width = lengths + 1, width + 1
            logits, past = self._run(chosen[:, None], past, lengths, width)
            last = logits[:, 0]
        return done

    def _run(
        self, ids: Ints, past: dict[str, Floats], lengths: Ints, width: int
    ) -> tuple[Floats, dict[str, Floats]]:
        """One run: logits [rows, new, vocabulary] and the keys and values, `width` long."""
        mask = (np.arange(width)[None] < lengths[:, None]).astype(np.int64)
        shape = (len(ids), self.config["num_key_value_heads"], 0, self.config["head_dim"])
        empty = np.zeros(shape, np.float32)
        states = {f"past_key_values.{name}": past.get(name, empty) for name in self.states}
        feeds = {"input_ids": np.asarray(ids, np.int64), "attention_mask": mask, **states}
        logits, *present = cast("list[Floats]", self.session.run(None, feeds))
        return logits, dict(zip(self.states, present, strict=True))


def log_softmax(logits: Floats) -> Floats:
    """Over the last axis."""
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
