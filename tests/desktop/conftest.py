"""A screen for the tests of each file; where the system cannot give one, they are skipped."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from devenv.desktop import missing_packages

from tests.desktop.screen import Screen

HERE = Path(__file__).parent
PATIENCE_S = 400


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A story is many steps, each of which the program is asked about over a bus."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(PATIENCE_S))


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    if not sys.platform.startswith("linux"):
        pytest.skip("Uses the window under Xvfb, which is for Linux.")
    packages = missing_packages()
    if packages:
        pytest.skip(f"Uses the window under Xvfb. Install {' '.join(packages)}.")
    with Screen(tmp_path_factory.mktemp("screen")) as shown:
        yield shown


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The empty home folder of a newcomer, whose name is no easy one."""
    folder = tmp_path / "home of #1, 50% 🙂"
    folder.mkdir()
    return folder
