"""From one token worth a look to the next: which they are, and the way there in the window."""

import math
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.domain.conversation import Turn
from app.domain.messages import Role
from app.domain.tokens import Source, TokenRecord
from app.ui.viewmodels.landmarks import Landmark, count, is_landmark, seek
from tests.ui.desk import Desk
from tests.ui.records import record

Drive = Callable[..., None]
CALM = replace(record(probability=0.9, top=((" the", 0.9), (" a", 0.05))), entropy=0.2)
FORK = replace(record(probability=0.4, top=((" the", 0.4), (" a", 0.35))), entropy=0.5)
OPEN = replace(CALM, entropy=1.5)
RARE = replace(CALM, logprob=math.log(0.05))
KINDS = {Landmark.UNCERTAIN: OPEN, Landmark.FORK: FORK, Landmark.SURPRISE: RARE}


def turns(*answers: list[TokenRecord]) -> list[Turn]:
    return [
        Turn(id=10 * place, role=Role.ASSISTANT, tokens=tuple(tokens))
        for place, tokens in enumerate(answers, 1)
    ]


def test_each_kind_knows_its_own_tokens():
    for kind, token in KINDS.items():
        assert [other for other in Landmark if is_landmark(other, token)] == [kind]
        assert not is_landmark(kind, CALM)
        assert not is_landmark(kind, replace(token, source=Source.FORCED))


def test_a_record_without_numbers_is_none():
    bare = replace(CALM, logprob=None, entropy=None, rank=None, top=())
    assert [kind for kind in Landmark if is_landmark(kind, bare)] == []


@given(st.lists(st.lists(st.booleans(), max_size=5), max_size=4), st.sampled_from((1, -1)))
def test_seeking_comes_to_every_landmark_and_back_to_the_first(flags: list[list[bool]], by: int):
    chat = turns(*[[RARE if flag else CALM for flag in answer] for answer in flags])
    wanted = [(t.id, i) for t in chat for i, token in enumerate(t.tokens) if token is RARE]
    found: list[tuple[int, int]] = []
    place = None
    for _ in range(len(wanted) + 1):
        place = seek(Landmark.SURPRISE, chat, place, by)
        if place is not None:
            found.append(place)
    ordered = wanted if by > 0 else wanted[::-1]
    assert found == (ordered + ordered[:1] if wanted else [])


def test_keys_and_buttons_lead_through_the_chat(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        turn = await desk.ask("What is the capital of France?")
        jumps = desk.window.token.jumps
        wanted = [i for i, t in enumerate(turn.tokens) if is_landmark(Landmark.UNCERTAIN, t)]
        assert wanted
        desk.press(Qt.Key.Key_F7)
        assert selected(desk) == wanted[0]
        assert jumps.buttons[Landmark.UNCERTAIN].text() == f"Uncertain {len(wanted)}"
        QTest.keyClick(desk.composer.edit, Qt.Key.Key_F7, Qt.KeyboardModifier.ShiftModifier)
        assert selected(desk) == wanted[-1]
        for kind, made in jumps.buttons.items():
            assert f"{count(kind, turn.tokens)} in this answer" in made.accessibleName()
        QTest.mouseClick(jumps.buttons[Landmark.UNCERTAIN], Qt.MouseButton.LeftButton)
        assert selected(desk) == wanted[0]
        check_curve(desk, turn)

    drive(scenario)


def check_curve(desk: Desk, turn: Turn) -> None:
    """The curve picks what it is clicked at, and walks by keys."""
    curve, last = desk.window.token.curve, len(turn.tokens) - 1
    entropies = [token.entropy or 0.0 for token in turn.tokens]
    assert curve.heights.index(max(curve.heights)) == entropies.index(max(entropies))
    QTest.mouseClick(curve, Qt.MouseButton.LeftButton, pos=QPoint(int(curve.x_of(last)), 20))
    assert selected(desk) == last
    QTest.keyClick(curve, Qt.Key.Key_Left)
    assert selected(desk) == last - 1
    QTest.keyClick(curve, Qt.Key.Key_Home)
    assert selected(desk) == 0


def selected(desk: Desk) -> int:
    assert desk.chat.selection.current
    return desk.chat.selection.current.index
