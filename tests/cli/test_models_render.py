"""`candor models render`: the prompt, byte for byte, and nothing else."""

import json
from pathlib import Path

import pytest

from app import paths
from tests.cli.program import Program
from tests.engine.templates import CONVERSATIONS, TOOLS
from tests.engine.test_template_reference import normalised, reference

BUILT_IN = paths.built_in_model()
SOURCE = (BUILT_IN / "chat_template.jinja").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("messages")
    (folder / "call.json").write_text(json.dumps(CONVERSATIONS["a call"]))
    (folder / "tools.json").write_text(json.dumps(TOOLS))
    return folder


def test_the_bytes_are_the_references(program: Program, files: Path) -> None:
    result = program.run(
        "models", "render", str(BUILT_IN), str(files / "call.json"),
        "--tools", str(files / "tools.json"),
        "--var", "enable_thinking=false", "--var", "reasoning_effort=low",
    )  # fmt: skip
    expected = reference(
        SOURCE, messages=normalised(CONVERSATIONS["a call"]), tools=TOOLS,
        add_generation_prompt=True, enable_thinking=False, reasoning_effort="low",
    )  # fmt: skip
    assert (result.status, result.err) == (0, "")
    assert result.out == expected


def test_messages_may_come_from_standard_input(program: Program) -> None:
    messages = '[{"role": "user", "content": "a\\r\\n\\u001b[1m é"}]'.encode()
    arguments = ("models", "render", str(BUILT_IN), "-", "--var", "add_generation_prompt=false")
    result = program.run(*arguments, stdin=messages)
    assert result.out == "<|im_start|>user\na\r\n\x1b[1m é<|im_end|>\n"


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        ("[]", (), "There are no messages."),
        ("{}", (), "are not a JSON list of objects"),
        ("[1]", (), "are not a JSON list of objects"),
        ("[{", (), "are not JSON"),
        ('[{"role": "user"}]', ("--var", "effort=low"), 'has no variable "effort"'),
        ('[{"role": "user"}]', ("--var", "effort"), "is not of the form NAME=VALUE"),
        ('[{"role": 18446744073709551616}]', (), "larger than 64 bits"),
    ],
)
def test_what_cannot_be_rendered_is_named(
    program: Program, content: str, options: tuple[str, ...], sentence: str
) -> None:
    result = program.run("models", "render", str(BUILT_IN), "-", *options, stdin=content.encode())
    assert result.status in (1, 2)
    assert result.out == ""
    assert sentence in result.err
