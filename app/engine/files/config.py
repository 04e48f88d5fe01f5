"""The JSON files beside a model, read once, and the facts Candor takes from them.

Exports differ in which files they have and in what they call a thing; the differences end here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.engine.contract import Geometry, Names
from app.engine.files.chat_files import chat_templates, special_tokens
from app.engine.files.folder import ModelFolder
from app.engine.runtime.session import Optimisation

_CONTEXT = ("max_position_embeddings", "n_positions", "n_ctx", "context_length")
_LONG_ROPE = ("longrope", "su")
# onnxruntime-genai knows these by the model's type, and its folders may lack a config.json.
_LONG_ROPE_OF_GENAI = {
    "phi3": 4096,
    "phimoe": 4096,
    "phi3v": 4096,
    "phi4mm": 4096,
    "phi3small": 8192,
}
_OPTIMISATIONS = {
    "ORT_ENABLE_BASIC": Optimisation.BASIC,
    "ORT_DISABLE_ALL": Optimisation.NONE,
}
_POSITIONS_FROM_ONE = ("gemma3", "gemma3_text", "paligemma")
_GENAI_INPUTS = {
    "input_ids": "ids",
    "inputs_embeds": "embeddings",
    "attention_mask": "mask",
    "position_ids": "positions",
    "total_sequence_length": "total_length",
    "past_sequence_length": "past_length",
    "current_sequence_length": "current_length",
    "past_names": "past",
    "past_key_names": "past_key",
    "past_value_names": "past_value",
    "past_conv_names": "past_conv",
    "past_recurrent_names": "past_recurrent",
}
_GENAI_OUTPUTS = {
    "logits": "logits",
    "present_names": "present",
    "present_key_names": "present_key",
    "present_value_names": "present_value",
    "present_conv_names": "present_conv",
    "present_recurrent_names": "present_recurrent",
}

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Configs:
    """The side files of a model, each an empty mapping where there is none.

    `model` is config.json, `text` its part about the text model, `generation` is
    generation_config.json, `genai` and `decoder` are genai_config.json's model and its decoder,
    `search` its sampling; `special_tokens` are the tokenizer's, by name, and `adds_bos` says that
    it puts the first of them before a text. `template` is the chat template's source, and
    `tool_template` the one to take where there are tools.
    """

    model: Json
    text: Json
    generation: Json
    genai: Json
    decoder: Json
    search: Json
    special_tokens: Mapping[str, str]
    adds_bos: bool
    template: str | None
    tool_template: str | None

    @property
    def context_length(self) -> int | None:
        """The most positions that the model was made for, None where no file says."""
        stated = [
            size
            for config in (self.model, self.text, self.genai)
            if (size := _positive(config, *_CONTEXT)) is not None
        ]
        return min(stated, default=None)

    @property
    def geometry(self) -> Geometry:
        """Sizes of the cache."""
        configs = (self.decoder, self.text, self.model)
        heads = _stated(configs, "num_attention_heads", "n_head")
        hidden = _stated(configs, "hidden_size", "n_embd")
        shared = hidden // heads if hidden and heads else None
        return Geometry(
            heads=heads,
            kv_heads=_stated(configs, "num_key_value_heads") or heads,
            head_size=_stated(configs, "head_size", "head_dim") or shared,
            rope_switch=self._rope_switch,
            from_one=not self.genai and self.model.get("model_type") in _POSITIONS_FROM_ONE,
        )

    @property
    def _rope_switch(self) -> int | None:
        """The tokens that a model of the long-rope kind reads with its short angles."""
        for config in (self.text, self.model):
            scaling = _section(config, "rope_scaling") or _section(config, "rope_parameters")
            if scaling.get("rope_type", scaling.get("type")) in _LONG_ROPE:
                name = "original_max_position_embeddings"
                return _positive(scaling, name) or _positive(config, name)
        return _LONG_ROPE_OF_GENAI.get(str(self.genai.get("type"))) if not self.model else None

    @property
    def optimisation(self) -> Optimisation:
        """How much the exporter lets the runtime rewrite the graph."""
        options = _section(self.decoder, "session_options")
        return _OPTIMISATIONS.get(str(options.get("graph_optimization_level")), Optimisation.ALL)

    @property
    def names(self) -> Names:
        """What the graph calls its tensors; genai folders may use names of their own."""
        given = {
            ours: name
            for section, table in (("inputs", _GENAI_INPUTS), ("outputs", _GENAI_OUTPUTS))
            for theirs, ours in table.items()
            if isinstance(name := _section(self.decoder, section).get(theirs), str)
        }
        return Names(**given)

    def all(self) -> Iterator[Json]:
        """Every config that may name the tokens which end an answer."""
        yield from (self.generation, self.model, self.text, self.genai)


def read_configs(folder: ModelFolder) -> Configs:
    """Read the side files of the chosen variant.

    Raises:
        ModelDamaged: a file is not what it claims to be.
    """
    model, tokenizer = folder.json("config.json"), folder.json("tokenizer_config.json")
    genai_config = folder.json("genai_config.json")
    genai = _section(genai_config, "model")
    templates = chat_templates(folder, tokenizer)
    return Configs(
        model=model,
        text=_section(model, "text_config"),
        generation=folder.json("generation_config.json"),
        genai=genai,
        decoder=_section(genai, "decoder"),
        search=_section(genai_config, "search"),
        special_tokens=special_tokens(folder.json("special_tokens_map.json") | tokenizer),
        adds_bos=tokenizer.get("add_bos_token") is True,
        template=templates.get("default"),
        tool_template=templates.get("tool_use"),
    )


def _section(config: Json, name: str) -> Json:
    found = config.get(name)
    return found if isinstance(found, dict) else {}


def _stated(configs: tuple[Json, ...], *names: str) -> int | None:
    found = (_positive(config, *names) for config in configs)
    return next((size for size in found if size is not None), None)


def _positive(config: Json, *names: str) -> int | None:
    values = (config.get(name) for name in names)
    return next((value for value in values if isinstance(value, int) and value > 0), None)
