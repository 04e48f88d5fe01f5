"""Candor: private, offline chat with ONNX models, every token's probability in plain sight."""

__version__ = "0.1.0"
