"""The figures that are asked of Candor on two cores, and what a run says to them."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from tests.benchmarks.comparison.samples import Figure, ratio

Results = Mapping[str, Mapping[str, Figure]]
"""By system and measure: seconds for a token or a load, bytes of memory."""


class Target(Struct, frozen=True):
    """How often our figure must go into the other one, at least; or, with `share`, the other way
    round and at most.

    Each figure is a system and a measure.
    """

    text: str
    asked: float
    ours: tuple[str, str]
    other: tuple[str, str]
    share: bool = False


class Reached(Struct, frozen=True):
    """What a run says to a target: by clean medians where there are any, and by minima.

    Both are None where it was not measured.
    """

    target: Target
    clean: float | None
    least: float | None

    @property
    def met(self) -> bool:
        """Whether the clean ratio, or the one of minima where there is none, is as asked."""
        value = self.least if self.clean is None else self.clean
        if value is None:
            return False
        return value <= self.target.asked if self.target.share else value >= self.target.asked


TARGETS = {
    "int4": (
        Target("decode at 512, beside onnxruntime-genai's default build", 1.0,
               ("candor", "decode"), ("genai", "decode")),
        Target("decode at 512, beside onnxruntime-genai on the graph with last-token logits", 1.0,
               ("candor", "decode"), ("genai-last", "decode")),
        Target("decode at 512, not prepared, beside onnxruntime-genai on the same file", 1.0,
               ("candor-plain", "decode"), ("genai", "decode")),
        Target("prefill of 512, beside onnxruntime-genai's default build", 1.4,
               ("candor", "prefill"), ("genai", "prefill")),
        Target("decode at 512 with int8 KV, beside onnxruntime-genai's default build", 1.07,
               ("candor-int8", "decode"), ("genai", "decode")),
        Target("decode at 4,096 with int8 KV, beside onnxruntime-genai's default build", 1.3,
               ("candor-int8", "long"), ("genai", "long")),
        Target("peak memory, of onnxruntime-genai's default build", 0.6,
               ("candor", "peak"), ("genai", "peak"), share=True),
        Target("decode at 512, beside llama.cpp Q4_0", 1.35,
               ("candor", "decode"), ("llama", "decode")),
        Target("prefill of 512, beside llama.cpp Q4_0", 0.9,
               ("candor", "prefill"), ("llama", "prefill")),
        Target("load from the prepared cache, of the plain load", 0.72,
               ("candor", "load"), ("candor-plain", "load"), share=True),
    ),
    "batch": (
        Target("a batch of 8, tokens beside those of one", 2.2,
               ("candor", "batch"), ("candor", "decode")),
    ),
    "optimum-int4": (
        Target("decode at 512 on a 4-bit optimum export, beside optimum's own", 1.5,
               ("candor", "decode"), ("optimum", "decode")),
    ),
    "optimum": (
        Target("decode at 512 on a float32 optimum export, beside optimum's own", 1.5,
               ("candor", "decode"), ("optimum", "decode")),
    ),
}  # fmt: skip


def reached(group: str, results: Results) -> Iterator[Reached]:
    """What the run of a group says to each of its targets."""
    for target in TARGETS[group]:
        (our_system, our_measure), (system, measure) = target.ours, target.other
        ours = results.get(our_system, {}).get(our_measure)
        other = results.get(system, {}).get(measure)
        if ours is None or other is None:
            yield Reached(target, None, None)
        else:
            pair = (ours, other) if target.share else (other, ours)
            yield Reached(target, *ratio(*pair))
