"""Two samplings of one model's distributions: what each leaves of them, and how far they part.

In: rows of logits and the tokens that stand behind them. Out: what `compare` finds of each. The
text counts as an answer, of which repetition penalties hear token by token.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import structs

from app.domain.comparison import Parted
from app.domain.sampling import SamplerStage, SamplingParams
from app.engine.compare import Found
from app.engine.model import Model
from app.engine.sampling.history import History
from app.engine.sampling.sampler import Sampler
from app.engine.sampling.stages import Place, Pool
from app.engine.sampling.statistics import Distribution


class Samplings:
    """Two samplings of `model`, behind a text that begins with the ids `begin`.

    Without a seed, XTC draws as with seed 0, so that both sides have the same luck.
    """

    def __init__(
        self, model: Model, pair: tuple[SamplingParams, SamplingParams], begin: Sequence[int]
    ) -> None:
        read = model.tokenizer.token_bytes if model.tokenizer else None
        size = model.info.vocabulary_size
        seeded = [structs.replace(each, seed=each.seed or 0) for each in pair]
        self._samplers = [Sampler(each, size, read) for each in seeded]
        self._history = History(size, begin)

    def measure(self, one: np.ndarray, other: np.ndarray, tokens: Sequence[int]) -> list[Found]:
        """Of each token what both samplings give it; `one` and `other` are the same rows."""
        found: list[Found] = []
        for row, token in zip(one, tokens, strict=False):
            found.append(self._found(Distribution.of(row), token))
            self._history.add(token)
        return found

    def _found(self, raw: Distribution, token: int) -> Found:
        left = [sampler.left(raw, self._history) for sampler in self._samplers]
        p, q = (_logprobs(pool, raw.logits.size) for pool in left)
        only_first, only_second = (p > -np.inf) & (q == -np.inf), (q > -np.inf) & (p == -np.inf)
        likely, others = np.exp(p), np.exp(q)
        lost, gained = float(likely[only_first].sum()), float(others[only_second].sum())
        shares = np.multiply(likely, p - q, out=np.zeros_like(p), where=likely > 0)
        first, second = self._samplers
        parted = Parted(
            distance=float(np.abs(likely - others).sum() / 2),
            lost=lost,
            lost_by=self._stage(second, raw, _likeliest(likely, only_first)),
            gained=gained,
            gained_by=self._stage(first, raw, _likeliest(others, only_second)),
            cut=(self._cut(first, raw, p, token), self._cut(second, raw, q, token)),
        )
        return Found(
            None if p[token] == -np.inf else float(p[token]),
            None if q[token] == -np.inf else float(q[token]),
            None if only_first.any() else max(0.0, float(shares.sum())),
            bool(p.argmax() == q.argmax()),
            parted,
        )

    def _cut(
        self, sampler: Sampler, raw: Distribution, logprobs: np.ndarray, token: int
    ) -> SamplerStage | None:
        return self._stage(sampler, raw, token if logprobs[token] == -np.inf else None)

    def _stage(self, sampler: Sampler, raw: Distribution, token: int | None) -> SamplerStage | None:
        """The stage that removes a token, None for none."""
        if token is None:
            return None
        pool, place = Pool(raw.logits, None), Place(self._history, len(self._history.ids))
        for stage in sampler.stages:
            pool = stage.apply(pool, place)
            _, held = pool.places(np.array([token]))
            if not held[0]:
                return stage.name
        return None


def _logprobs(pool: Pool, size: int) -> np.ndarray:
    """Logprobs, float64 [size], of the tokens that are left; -inf of others."""
    row = pool.row.astype(np.float64)
    row -= row.max()
    row -= np.log(np.exp(row).sum())
    found = np.full(size, -np.inf)
    found[slice(None) if pool.ids is None else pool.ids] = row
    return found


def _likeliest(weights: np.ndarray, among: np.ndarray) -> int | None:
    return int(np.where(among, weights, -1.0).argmax()) if among.any() else None
