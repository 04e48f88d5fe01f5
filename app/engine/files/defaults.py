"""What a model's own config files ask for: how to sample, and which tokens end an answer."""

import msgspec

from app.domain.sampling import SamplingParams
from app.engine.files.config import Configs
from app.engine.text import formats
from app.engine.text.tokenizer import Tokenizer
from app.errors import InvalidRequest, ModelDamaged

_SAMPLING = (
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "typical_p",
    "repetition_penalty",
    "frequency_penalty",
    "presence_penalty",
)
_END_OF_TURN = (
    "<|im_end|>",
    "<|eot_id|>",
    "<|end|>",
    "<end_of_turn>",
    "<turn|>",
    "<|return|>",
    "<|call|>",
    "<|end_of_text|>",
    "<|endoftext|>",
    "</s>",
)


def sampling_defaults(configs: Configs) -> SamplingParams:
    """The sampling that generation_config.json asks for, or genai's `search` where it is silent.

    Raises:
        ModelDamaged: a value is no number or out of range.
    """
    speaks = any(configs.generation.get(name) is not None for name in (*_SAMPLING, "do_sample"))
    given = configs.generation if speaks else configs.search
    values = {name: given[name] for name in _SAMPLING if given.get(name) is not None}
    if given.get("do_sample") is False:
        values["temperature"] = 0.0
    try:
        return msgspec.convert(values, SamplingParams)
    except (InvalidRequest, msgspec.ValidationError) as error:
        reason = str(error).rstrip(".")
        raise ModelDamaged(f"The model's generation defaults cannot be used: {reason}.") from error


def eos_ids(configs: Configs, tokenizer: Tokenizer | None) -> frozenset[int]:
    """The tokens that end an answer.

    They are those that any config names, the tokenizer's own, and the end-of-turn markers that
    are one token and that the chat template writes.
    """
    named = {id for config in configs.all() for id in _ids(config.get("eos_token_id"))}
    if tokenizer is None:
        return frozenset(named)
    markers = [each for each in _END_OF_TURN if each in (configs.template or "")]
    own = configs.special_tokens.get("eos_token", "")
    written = (tokenizer.id_of(each) for each in (own, *markers))
    ends = named | {id for id in written if id is not None}
    return frozenset(ends - {_end_of_channel(configs, tokenizer)})


def _end_of_channel(configs: Configs, tokenizer: Tokenizer) -> int | None:
    """In the harmony format <|end|> closes a channel, and the turn goes on."""
    kinds = [configs.model.get("model_type"), configs.genai.get("type")]
    harmony = formats.is_harmony(configs.template or "") or "gpt_oss" in kinds or "gptoss" in kinds
    return tokenizer.id_of("<|end|>") if harmony else None


def _ids(value: object) -> set[int]:
    values = value if isinstance(value, list) else [value]
    return {each for each in values if isinstance(each, int) and not isinstance(each, bool)}
