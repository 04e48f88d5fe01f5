"""What is compared: every system with its environment, its model and what is measured of it.

Systems of a group take turns in one run; only figures of one run may be divided by each other.
"""

from dataclasses import dataclass, field
from typing import Any

TIMED = ("load", "prefill", "decode")


@dataclass(frozen=True)
class System:
    """One contestant; `environment` None is the one that runs this.

    `model` is the form it runs, `weights` the one whose size counts, `kv_bytes` those of one
    number in its cache.
    """

    name: str
    title: str
    environment: str | None
    script: str
    model: str
    measures: tuple[str, ...] = TIMED
    options: dict[str, Any] = field(default_factory=dict)
    kv_bytes: int = 4
    weights: str = ""


READS = System("reads", "memory reads", None, "run_reads.py", "nothing", ("load", "reads"))


def _candor(title: str, name: str, model: str, *more: str, **options: Any) -> System:
    kv_bytes = 1 if options.get("int8_kv") else 4
    measures = (*TIMED, *more)
    return System(name, title, None, "run_candor.py", model, measures, options, kv_bytes)


def _genai(title: str, name: str, model: str) -> System:
    return System(name, title, "genai", "run_genai.py", model, (*TIMED, "long"))


def _llama(title: str, name: str, model: str) -> System:
    return System(name, title, "llama", "run_llama.py", model, TIMED, kv_bytes=2)


def _optimum(model: str) -> System:
    return System("optimum", "optimum-onnx 0.1.0", "optimum", "run_optimum.py", model)


def _torch(title: str, name: str, dtype: str, weights: str, kv_bytes: int) -> System:
    return System(
        name, title, "transformers", "run_transformers.py", "optimum",
        TIMED, {"dtype": dtype}, kv_bytes, weights,
    )  # fmt: skip


GROUPS = {
    "int4": (
        READS,
        _genai("onnxruntime-genai 0.18.0, its default build", "genai", "genai"),
        _genai("onnxruntime-genai, last-token logits", "genai-last", "genai-last"),
        _candor("Candor, not prepared", "candor-plain", "genai", prepared=False),
        _candor("Candor, prepared, f32 KV", "candor", "genai", "long", "profile", prepared=True),
        _candor(
            "Candor, prepared, int8 KV", "candor-int8", "genai", "long", prepared=True, int8_kv=True
        ),
        _llama("llama.cpp Q4_0, output Q6_K", "llama", "gguf"),
        _llama("llama.cpp Q4_0, output Q4_0", "llama-pure", "gguf-pure"),
    ),
    "batch": (
        READS,
        _candor("Candor, prepared", "candor", "genai-short", "batch", "profile", prepared=True),
    ),
    "optimum-int4": (
        READS,
        _optimum("optimum-int4"),
        _candor("Candor, not prepared", "candor-plain", "optimum-int4", prepared=False),
        _candor("Candor, prepared", "candor", "optimum-int4", "profile", prepared=True),
    ),
    "optimum": (
        READS,
        _optimum("optimum"),
        _torch("transformers 5.23.0, float32", "torch-f32", "float32", "optimum", 4),
        _torch("transformers 5.23.0, bfloat16", "torch-bf16", "bfloat16", "bfloat16", 2),
        _candor("Candor, not prepared", "candor-plain", "optimum", prepared=False),
        _candor("Candor, prepared", "candor", "optimum", prepared=True),
    ),
}
