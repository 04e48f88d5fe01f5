"""The one JSON object that `--json` prints: its fields and their order.

Only ASCII leaves, so that no console can spoil it and no terminal obeys what a model wrote.
"""

import json
from collections.abc import Sequence
from typing import Any

import click
from msgspec import structs

from app.cli.transcript import Transcript
from app.domain.devices import fallen_back
from app.domain.drafting import DraftReport
from app.domain.models import ModelInfo
from app.domain.passages import paragraphs, passages, rank_bands, sentences
from app.domain.tokens import LEAST_LOGPROB, Candidate, Channel, TokenRecord


def write(value: dict[str, Any]) -> None:
    """Print `value` as one line of JSON on standard output."""
    click.echo(json.dumps(value, allow_nan=False))


def generation(model: ModelInfo, transcript: Transcript) -> dict[str, Any]:
    """The object of `chat` and `complete`: generated tokens only."""
    return _result(model, transcript, transcript.text(), transcript.text(Channel.REASONING))


def score(model: ModelInfo, transcript: Transcript) -> dict[str, Any]:
    """The object of `score`: the text's own tokens."""
    text = transcript.text(Channel.PROMPT)
    return {
        **_result(model, transcript, text, ""),
        "sentences": _passages(text, transcript.tokens, sentences(text)),
        "paragraphs": _passages(text, transcript.tokens, paragraphs(text)),
        "ranks": structs.asdict(rank_bands(transcript.tokens)),
    }


def _passages(
    text: str, tokens: Sequence[TokenRecord], bounds: Sequence[tuple[int, int]]
) -> list[dict[str, Any]]:
    return [
        {**structs.asdict(part), "perplexity": part.perplexity}
        for part in passages(text, tokens, bounds)
    ]


def _result(model: ModelInfo, transcript: Transcript, text: str, reasoning: str) -> dict[str, Any]:
    finished = transcript.finished
    usage, report = finished.usage, finished.drafting
    drafted = {"drafting": _drafting(report)} if report else {}
    return {
        "text": text,
        "reasoning": reasoning,
        "finish_reason": finished.reason.value,
        "usage": {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
        },
        "timings": structs.asdict(finished.timings),
        "tokens": [
            _token(record) | (_drafted(record) if report else {}) for record in transcript.tokens
        ],
        "seed": finished.seed,
        "model": model.name,
        "device": device(model),
        **drafted,
    }


def device(model: ModelInfo) -> dict[str, Any]:
    """Where a model was to run, and how many nodes of its graph each execution provider got."""
    return {
        "id": model.device.label,
        "name": model.device.name,
        "nodes": {each.provider: each.nodes for each in model.placements},
        "fallback": fallen_back(model.device.provider, model.placements),
    }


def _token(record: TokenRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "text": record.text,
        "logprob": _logprob(record.logprob),
        "sampled_logprob": _logprob(record.sampled_logprob),
        "rank": record.rank,
        "entropy": record.entropy,
        "tail": record.tail,
        "channel": record.channel.value,
        "source": record.source.value,
        "top": [_candidate(candidate) for candidate in record.top],
    }


def _drafted(record: TokenRecord) -> dict[str, Any]:
    return {
        "draft_q": record.draft_q,
        "accept": record.accept,
        "refused": _candidate(record.refused) if record.refused else None,
    }


def _drafting(report: DraftReport) -> dict[str, Any]:
    return {
        "kind": report.kind.value,
        "model": report.model,
        "proposed": report.proposed,
        "kept": report.kept,
        "drafts": report.drafts,
        "positions": [{"proposed": proposed, "kept": kept} for proposed, kept in report.positions],
        "speedup": report.speedup,
        "plain_tokens_per_s": report.plain_tokens_per_s,
        "notes": list(report.notes),
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "id": candidate.id,
        "text": candidate.text,
        "logprob": _logprob(candidate.logprob),
    }


def _logprob(value: float | None) -> float | None:
    """JSON has no infinity: a token that the model rules out gets the least number instead."""
    return None if value is None else max(value, LEAST_LOGPROB)
