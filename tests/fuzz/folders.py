"""Sound model folders, one of each layout, for the fuzz test to damage."""

import json
from pathlib import Path

from tests.engine.graphs import grouped, plain, write_folder
from tests.engine.reference import Shape, random_weights
from tests.engine.vocabularies import byte_level

SHAPE = Shape(vocabulary=404, layers=1, context=128)


def build(root: Path) -> list[Path]:
    """Folders in the layouts of optimum, transformers.js and onnxruntime-genai below `root`."""
    weights = random_weights(SHAPE)
    optimum = write_folder(
        root / "optimum", plain(SHAPE, weights), SHAPE, external_data="model.onnx_data"
    )
    web = root / "web"
    write_folder(web, grouped(SHAPE, weights), SHAPE, file="onnx/model.onnx")
    write_folder(
        web, grouped(SHAPE, weights, keep_shape=[]), SHAPE,
        file="onnx/model_q4.onnx", external_data="model_q4.onnx_data",
    )  # fmt: skip
    genai = root / "genai"
    write_folder(genai, grouped(SHAPE, weights, head_symbol="head"), SHAPE)
    decoder = {
        "filename": "model.onnx",
        "head_size": SHAPE.head_size,
        "num_key_value_heads": SHAPE.kv_heads,
        "inputs": {"past_key_names": "past_key_values.%d.key"},
    }
    search = {"do_sample": True, "temperature": 0.7, "max_length": 64}
    _write(genai / "genai_config.json", model={"context_length": 64, "decoder": decoder},
           search=search)  # fmt: skip
    for folder in (optimum, web, genai):
        _write_text_files(folder)
    return [optimum, web, genai]


def _write_text_files(folder: Path) -> None:
    byte_level(folder / "tokenizer.json")
    _write(folder / "tokenizer_config.json", eos_token={"content": "<|im_end|>"})
    _write(folder / "generation_config.json", temperature=0.6, top_k=20, eos_token_id=[2])
    template = "{{ '<|im_start|>' }}{% for m in messages %}{{ m.content | trim }}{% endfor %}"
    (folder / "chat_template.jinja").write_text(template)


def _write(path: Path, **content: object) -> None:
    path.write_text(json.dumps(content))
