"""What a benchmark found, in words that the terminal and the window share."""

from collections.abc import Iterator

from app.domain.benchmark import BenchmarkReport, Spread
from app.services.benchmark.rounds import spread

UNTOLD = "not told by this system"


def heading(report: BenchmarkReport) -> str:
    """What was measured."""
    return (
        f"{report.model} on {', '.join(report.providers)}: {report.prompt_tokens} prompt tokens,"
        f" {report.completion_tokens} generated, {len(report.rounds)} rounds"
    )


def findings(report: BenchmarkReport) -> Iterator[tuple[str, str]]:
    """Every figure as a name and its words."""
    yield "prefill", _spread(report.prefill_tokens_per_s, "tokens/s")
    yield "decode", _spread(report.decode_tokens_per_s, "tokens/s")
    yield "first token", _spread(report.first_token_s, "s", digits=3)
    yield "cores used", _cores(report)
    yield "peak memory", _megabytes(report.peak_memory_bytes)
    yield "draft cost", _verification(report)
    yield "side by side", _batches(report)
    yield "of the roof", _roof(report)


def validity(report: BenchmarkReport) -> str:
    """Whether the figures can be trusted."""
    if report.disturbed_rounds is None:
        return "Whether other programs disturbed the rounds cannot be told on this system."
    if report.disturbed_rounds == 0:
        return "No round was disturbed by other programs."
    return (
        f"{report.disturbed_rounds} of {len(report.rounds)} rounds were disturbed: other programs"
        " held the cores, so the true speed is higher."
    )


def _spread(values: Spread, unit: str, digits: int = 1) -> str:
    middle, least, most = (
        f"{value:,.{digits}f}" for value in (values.median, values.least, values.most)
    )
    return f"{middle} {unit}  ({least} to {most})"


def _cores(report: BenchmarkReport) -> str:
    used = [each.cores for each in report.rounds if each.cores is not None]
    return f"{spread(used).median:.2f}" if used else UNTOLD


def _megabytes(size: int | None) -> str:
    return UNTOLD if size is None else f"{size / 2**20:,.0f} MB"


def _verification(report: BenchmarkReport) -> str:
    costs = "  ".join(f"{each.tokens}: {each.cost:.2f}x" for each in report.verification)
    return f"{costs}  of one token's time"


def _batches(report: BenchmarkReport) -> str:
    if not report.batches:
        return "one conversation at a time fits into the memory"
    rates = (f"{each.rows}: {each.tokens_per_s:,.1f} ({each.gain:.2f}x)" for each in report.batches)
    return f"{'  '.join(rates)}  tokens/s together"


def _roof(report: BenchmarkReport) -> str:
    roof = report.roof
    share = f"{roof.fraction:.0%}".replace("%", " %")
    return (
        f"{share} of the {roof.read_bytes_per_s / 1e9:.1f} GB/s at which memory is read"
        f" ({roof.bytes_per_token / 1e6:,.1f} MB a token)"
    )
