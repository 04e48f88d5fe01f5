"""ONNX Runtime: devices, sessions, and one run of a graph over bound buffers."""
