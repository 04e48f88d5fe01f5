"""The worker's hold on the process that runs chat templates for it.

It is started ahead of need and started again once it is lost; a template that takes it down is
told of in one sentence.
"""

import threading
from collections.abc import Mapping
from typing import Any

from app.domain.events import Failed
from app.engine.text.jinja import Facts
from app.errors import Bug, CandorError, InvalidRequest, ModelDamaged, from_code
from app.worker.channel import Closed, FrameTooLong
from app.worker.process import WorkerProcess, helper_command
from app.worker.templates import limits
from app.worker.templates.frames import Fill, Filled, Order, Read, Result, decode_result, encode

_LAST_WAIT = 2.0  # seconds that an ended process may take to be gone


class TemplateProcess:
    """A renderer whose templates can hurt nobody; used from one thread.

    `patience` is how many seconds of a clock a template may take.
    """

    def __init__(self, patience: float = limits.PATIENCE) -> None:
        self._patience = patience
        self._process: WorkerProcess | None = None
        self.start()

    @property
    def pid(self) -> int | None:
        """The present process; None where the next order will start one."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process, unless it is there."""
        if self._process is not None and self._process.ended:
            self.close()
        self._process = self._process or WorkerProcess(helper_command("--templates"))

    def read(self, source: str) -> Facts:
        """What a template reads.

        Raises:
            ModelDamaged: the text is no template, or takes too much to be read.
        """
        result = self._ask(Read(source), ModelDamaged)
        if isinstance(result, Facts):
            return result
        raise Bug("The template process gave another answer than was asked for.")

    def fill(self, source: str, values: Mapping[str, Any]) -> str:
        """The text that a template makes of `values`.

        Raises:
            InvalidRequest: it refuses them, fails over them, or takes too much.
        """
        result = self._ask(Fill(source, dict(values)), InvalidRequest)
        if isinstance(result, Filled):
            return result.text
        raise Bug("The template process gave another answer than was asked for.")

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.channel.close_writer()
            process.wait(_LAST_WAIT)

    def _ask(self, order: Order, failure: type[CandorError]) -> Result:
        self.start()
        result = self._exchange(_encoded(order))
        if result is None:
            self.close()
            self.start()
            raise failure("The model's chat template takes too much time or memory.")
        if isinstance(result, Failed):
            raise from_code(result.code, result.message, result.hint)
        return result

    def _exchange(self, payload: bytes) -> Result | None:
        """The answer; None if the process ended over it, or was ended for its silence."""
        process = self._process
        assert process is not None
        clock = threading.Timer(self._patience, process.kill)
        clock.daemon = True
        clock.start()
        try:
            process.channel.send(payload)
            return decode_result(process.channel.receive())
        except (Closed, FrameTooLong):
            return None
        finally:
            clock.cancel()


def _encoded(order: Order) -> bytes:
    try:
        return encode(order)
    except UnicodeEncodeError as error:
        raise InvalidRequest("The text holds a character that is not valid Unicode.") from error
    except OverflowError as error:
        raise InvalidRequest("A number in the request is larger than 64 bits.") from error
