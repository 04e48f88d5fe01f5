"""Nothing the evaluation asks is trained on."""

from __future__ import annotations

from collections import Counter

from builtin_model.corpus.help_topics import FOLDER, topics
from builtin_model.corpus.mixture import TASKS, draw
from builtin_model.corpus.phrasebook import PHRASES, read_blocks
from builtin_model.corpus.source import Source, is_held_out
from builtin_model.evaluation.questions import draws, help_questions, identity, require_unseen


def test_no_phrasing_stands_on_both_sides_or_under_two_topics() -> None:
    for file in PHRASES.glob("*.txt"):
        for block in read_blocks(file):
            assert not set(block.forms.train) & set(block.forms.held_out), (file.name, block.key)
    forms = [form for topic in topics() for form in topic.forms.train + topic.forms.held_out]
    assert [form for form, count in Counter(forms).items() if count > 1] == []
    assert len(list(FOLDER.glob("*.txt"))) == 9


def test_generated_questions_are_divided_by_their_key() -> None:
    for held_out in (False, True):
        source = Source("split", held_out=held_out)
        for task in ("add", "subtract", "multiply", "letters"):
            make, _, largest = TASKS[task]
            for _ in range(50):
                assert is_held_out(make(source, largest).key) == held_out


def test_held_out_chats_never_come_up_in_training() -> None:
    source = Source("train side")
    trained = {identity(draw(source)) for _ in range(8000)}
    asked = help_questions("high", written=False)
    for family in ("refusal", "labels", "yes_no", "json", "tools", "multi_turn", "clock", "sort"):
        asked += draws(family, 60)
    require_unseen(asked)
    assert len([chat for chat in asked if identity(chat) in trained]) <= len(asked) // 100
