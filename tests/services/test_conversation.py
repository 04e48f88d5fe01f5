"""A conversation with the built-in model in a real worker."""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec import structs

from app import paths
from app.domain.best_of import final_answer
from app.domain.conversation import (
    AnswerOptions,
    Change,
    Cleared,
    TurnAdded,
    TurnChanged,
    TurnGrew,
    TurnState,
)
from app.domain.events import Progress
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, TokenSearch
from app.domain.sampling import SamplingParams
from app.domain.tokens import Channel, Source
from app.errors import ContextExceeded, InvalidRequest, WorkerLost
from app.services.ballot import counted, voters
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.explore import explore
from app.services.prompt_tokens import read_prompt, replay_prompt
from app.services.repeat import repeat
from app.services.replay import Look

GREEDY = AnswerOptions(sampling=SamplingParams(temperature=0.0), reasoning=True, max_tokens=200)
QUESTION = "What is 348 + 276?"

Scenario = Callable[[Conversation, EngineHost], Awaitable[None]]


def drive(scenario: Scenario, model: Path | None = None) -> None:
    async def main() -> None:
        host = EngineHost()
        try:
            await host.load(model or paths.built_in_model())
            await scenario(Conversation(host), host)
        finally:
            await host.close()

    asyncio.run(main())


def at_first_growth(conversation: Conversation, act: Callable[[], object]) -> None:
    """Run `act` once, when the first tokens arrive."""
    waiting = [act]

    def observe(change: Change) -> None:
        if isinstance(change, TurnGrew) and waiting:
            waiting.pop()()

    conversation.observe(observe)


def test_an_answer_is_told_as_it_grows_and_kept_as_a_turn():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        changes: list[Change] = []
        conversation.observe(changes.append)
        await conversation.send(QUESTION, GREEDY)
        question, answer = conversation.turns
        assert (question.role, question.text) == (Role.USER, QUESTION)
        assert (answer.role, answer.state) == (Role.ASSISTANT, TurnState.FINISHED)
        assert answer.text
        grown = [change.delta for change in changes if isinstance(change, TurnGrew)]
        for channel, text in ((Channel.ANSWER, answer.text), (Channel.REASONING, answer.reasoning)):
            assert "".join(d.text for d in grown if d.channel is channel) == text
        assert tuple(token for delta in grown for token in delta.tokens) == answer.tokens
        assert changes[:1] == [TurnAdded(question)]
        assert changes[-1] == TurnChanged(answer)
        assert answer.usage
        assert answer.usage.completion_tokens == len(answer.tokens)

    drive(scenario)


def test_spans_cut_the_text_into_the_tokens_that_were_said():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        await conversation.send(QUESTION, GREEDY)
        answer = conversation.turns[-1]
        texts = {Channel.ANSWER: answer.text, Channel.REASONING: answer.reasoning}
        shown = [token for token in answer.tokens if token.start < token.end]
        assert shown
        for token in shown:
            assert texts[token.channel][token.start : token.end].encode() == token.data

    drive(scenario)


def test_an_answer_that_was_cut_short_says_so():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        await conversation.send(QUESTION, AnswerOptions(max_tokens=3))
        answer = conversation.turns[-1]
        assert answer.state is TurnState.FINISHED
        assert len(answer.tokens) == 3
        assert answer.note.startswith("Cut off: ")

    drive(scenario)


def test_a_full_context_ends_the_answer_and_says_so(tmp_path: Path):
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        assert host.status.model
        assert host.status.model.context_length == 40
        await conversation.send(QUESTION, AnswerOptions(reasoning=True))
        answer = conversation.turns[-1]
        assert answer.usage
        assert answer.usage.prompt_tokens + answer.usage.completion_tokens == 40
        assert answer.note.startswith("Cut off: the context is full.")

    drive(scenario, with_context(tmp_path / "narrow", 40))


def with_context(folder: Path, length: int) -> Path:
    """The built-in model with room for `length` tokens."""
    shutil.copytree(paths.built_in_model(), folder)
    config = folder / "config.json"
    values = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps(values | {"max_position_embeddings": length}), encoding="utf-8")
    return folder


def test_a_stopped_answer_keeps_what_came():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        at_first_growth(conversation, conversation.stop)
        await conversation.send(QUESTION, GREEDY)
        answer = conversation.turns[-1]
        assert answer.state is TurnState.STOPPED
        assert answer.tokens
        assert answer.note.startswith("Stopped.")
        assert not conversation.answering

    drive(scenario)


def test_a_stop_right_after_the_question_is_not_lost():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        sending = asyncio.create_task(conversation.send(QUESTION, GREEDY))
        await asyncio.sleep(0)
        conversation.stop()
        await sending
        assert conversation.turns[-1].state is TurnState.STOPPED

    drive(scenario)


def test_half_a_character_is_refused_and_nothing_is_asked():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        with pytest.raises(InvalidRequest, match="no text"):
            await conversation.send("half \ud83d", GREEDY)
        assert conversation.turns == ()

    drive(scenario)


