"""Labels' probabilities against independent forward passes, and what cannot be a label."""

import numpy as np
import pytest

from app import paths
from app.domain.classification import LabelScore
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, Classify, IdsPrompt, Prompt, Score, TextPrompt
from app.engine.classify import classify
from app.engine.model import Model
from app.engine.prompt import encode
from app.engine.score import begin
from app.errors import InvalidRequest
from tests.engine.test_generate import opened, records, run, text_folder

CHAT = ChatPrompt((Message(Role.USER, "What is 2 + 3?"),), reasoning=False)


@pytest.fixture(scope="module")
def built_in() -> Model:
    return opened(paths.built_in_model())


@pytest.fixture(scope="module")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return opened(text_folder(tmp_path_factory.mktemp("text")))


def scores(model: Model, prompt: Prompt, *labels: str) -> tuple[LabelScore, ...]:
    found = classify(model, Classify(prompt, labels), cancelled=lambda: False)
    assert found
    return found.scores


@pytest.mark.parametrize("prompt", [CHAT, TextPrompt("What is 2 + 3? ")], ids=["chat", "text"])
def test_a_label_is_as_likely_as_all_its_tokens(built_in: Model, prompt: Prompt) -> None:
    labels = ("5", "a long label: 東京", "six")
    before = encode(built_in, prompt, spare=0).ids
    for found in scores(built_in, prompt, *labels):
        ids = [*before, *found.ids]
        scored = run(
            built_in, begin(built_in, Score(prompt=IdsPrompt(tuple(ids)), context=len(before)))
        )
        own = [token.logprob for token in records(scored)]
        assert found.logprobs[: len(own)] == pytest.approx(own, abs=1e-3)
        assert len(found.logprobs) == len(own) + isinstance(prompt, ChatPrompt)


def test_in_a_chat_the_end_of_the_answer_counts(built_in: Model) -> None:
    short, long = scores(built_in, CHAT, "5", "5 apples")
    assert long.ids[: len(short.ids)] == short.ids
    before = encode(built_in, CHAT, spare=0).ids
    row = built_in.forward
    row.clear()
    logits = row.run([*before, *short.ids])[-1].astype(np.float64)
    shares = np.exp(logits - logits.max())
    ends = sum(shares[end] for end in built_in.eos_ids) / shares.sum()
    assert np.exp(short.logprobs[-1]) == pytest.approx(ends, rel=1e-3)


def test_without_an_end_no_label_may_begin_another(text_model: Model) -> None:
    with pytest.raises(InvalidRequest, match='"ab" begins the label "abc"'):
        scores(text_model, TextPrompt("xyz "), "ab", "abc")


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [(("a", "a "), "twice"), (("a", " "), "empty"), (("a",), "2 to 200"), ((), "2 to 200")],
)
def test_what_is_no_set_of_labels_is_a_sentence(
    text_model: Model, labels: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        scores(text_model, TextPrompt("xyz "), *labels)


def test_a_conversation_in_the_cache_stays(built_in: Model) -> None:
    before = encode(built_in, CHAT, spare=0).ids
    built_in.forward.clear()
    held = [*before, 5, 6, 7]
    built_in.forward.run(held)
    scores(built_in, CHAT, "5", "6")
    assert built_in.forward.cached_ids() == tuple(held)
