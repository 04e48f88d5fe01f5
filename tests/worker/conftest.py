"""A model that the real worker can load, and runs long."""

from pathlib import Path

import pytest

from tests.engine.graphs import small_model
from tests.engine.reference import Shape


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small random model that holds 16,384 tokens."""
    return small_model(tmp_path_factory.mktemp("models") / "small", Shape(context=16_384))