def test_a_killed_worker_leaves_the_partial_answer_and_the_next_question_works():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        worker = host.worker
        assert worker
        at_first_growth(conversation, lambda: os.kill(worker.pid, signal.SIGKILL))
        with pytest.raises(WorkerLost):
            await conversation.send(QUESTION, GREEDY)
        interrupted = conversation.turns[-1]
        assert interrupted.state is TurnState.INTERRUPTED
        assert interrupted.tokens
        assert interrupted.note.startswith("Interrupted: ")
        assert "Your text is safe." in interrupted.note
        await conversation.send(QUESTION, GREEDY)
        assert conversation.turns[-1].state is TurnState.FINISHED
        assert conversation.turns[1].tokens == interrupted.tokens

    drive(scenario)


def test_a_restart_is_noted_once_on_the_interrupted_answer():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        worker = host.worker
        assert worker
        at_first_growth(conversation, lambda: os.kill(worker.pid, signal.SIGKILL))
        with pytest.raises(WorkerLost):
            await conversation.send(QUESTION, GREEDY)
        for _ in range(2):
            await conversation.note_restart()
        assert conversation.turns[-1].note.count("has been restarted.") == 1

    drive(scenario)


def test_a_question_that_does_not_fit_fails_with_counts_and_leaves_the_chat_usable():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        with pytest.raises(ContextExceeded) as refused:
            await conversation.send("colour " * 20_000, GREEDY)
        failed = conversation.turns[-1]
        assert failed.state is TurnState.FAILED
        assert refused.value.message in failed.note
        await conversation.send(QUESTION, GREEDY)
        assert conversation.turns[-1].state is TurnState.FINISHED

    drive(scenario)


def test_a_second_question_waits_its_turn():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        first = asyncio.create_task(conversation.send(QUESTION, GREEDY))
        await asyncio.sleep(0)
        with pytest.raises(InvalidRequest):
            await conversation.send("And now?", GREEDY)
        await first
        assert len(conversation.turns) == 2

    drive(scenario)


def test_clearing_ends_the_answer_and_forgets_every_turn():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        changes: list[Change] = []
        conversation.observe(changes.append)
        begun = asyncio.Event()
        at_first_growth(conversation, begun.set)
        first = asyncio.create_task(conversation.send(QUESTION, GREEDY))
        await begun.wait()
        await conversation.clear()
        await first
        assert conversation.turns == ()
        assert changes[-1] == Cleared()

    drive(scenario)


def test_a_cancelled_task_ends_its_turn():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        sending = asyncio.create_task(conversation.send(QUESTION, GREEDY))
        at_first_growth(conversation, sending.cancel)
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert conversation.turns[-1].state is TurnState.STOPPED
        await conversation.send(QUESTION, GREEDY)
        assert conversation.turns[-1].state is TurnState.FINISHED

    drive(scenario)


def test_a_branch_shares_ids_and_numbers_up_to_its_token_and_both_stay():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        await conversation.send(QUESTION, GREEDY)
        old = conversation.turns[-1]
        index = len(old.tokens) // 2
        other = next(each.id for each in old.tokens[index].top if each.id != old.tokens[index].id)
        changes: list[Change] = []
        conversation.observe(changes.append)
        await conversation.branch(old.id, index, other, GREEDY)
        new = conversation.turns[-1]
        assert new.tokens[:index] == old.tokens[:index]
        taken = new.tokens[index]
        assert (taken.id, taken.source) == (other, Source.FORCED)
        logprobs = {each.id: each.logprob for each in old.tokens[index].top}
        assert taken.logprob == pytest.approx(logprobs[other], abs=1e-4)
        grown = [change.delta for change in changes if isinstance(change, TurnGrew)]
        assert tuple(token for delta in grown for token in delta.tokens) == new.tokens
        shown = "".join(delta.text for delta in grown if delta.channel is Channel.ANSWER)
        assert shown == new.text
        await conversation.step(new.id, -1)
        assert conversation.turns[-1] == old
        again = old.tokens[index].id
        await conversation.branch(old.id, index, again, GREEDY)
        assert [t.id for t in conversation.turns[-1].tokens] == [t.id for t in old.tokens]
        assert conversation.turns[-1].text == old.text
        with pytest.raises(InvalidRequest, match="not in the chat"):
            await conversation.branch(old.id, len(old.tokens), 5, GREEDY)

    drive(scenario)


def test_the_likeliest_continuations_have_their_joint_probability():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        await conversation.send(QUESTION, GREEDY)
        answer = conversation.turns[-1]
        prompt = ChatPrompt((Message(Role.USER, QUESTION),), reasoning=True)
        said = tuple(token.id for token in answer.tokens[:3])
        found = await explore(host, prompt, said, width=4, depth=6)
        assert [way.logprob for way in found] == sorted((w.logprob for w in found), reverse=True)
        likely = next(way for way in found if way.tokens[0].id == answer.tokens[3].id)
        assert [t.id for t in likely.tokens] == [t.id for t in answer.tokens[3:9]]
        whole = sum(token.logprob or 0 for token in answer.tokens[3:9])
        assert likely.logprob == pytest.approx(whole, abs=1e-3)
        assert {way.tokens[0].id for way in found} == {e.id for e in answer.tokens[3].top[:4]}
        with pytest.raises(InvalidRequest, match="1 to 16"):
            await explore(host, prompt, width=0)

    drive(scenario)


