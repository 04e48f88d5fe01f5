"""Lines of figures and lists of tokens."""

import math

import pytest

from app.cli import figures
from app.cli.transcript import Transcript
from app.domain.events import Delta, Finished, FinishReason, Timings, Usage
from app.domain.tokens import Candidate, Channel, Source, TokenRecord
from app.errors import Bug


def token(probability: float, channel: Channel = Channel.ANSWER, data: bytes = b"a") -> TokenRecord:
    logprob = math.log(probability)
    top = (Candidate(7, b"\n", logprob), Candidate(2, b"", math.log(0.0001)))
    return TokenRecord(7, data, 0, 1, logprob, 0.0, 3, 1.0, top, 0.1, channel, Source.SAMPLED)


def transcript(reason: FinishReason) -> Transcript:
    gathered = Transcript()
    gathered.add(Delta(Channel.REASONING, "r", (token(0.01, Channel.REASONING),)))
    gathered.add(Delta(Channel.ANSWER, "a", (token(0.9),)))
    gathered.add(Delta(Channel.ANSWER, "b", (token(0.4),)))
    usage = Usage(prompt_tokens=9, completion_tokens=3, reasoning_tokens=1, cached_tokens=0)
    gathered.add(Finished(reason, usage, Timings(0.25, 100.0, 50.0), 11))
    return gathered


def test_the_line_of_an_answer() -> None:
    assert figures.generation(transcript(FinishReason.STOP)) == (
        "3 tokens (1 reasoning) · 50.0 tokens/s · first token 0.25 s · confidence 60.0 % · seed 11"
    )


def test_a_cut_answer_says_why() -> None:
    assert figures.generation(transcript(FinishReason.LENGTH)).endswith("stopped at --max-tokens")
    assert "context is full" in figures.generation(transcript(FinishReason.CONTEXT))


def test_a_listing_shows_spaces_controls_and_ids() -> None:
    (line,) = figures.listing([token(0.25)])
    assert line.endswith('  "␊" 25.0 %  #2 < 0.1 %')


@pytest.mark.parametrize(
    ("probability", "shown"), [(1.0, "100.0 %"), (0.0004, "< 0.1 %"), (0.0, "0.0 %")]
)
def test_percentages(probability: float, shown: str) -> None:
    assert figures.percent(probability) == shown


def test_a_request_without_an_end_is_a_defect() -> None:
    with pytest.raises(Bug):
        figures.generation(Transcript())
