"""The byte-level BPE tokenizer: about a thousand tokens, every digit on its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from .corpus.mixture import draw
from .corpus.source import Source
from .render import split_text

SIZE = 1024
END_OF_TEXT, TURN_START, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
CONTROL = (END_OF_TEXT, TURN_START, TURN_END)
TAGS = ("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>")
# A word with the space before it, one digit, a run of marks, or white space.
PIECES = r" ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+"


def train_tokenizer(seed: int, conversations: int = 60_000) -> Tokenizer:
    """A tokenizer trained on generated chats. The added tokens have the first ids."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE,
        special_tokens=[*CONTROL, *TAGS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(seed, conversations), trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in CONTROL])
    return _tags_as_text(tokenizer)


def _texts(seed: int, conversations: int) -> Iterator[str]:
    source = Source(f"tokenizer {seed}")
    added = re.compile("|".join(map(re.escape, (*CONTROL, *TAGS))))
    for _ in range(conversations):
        for text in split_text(draw(source)):
            yield from added.split(text)


def _tags_as_text(tokenizer: Tokenizer) -> Tokenizer:
    """Marks the tags as not special, so that decoding shows them, as Qwen3 does."""
    content = json.loads(tokenizer.to_str())
    for token in content["added_tokens"]:
        token["special"] = token["content"] in CONTROL
    return Tokenizer.from_str(json.dumps(content))