def test_an_answer_keeps_what_made_it_and_comes_out_the_same():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        lively = AnswerOptions(sampling=SamplingParams(temperature=1.5, top_k=40), max_tokens=40)
        await conversation.send(QUESTION, lively)
        question, answer = conversation.turns
        origin = answer.origin
        assert origin
        assert origin.fingerprint
        assert origin.template
        assert origin.sampling.seed is not None
        assert origin.versions["onnxruntime"]
        found = await repeat(host, (question,), answer)
        assert found.is_equal
        assert (found.same, found.total) == (len(answer.tokens), len(answer.tokens))
        assert found.differences == ()
        wrong = structs.replace(answer.tokens[7], id=answer.tokens[7].id + 1)
        forged = (*answer.tokens[:7], wrong, *answer.tokens[8:])
        found = await repeat(host, (question,), structs.replace(answer, tokens=forged))
        assert (found.is_equal, found.same, found.expected) == (False, 7, wrong)
        assert found.got
        assert found.got.id == answer.tokens[7].id
        short = structs.replace(answer, tokens=answer.tokens[:-1])
        assert (await repeat(host, (question,), short)).is_equal, "it ends where that one did"

    drive(scenario)


def test_a_branch_comes_out_the_same_too_and_another_model_is_named():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        await conversation.send(QUESTION, GREEDY)
        question, old = conversation.turns
        other = next(each.id for each in old.tokens[5].top if each.id != old.tokens[5].id)
        await conversation.branch(old.id, 5, other, GREEDY)
        branch = conversation.turns[-1]
        assert branch.origin
        assert branch.origin.given == 6
        assert (await repeat(host, (question,), branch)).is_equal
        await host.load(paths.built_in_model().with_name("candor-small-draft"))
        found = await repeat(host, (question,), old)
        assert "The model is another one" in found.differences[0]
        with pytest.raises(InvalidRequest, match="not known what made"):
            await repeat(host, (question,), structs.replace(old, origin=None))

    drive(scenario)


def test_several_answers_stand_side_by_side_and_the_majority_is_shown() -> None:
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        added: list[TurnAdded] = []
        conversation.observe(lambda c: added.append(c) if isinstance(c, TurnAdded) else None)
        sampling = SamplingParams(seed=5, temperature=0.7)
        options = AnswerOptions(sampling=sampling, reasoning=False, best_of=4)
        await conversation.send("What is 7 + 8?", options)
        question, answer = conversation.turns
        assert added[-1].version.count == 4
        assert "of 4 answers come to “15”." in answer.note
        assert "tokens in all" in answer.note
        written = await conversation.versions(answer.id)
        assert voters(written, answer) == list(written)
        found = counted(written)
        assert written[found.winner] == answer
        assert f"Margin {found.margin}, {found.tokens:,} tokens" in answer.note
        await conversation.regenerate(answer.id, structs.replace(options, best_of=1))
        again = conversation.turns[-1]
        written = await conversation.versions(again.id)
        assert len(written) == 5
        assert voters(written, again) == []
        assert len(voters(written, answer)) == 4
        other = next(each for each in written if each not in (answer, again))
        await conversation.go(other.id)
        assert conversation.turns == (question, other)
        assert final_answer(answer.text) == "15"
        await conversation.send("And 2 more?", AnswerOptions(reasoning=False, max_tokens=3))
        assert len(conversation.turns) == 4
        assert question in conversation.turns

    drive(scenario)


def test_the_tokens_of_a_question_have_numbers_and_can_be_replayed():
    async def scenario(conversation: Conversation, host: EngineHost) -> None:
        messages = (
            Message(Role.USER, "Hello"),
            Message(Role.ASSISTANT, "Hi."),
            Message(Role.USER, "Hello, what is 12 + 7? "),
        )
        told: list[Progress] = []
        found = await read_prompt(host, ChatPrompt(messages, reasoning=False), told.append)
        assert told
        assert "Hello, what is 12 + 7?" in found.text
        question = found.tokens[found.question]
        assert found.text[question.start :].startswith("Hello, what is 12 + 7?")
        for index in (found.question, found.question + 3):
            look = Look(search=TokenSearch("what"), trace=True)
            again = await replay_prompt(host, found, index, SamplingParams(top_k=5), look)
            assert again
            assert again.token == found.tokens[index].id
            (own,) = [each for each in again.alternatives if each.id == again.token]
            assert own.logprob == pytest.approx(found.tokens[index].logprob, abs=1e-3)
            assert own.rank == found.tokens[index].rank
            assert again.trace
            assert again.kept == 5
        with pytest.raises(InvalidRequest, match="No token comes before"):
            await replay_prompt(host, found, 0, SamplingParams(), Look())

    drive(scenario)
