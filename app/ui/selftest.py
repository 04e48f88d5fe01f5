"""The program's check of itself: a real window, the real worker and the built-in model.

In: an open session. Out: nothing, with every step told of as it goes; what does not work leaves as
an error. A part of the program that everyone depends on gets a step of its own here.
"""

import asyncio
import math
from collections.abc import Callable
from contextlib import AbstractContextManager

from app.domain.conversation import AnswerOptions, Turn
from app.domain.models import ModelInfo
from app.domain.sampling import SamplingParams
from app.domain.tokens import TokenRecord
from app.errors import Bug, CandorError, EnvironmentFault
from app.ui.app import Session
from app.ui.viewmodels.chat import ChatModel
from app.ui.viewmodels.notice import Notice
from app.ui.window import MainWindow
from app.ui.window_models import Services

TOKENS = 5
QUESTION = "What does the heatmap show?"
PATIENCE_S = 120.0
ICON_SIZE = 32
REINSTALL = "Install Candor again."

Step = Callable[[str], AbstractContextManager[None]]


class SelfTest:
    """Uses one session as a person would, each part within a `step` that is told its name."""

    def __init__(self, services: Services, step: Step) -> None:
        self._services = services
        self._step = step
        self._notices: list[Notice] = []

    async def run(self, session: Session) -> None:
        """Go through every step and close the session.

        Raises:
            CandorError: what did not work.
        """
        session.chat.noticed.connect(self._note)
        loaded = _loaded(session.chat)
        life = asyncio.create_task(session.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._use(session, loaded)
        except TimeoutError as error:
            sentence = f"The self-test was not done after {PATIENCE_S:.0f} seconds."
            raise EnvironmentFault(sentence, "Close other programs, then try again.") from error
        finally:
            loaded.cancel()
            with self._step("Window and worker closed"):
                session.end()
                await life

    async def _use(self, session: Session, loaded: asyncio.Future[ModelInfo]) -> None:
        with self._step("Window opened, not shown"):
            while not session.window.isVisible():
                await asyncio.sleep(0)
            _check_window(session.window)
        with self._step("Built-in model loaded in the worker"):
            await loaded
        with self._step(f"{TOKENS} tokens generated, each with its record"):
            turn = await self._ask()
            _check_tokens(turn)
            _check_shown(session.window, turn)
            self._check_notices()
        with self._step("Chat stored and read back"):
            await self._check_stored(turn)

    async def _ask(self) -> Turn:
        options = AnswerOptions(sampling=SamplingParams(temperature=0.0), max_tokens=TOKENS)
        await self._services.conversation.send(QUESTION, options)
        return self._services.conversation.turns[-1]

    async def _check_stored(self, turn: Turn) -> None:
        store = self._services.store
        latest = (await store.chats())[0]
        if (await store.read(latest)).turns[-1] != turn:
            raise Bug("The stored answer is not the one that was given.", REINSTALL)

    def _check_notices(self) -> None:
        if self._notices:
            raise Bug(self._notices[0].message, self._notices[0].hint)

    def _note(self, notice: Notice | None) -> None:
        if notice is not None:
            self._notices.append(notice)


def _loaded(chat: ChatModel) -> asyncio.Future[ModelInfo]:
    """The model, once it is there; the error of the load where it failed."""
    future: asyncio.Future[ModelInfo] = asyncio.get_running_loop().create_future()

    def succeed(model: ModelInfo) -> None:
        if not future.done():
            future.set_result(model)

    def fail(sentence: str) -> None:
        if not future.done():
            future.set_exception(CandorError(sentence))

    chat.status.model_loaded.connect(succeed)
    chat.status.gave_up.connect(fail)
    return future


def _check_window(window: MainWindow) -> None:
    if window.windowIcon().pixmap(ICON_SIZE).isNull():
        raise Bug("The program's icon cannot be drawn.", REINSTALL)
    if window.grab().isNull():
        raise Bug("The window cannot be drawn.", REINSTALL)


def _check_tokens(turn: Turn) -> None:
    sound = sum(_is_sound(token) for token in turn.tokens)
    if (len(turn.tokens), sound) != (TOKENS, TOKENS):
        raise Bug(f"{len(turn.tokens)} tokens came, {sound} of them with a sound record.")


def _is_sound(token: TokenRecord) -> bool:
    """Whether the numbers are there and make one distribution; greedy takes the likeliest."""
    if token.logprob is None or token.entropy is None or token.tail is None or not token.top:
        return False
    whole = sum(math.exp(each.logprob) for each in token.top) + token.tail
    likeliest = token.rank == 1 and token.top[0].logprob == token.logprob <= 0
    return likeliest and token.entropy >= 0 and math.isclose(whole, 1, abs_tol=1e-3)


def _check_shown(window: MainWindow, turn: Turn) -> None:
    view = window.transcript.answer(turn.id)
    shown = sum(text.token_count for text in view.texts()) if view else 0
    if shown != TOKENS:
        raise Bug(f"The window shows {shown} of {TOKENS} tokens.")
