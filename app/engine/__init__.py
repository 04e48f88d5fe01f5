"""Inference on token ids: numpy, onnxruntime, tokenizers, jinja2; no Qt, no asyncio, no store."""
