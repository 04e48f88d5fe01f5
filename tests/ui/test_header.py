"""The line at the top of the window."""

from collections.abc import Callable

from PySide6.QtWidgets import QLabel

from tests.ui.desk import Desk, Scenario, until

Drive = Callable[[Scenario], None]


def fits(words: QLabel) -> bool:
    return words.width() >= words.minimumSizeHint().width()


def test_no_word_of_the_header_is_clipped_in_the_narrowest_window(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        header = desk.window.header
        laid_out = header.layout()
        assert laid_out
        for width in (desk.window.minimumWidth(), 1280):
            desk.window.resize(width, 800)
            await until(lambda: laid_out.geometry().width() == header.width())
            words = [label for label in header.findChildren(QLabel) if label.isVisibleTo(header)]
            assert len(words) == 4
            await until(lambda words=words: all(map(fits, words)))

    drive(scenario)
