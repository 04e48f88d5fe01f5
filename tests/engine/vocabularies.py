"""Small tokenizers trained on the spot, written as tokenizer.json files."""

import random
from pathlib import Path

from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers import Tokenizer as NativeTokenizer

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MARKERS = ["<think>", "</think>", "<tool_call>", "</tool_call>"]


def byte_level(path: Path) -> Path:
    """Train a byte-level BPE of 400 tokens on words drawn at random; write it to `path`."""
    rng = random.Random(3)
    letters = "abcdefghijklmnopqrstuvwxyzäßé東 "
    texts = ["".join(rng.choices(letters, k=80)) for _ in range(200)]
    native = NativeTokenizer(models.BPE())
    native.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    native.decoder = decoders.ByteLevel()
    native.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=SPECIAL,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    native.add_tokens([AddedToken(each, special=False, normalized=False) for each in MARKERS])
    native.save(str(path))
    return path


def sentencepiece(path: Path) -> Path:
    """A BPE with visible spaces and byte fallback, as Llama 2 has; write it to `path`."""
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces += ["\u2581", "a", "b", "\u2581a"]
    native = NativeTokenizer(
        models.BPE(
            vocab={piece: id for id, piece in enumerate(pieces)},
            merges=[("\u2581", "a")],
            unk_token="<unk>",
            byte_fallback=True,
            fuse_unk=True,
        )
    )
    native.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
    )
    native.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    native.add_special_tokens(["<unk>", "<s>", "</s>"])
    native.save(str(path))
    return path
