"""What drafting did, in words for a person."""

from app.domain.drafting import DraftReport


def summary(report: DraftReport) -> str:
    """How many proposed tokens were kept, and what that did for the speed."""
    source = f"by {report.model}" if report.model else "looked up"
    if not report.proposed:
        return "no tokens drafted"
    parts = f"{report.kept:,} of {report.proposed:,} drafted tokens kept ({source})"
    if report.speedup is None:
        return parts
    return f"{parts}, {report.speedup:.2f} times as fast as without"


def acceptance(report: DraftReport) -> str:
    """The share that was kept at each place of a draft, the first one first."""
    shares = (f"{kept / proposed:.0%}" for proposed, kept in report.positions)
    return ", ".join(shares)
