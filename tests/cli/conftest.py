"""Fixtures of the terminal's tests; process starts are shared, for they take a second each."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import ENDLESS, Program
from tests.cli.roomy import roomy_model
from tests.engine.graphs import small_model
from tests.engine.reference import Shape


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return Program(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def bare_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with weights and nothing else: no tokenizer, no template."""
    return small_model(tmp_path_factory.mktemp("models") / "bare", Shape(context=512))


@pytest.fixture(scope="session")
def endless_chat(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """A chat whose answers end only after many seconds, unless they are stopped."""
    model = roomy_model(tmp_path_factory.mktemp("models") / "roomy")
    return ("chat", "--model", str(model), "--reasoning", "off", *ENDLESS)


@pytest.fixture(scope="session")
def answer(program: Program) -> dict[str, Any]:
    """An answer with reasoning, sampled with a fixed seed."""
    return program.json("chat", "What is 27 + 48?", "--reasoning", "high", "--seed", "7")
