"""A whole window per test: real services, the real worker, the built-in model, Qt offscreen."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from app.services.store.chat_file import ChatFile
from app.ui.app import Session, keep_to_itself
from app.ui.collector import Collector
from app.ui.faults import FaultRoutes
from app.ui.theme.style import Appearance
from tests.ui.desk import Desk, Scenario
from tests.ui.parts import services

HERE = Path(__file__).parent
SCENARIO_S = 150
END_S = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform warns that it has no window manager to ask for things."""
    for item in items:
        if HERE in item.path.parents:
            lacking = r"does not support (propagateSizeHints\(\)|raise\(\)|grabbing the keyboard)"
            item.add_marker(pytest.mark.qt_log_ignore(lacking))


@pytest.fixture(autouse=True)
def as_in_the_program(qapp: QApplication, profile: Path) -> Iterator[None]:
    """A window that closes does not end the loop, which may be a next test's.

    Windows of past tests end in this thread.
    """
    keep_to_itself(qapp)
    collector = Collector()
    yield
    collector.stop()


@pytest.fixture
def appearance(qapp: QApplication) -> Appearance:
    return Appearance(qapp)


@pytest.fixture
def drive(qapp: QApplication, appearance: Appearance) -> Callable[..., None]:
    """Runs a scenario in an open window, from loading the model to the clean end."""

    def run(scenario: Scenario, model: str | None = None, file: ChatFile | None = None) -> None:
        with QEventLoop(qapp) as loop, FaultRoutes(loop) as faults:
            parts = services(model, file)
            session = Session(parts, appearance, faults)
            loop.run_until_complete(_play(scenario, Desk(session, parts)))

    return run


async def _play(scenario: Scenario, desk: Desk) -> None:
    life = asyncio.create_task(desk.session.run())
    try:
        await asyncio.wait_for(scenario(desk), SCENARIO_S)
    finally:
        desk.window.close()
        await asyncio.wait_for(life, END_S)
