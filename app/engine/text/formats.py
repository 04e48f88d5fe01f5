"""How a model writes its thoughts and its calls of tools, told by what its chat template spells.

Each way has a name and pieces of text that all stand in its templates; the first that fits counts.
"""

_REASONING = (
    ("harmony channels", ("<|channel|>", "analysis")),
    ("Gemma channels", ("<|channel>",)),
    ("<|START_THINKING|>", ("<|START_THINKING|>",)),
    ("[THINK]", ("[THINK]",)),
    ("<|inner_prefix|>", ("<|inner_prefix|>",)),
    ("<think>", ("</think>",)),
)
_TOOLS = (
    ("harmony", ("<|channel|>", "functions.")),
    ("Gemma", ("<|tool_call>",)),
    ("FunctionGemma", ("<start_function_call>",)),
    ("LFM2", ("<|tool_call_start|>",)),
    ("Phi-4", ("<|tool|>",)),
    ("Mistral", ("[TOOL_CALLS]",)),
    ("Cohere", ("<|START_ACTION|>",)),
    ("DeepSeek", ("<｜tool▁call",)),
    ("Apertus", ("<|tools_prefix|>",)),
    ("Qwen XML", ("<function=", "<parameter=")),
    ("Hermes", ("<tool_call>",)),
    ("Llama JSON", ("ipython", '"parameters"')),
    ("LFM2", ("<|tool_list_start|>",)),
)


def reasoning(template: str) -> str:
    """The name of the way thoughts are written, empty where the template tells of none."""
    return _name(template, _REASONING)


def tools(template: str) -> str:
    """The name of the way calls are written, empty where the template tells of none."""
    return _name(template, _TOOLS)


def is_harmony(template: str) -> bool:
    """Whether <|end|> closes a message of a turn, not the turn."""
    return "<|channel|>" in template and "<|message|>" in template


def _name(template: str, known: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    return next((name for name, pieces in known if all(each in template for each in pieces)), "")
