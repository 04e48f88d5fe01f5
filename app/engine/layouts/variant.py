"""One way to run a model."""

from dataclasses import dataclass
from pathlib import Path

from app.domain.models import Layout

ENCODER_DECODER = (
    "This is an encoder-decoder, made to translate or to transcribe, which Candor does not run."
)


@dataclass(frozen=True, slots=True)
class Variant:
    """A name a person can pick, and the files behind it.

    `file` is the decoder. `embedder` turns ids into the vectors that some decoders take instead;
    `opening` stands in for a decoder that cannot start without a past. `refusal` says in one
    sentence why this variant cannot run, as far as its listing tells.
    """

    name: str
    layout: Layout
    file: Path
    embedder: Path | None = None
    opening: Path | None = None
    refusal: str | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """Every graph that runs."""
        return tuple(each for each in (self.file, self.embedder, self.opening) if each)
