"""The sentence that the engine says about each graph it has no rule for."""

import numpy as np
import pytest
from onnx import ModelProto, TensorProto

from app.errors import ModelDamaged, ModelUnsupported
from tests.engine.contract_graphs import (
    GROUPED,
    SHAPE,
    add_input,
    add_node,
    copy,
    drop_input,
    hide_node,
    read,
    rename_output,
    replace_input,
    retype_output,
)

PAST = ["batch_size", SHAPE.kv_heads, "past_sequence_length", SHAPE.head_size]
REFUSALS = {
    "an unknown input": (
        add_input("speed", np.float32, ["batch", "tokens", 8]),
        r'no rule for this model\'s input "speed" \(float32 \[batch, tokens, 8\]\)',
    ),
    "positions in four rows": (
        add_input("position_ids", np.int64, [4, "batch", "tokens"]),
        r'input "position_ids" \(int64 \[4, batch, tokens\]\)',
    ),
    "runs of a fixed number of tokens": (
        replace_input("input_ids", np.int64, [1, 64]),
        r'input "input_ids" \(int64 \[1, 64\]\)',
    ),
    "a branch that is no truth value": (
        add_input("use_cache_branch", np.int64, [1]),
        r'input "use_cache_branch" \(int64 \[1\]\)',
    ),
    "a paged cache": (
        add_input("block_table", np.int32, ["batch", "blocks"]),
        r"keeps its cache in pages that a server manages.*block_table",
    ),
    "slots of a paged cache": (
        add_input("slot_mapping", np.int32, ["tokens"]),
        "keeps its cache in pages",
    ),
    "paged attention": (
        add_node("PagedAttention", "com.microsoft"),
        "keeps its cache in pages that a server manages",
    ),
    "an encoder-decoder": (
        add_input("encoder_hidden_states", np.float32, ["batch", "tokens", 8]),
        "is one half of an encoder-decoder",
    ),
    "an encoder-decoder's cache": (
        add_input("past_key_values.0.encoder.key", np.float32, PAST),
        "is one half of an encoder-decoder",
    ),
    "beams": (
        add_input("cache_indirection", np.int32, ["batch", "beams", "tokens"]),
        "searches with beams",
    ),
    "pictures": (
        add_input("pixel_values", np.float32, ["batch", 3, 224, 224]),
        "wants pictures or sound.*pixel_values",
    ),
    "ids of a strange type": (
        replace_input("input_ids", np.float32, ["batch", "tokens"]),
        r'input "input_ids" \(float32 \[batch, tokens\]\)',
    ),
    "another kind of state": (
        add_input("past_compressor.0", np.float32, ["batch", 8, 4]),
        r'input "past_compressor.0" \(float32 \[batch, 8, 4\]\)',
    ),
    "a state without its next one": (
        add_input("past_conv.0", np.float32, ["batch", 8, 4]),
        'input "past_conv.0" has no output "present_conv.0"',
    ),
    "a window of states": (
        add_input("past_key_values.0.conv_state", np.float32, [4, "batch", 8, 4]),
        r'input "past_key_values.0.conv_state" \(float32 \[4, batch, 8, 4\]\)',
    ),
    "a state of open size": (
        add_input("past_recurrent.0", np.float32, ["batch", "heads", 8, 4]),
        'input "past_recurrent.0"',
    ),
    "a quantised cache": (
        replace_input("past_key_values.1.value", np.int8, PAST),
        r'input "past_key_values.1.value" \(int8',
    ),
    "a past without a present": (
        rename_output("present.1.key", "other"),
        'input "past_key_values.1.key" has no output "present.1.key"',
    ),
    "a present of another type": (
        retype_output("present.0.key", TensorProto.FLOAT16),
        r'output "present.0.key" \(float16',
    ),
    "no ids": (drop_input("input_ids"), 'has no input "input_ids"'),
    "no logits": (rename_output("logits", "image"), 'has no output "logits".*gives image'),
    "logits of a strange type": (
        retype_output("logits", TensorProto.BFLOAT16),
        r'output "logits" \(bfloat16',
    ),
    "a type the format does not know": (
        retype_output("logits", 99),
        r'output "logits" \(type 99',
    ),
    "an operator from elsewhere": (
        add_node("Tokenize", "ai.onnx.contrib"),
        'operator "Tokenize" of "ai.onnx.contrib"',
    ),
    "an operator hidden in a branch": (
        hide_node("Spy", "evil.ops"),
        'operator "Spy" of "evil.ops"',
    ),
    "a compiled context": (add_node("EPContext", "com.microsoft"), "compiled for one kind"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_graph_without_a_rule_is_refused_in_one_sentence(case: str) -> None:
    change, sentence = REFUSALS[case]
    model = copy(GROUPED)
    change(model)
    with pytest.raises(ModelUnsupported, match=sentence):
        read(model)


def test_an_empty_graph_is_damaged() -> None:
    with pytest.raises(ModelDamaged, match="holds no graph"):
        read(ModelProto())
