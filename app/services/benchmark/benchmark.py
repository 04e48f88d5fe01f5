"""The whole benchmark of the engine's model: rounds, verification, answers side by side, the roof.

The terminal and the window run the same one. Cancelling its task ends it within one token.
"""

from collections.abc import Callable, Sequence
from contextlib import aclosing

from app.domain.benchmark import Batch, BenchmarkReport, Roof, Round, Size, Verification
from app.domain.events import Measured, Progress
from app.domain.models import ModelInfo
from app.domain.requests import Measure
from app.errors import Bug, InvalidRequest
from app.services.benchmark.process_stats import process_stats
from app.services.benchmark.rounds import Requests, Rounds, spread
from app.services.benchmark.together import together
from app.services.engine_host import EngineHost

WIDTHS = (1, 2, 3, 4, 5, 6, 8, 12, 16)
"""Tokens in one run, as a draft of so many is verified."""
ROWS = (2, 4, 8, 16)
_READ_AT_ONCE = 128  # prompt tokens, while the other answers get one token

Tell = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is, and of how much."""


class Benchmark:
    """One benchmark of what `engine` has loaded.

    Raises:
        InvalidRequest: prompt and answer do not fit the context.
    """

    def __init__(self, engine: EngineHost, model: ModelInfo, size: Size, tell: Tell) -> None:
        if size.prompt_tokens + size.completion_tokens > model.context_length:
            raise InvalidRequest(
                f"{size.prompt_tokens} and {size.completion_tokens} tokens do not fit the context"
                f" of {model.context_length} tokens."
            )
        self._engine = engine
        self._model = model
        self._size = size
        self._tell = tell
        self._requests = Requests(model, size)

    async def run(self) -> BenchmarkReport:
        """Everything, one after the other.

        Raises:
            CandorError: the engine is lost, or the model cannot be measured.
        """
        rounds = [await self._round(number) for number in range(self._size.rounds + 1)][1:]
        peak = self._peak()
        decode = spread([each.decode_tokens_per_s for each in rounds])
        measured = await self._measured()
        return BenchmarkReport(
            model=self._model.name,
            providers=self._model.providers,
            device=self._model.device,
            placements=self._model.placements,
            prompt_tokens=self._size.prompt_tokens,
            completion_tokens=self._size.completion_tokens,
            prefill_tokens_per_s=spread([each.prefill_tokens_per_s for each in rounds]),
            decode_tokens_per_s=decode,
            first_token_s=spread([each.first_token_s for each in rounds]),
            disturbed_rounds=_disturbed(rounds),
            peak_memory_bytes=peak,
            rounds=tuple(rounds),
            verification=self._verification(measured),
            batches=await self._batches(decode.median),
            roof=self._roof(measured, decode.median),
        )

    async def _round(self, number: int) -> Round:
        """The first one, number 0, only warms up."""
        label = f"Round {number} of {self._size.rounds}" if number else "Warming up"
        total = self._size.completion_tokens
        self._tell(label, 0, total)
        return await Rounds(
            self._engine, self._requests, lambda done: self._tell(label, done, total)
        ).measure()

    def _peak(self) -> int | None:
        worker = self._engine.worker
        return process_stats(worker.pid).peak_bytes if worker else None

    @property
    def _widths(self) -> tuple[int, ...]:
        spare = self._model.context_length - self._size.prompt_tokens
        return tuple(width for width in WIDTHS if width <= spare)

    async def _measured(self) -> Measured:
        wanted = Measure(context=self._size.prompt_tokens, widths=self._widths)
        async with aclosing(self._engine.measure(wanted)) as events:
            async for event in events:
                if isinstance(event, Progress):
                    self._tell("Verifying", event.done, event.total)
                elif isinstance(event, Measured):
                    return event
        raise Bug("A measurement ended without its numbers.")

    def _verification(self, measured: Measured) -> tuple[Verification, ...]:
        one = measured.seconds[0]
        pairs = zip(self._widths, measured.seconds, strict=True)
        return tuple(Verification(width, seconds, seconds / one) for width, seconds in pairs)

    async def _batches(self, alone: float) -> tuple[Batch, ...]:
        """As many rows as the model remembers conversations."""
        possible = [rows for rows in ROWS if rows <= self._model.slots]
        found = []
        for done, rows in enumerate(possible):
            self._tell("Answers side by side", done, len(possible))
            requests = [self._requests.next(self._longer(rows)) for _ in range(rows)]
            found.append(await together(self._engine, requests, alone))
        return tuple(found)

    def _longer(self, rows: int) -> int:
        """Tokens enough that the first answer still grows when the last prompt has been read."""
        meanwhile = rows * (1 + self._size.prompt_tokens // _READ_AT_ONCE)
        spare = self._model.context_length - self._size.prompt_tokens
        return min(spare, self._size.completion_tokens + meanwhile)

    def _roof(self, measured: Measured, tokens_per_s: float) -> Roof:
        """Beside what a token in the middle of the answer needs."""
        context = self._size.prompt_tokens + self._size.completion_tokens // 2
        needed = measured.weight_bytes + context * measured.cache_bytes_per_token
        fraction = needed * tokens_per_s / measured.read_bytes_per_s
        return Roof(measured.read_bytes_per_s, needed, fraction)


def _disturbed(rounds: Sequence[Round]) -> int | None:
    disturbed = [each.disturbed for each in rounds]
    return None if None in disturbed else disturbed.count(True)
