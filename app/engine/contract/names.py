"""What graphs call their tensors, and the facts that only config files state."""

import re
from dataclasses import dataclass

from app.engine.contract.values import Role

# Names that no config gives, as exporters and Candor's own prepared graphs write them.
_KNOWN = {
    r"per_layer_inputs": Role.LAYER_EMBEDDINGS,
    r"num_logits_to_keep|onnx::Neg_\d+": Role.LOGITS_TO_KEEP,
    r"logits_pos": Role.LOGITS_AT,
    r"use_cache_branch": Role.CACHE_BRANCH,
    r"seqlens_k": Role.LAST_POSITION,
    r"total_seq_len": Role.TOTAL_LENGTH,
    r"query_seqlens": Role.QUERY_LENGTHS,
}


@dataclass(frozen=True, slots=True)
class Names:
    """What the graph calls its tensors; `%d` stands for the layer.

    `past` and `present` hold a layer's keys and values in one tensor.
    """

    ids: str = "input_ids"
    embeddings: str = "inputs_embeds"
    mask: str = "attention_mask"
    positions: str = "position_ids"
    total_length: str = "total_sequence_length"
    past_length: str = "past_sequence_length"
    current_length: str = "current_sequence_length"
    logits: str = "logits"
    past: str = "past_%d"
    past_key: str = "past_key_values.%d.key"
    past_value: str = "past_key_values.%d.value"
    past_conv: str = "past_conv.%d"
    past_recurrent: str = "past_recurrent.%d"
    present: str = "present_%d"
    present_key: str = "present.%d.key"
    present_value: str = "present.%d.value"
    present_conv: str = "present_conv.%d"
    present_recurrent: str = "present_recurrent.%d"

    def role(self, name: str) -> Role | None:
        """What the input `name` is told in every run, or None for a name without a rule."""
        given = {
            self.ids: Role.IDS,
            self.embeddings: Role.EMBEDDINGS,
            self.mask: Role.MASK,
            self.positions: Role.POSITIONS,
            self.total_length: Role.TOTAL_LENGTH,
            self.past_length: Role.PAST_LENGTH,
            self.current_length: Role.CURRENT_LENGTH,
        }
        known = (role for pattern, role in _KNOWN.items() if re.fullmatch(pattern, name))
        return given.get(name) or next(known, None)


@dataclass(frozen=True, slots=True)
class Geometry:
    """Facts that only config files state: sizes that the graph may leave open, whether the model
    counts its positions from one, and after how many tokens it turns all its keys by other
    angles."""

    heads: int | None = None
    kv_heads: int | None = None
    head_size: int | None = None
    from_one: bool = False
    rope_switch: int | None = None
