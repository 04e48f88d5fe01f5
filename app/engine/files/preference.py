"""Which variant of a model suits a provider best, judged by its name and its size.

Names are the suffixes of transformers.js and the folder names of onnxruntime-genai. A CPU computes
f16 slowly, CUDA's grouped-query attention only takes f16, and DirectML is tested most with f16.
"""

import re
from pathlib import Path

from app.domain.requests import Provider
from app.engine.runtime.memory import physical_memory

_BEST_FIRST = {
    Provider.CPU: ("q4", "cpu", "q8", "int8", "uint8", "fp32", "q4f16", "fp16"),
    Provider.CUDA: ("cuda", "gpu", "q4f16", "int4", "fp16", "q4", "bnb4", "fp32", "q8", "int8"),
    Provider.DIRECTML: ("directml", "dml", "fp16", "q4f16", "gpu", "int4", "q4", "fp32"),
}
_LAST = 99
_LOADED_PER_STORED = 1.2  # bytes of memory per byte of weights on disk


def preference(name: str, file: Path, provider: Provider) -> tuple[int, ...]:
    """A key that sorts the variant `name` in `file`, the best one for `provider` first."""
    order = _BEST_FIRST[provider]
    words = re.split(r"[^a-z0-9]+", name.lower())
    ranks = sorted(rank for rank, word in enumerate(order) if word in words)
    too_large = provider is Provider.CPU and name == "fp32" and not _fits(file)
    return (_LAST - 1,) if too_large else (*ranks, _LAST)


def _fits(file: Path) -> bool:
    """Whether the weights, in the file and beside it, fit into this computer's memory."""
    parts = [file, *file.parent.glob(f"{file.name}[_.]data*")]
    stored = sum(part.stat().st_size for part in parts if part.is_file())
    return stored * _LOADED_PER_STORED <= physical_memory()
