"""A small graph, held in memory, run over arrays on the CPU: for looking at what it does."""

from collections.abc import Mapping, Sequence

import numpy as np
from onnx import ModelProto

from app.domain.requests import Provider
from app.engine.runtime.providers import session_options
from app.engine.runtime.runtime import ort
from app.engine.runtime.session import translated_errors


class Calculator:
    """A graph that gives arrays for arrays.

    Raises:
        ModelUnsupported: the runtime cannot open or run it.
    """

    def __init__(self, model: ModelProto) -> None:
        with translated_errors("A part of the model cannot be opened"):
            self._session = ort.InferenceSession(
                model.SerializeToString(),
                session_options(Provider.CPU),
                providers=["CPUExecutionProvider"],
            )

    def run(self, outputs: Sequence[str], feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """The named outputs."""
        with translated_errors("A part of the model failed"):
            return [np.asarray(each) for each in self._session.run(list(outputs), dict(feeds))]
