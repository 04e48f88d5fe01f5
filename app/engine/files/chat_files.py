"""What the files beside a tokenizer say about chats: templates and the names of special tokens."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.engine.files.folder import ModelFolder
from app.errors import ModelDamaged

_LONGEST_TEMPLATE = 2**20  # bytes; real ones have some thousands
_TOOL_TEMPLATE = "additional_chat_templates/tool_use.jinja"

Json = Mapping[str, Any]


def chat_templates(folder: ModelFolder, tokenizer: Json) -> dict[str, str]:
    """Chat templates by name, "default" and maybe "tool_use".

    Files of their own come before what chat_template.json and tokenizer_config.json hold.

    Raises:
        ModelDamaged: one is no text, or several have no default.
    """
    if file := folder.find("chat_template.jinja"):
        tools = folder.find(_TOOL_TEMPLATE)
        named = {"default": _read(file)} | ({"tool_use": _read(tools)} if tools else {})
    else:
        given = folder.json("chat_template.json").get("chat_template")
        named = _named(tokenizer.get("chat_template") if given is None else given)
    if any(len(text) > _LONGEST_TEMPLATE for text in named.values()):
        raise ModelDamaged("The model's chat template is too long to be one.")
    return named


def special_tokens(config: Json) -> dict[str, str]:
    """`bos_token`, `eos_token` and the like; each may be a text or an object with its text."""
    extra = config.get("extra_special_tokens")
    named = {name: value for name, value in config.items() if name.endswith("_token")}
    named |= extra if isinstance(extra, dict) else {}
    contents = {
        name: value.get("content") if isinstance(value, dict) else value
        for name, value in named.items()
    }
    return {name: text for name, text in contents.items() if isinstance(text, str)}


def _named(given: object) -> dict[str, str]:
    if given in (None, []):
        return {}
    if isinstance(given, list):
        pairs = [each for each in given if isinstance(each, dict)]
        given = {str(each.get("name")): each.get("template") for each in pairs}
    else:
        given = {"default": given}
    named = {name: text for name, text in given.items() if isinstance(text, str)}
    if len(named) < len(given):
        raise ModelDamaged("The model's chat template is not a text.")
    if "default" not in named:
        names = ", ".join(named) or "none"
        raise ModelDamaged(f'The model has no chat template named "default", but: {names}.')
    return named


def _read(file: Path) -> str:
    if file.stat().st_size > _LONGEST_TEMPLATE:
        raise ModelDamaged(f"{file.name} is too long for a chat template.")
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ModelDamaged(f"{file.name} is not a text file.") from error
