"""The application: asyncio over the worker client; no Qt, no onnxruntime."""
