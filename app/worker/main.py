"""The worker process: takes over the pipe it was started with and serves it until it ends.

The listening thread reads requests, the outbox thread sends replies, the main thread computes.
When the parent closes the pipe or dies, the listening thread reads the end and the process is
gone at once, in the middle of whatever it computes.
"""

import faulthandler
import logging
import os
import platform
import signal
import sys
import threading

from app import __version__, logs, sandbox
from app.domain.events import Hello
from app.domain.requests import AnswerNow, Cancel
from app.errors import Bug
from app.worker.channel import Closed, FrameChannel, FrameTooLong, take_standard_streams
from app.worker.failures import failed
from app.worker.inbox import CANCELLED, Inbox
from app.worker.outbox import Outbox
from app.worker.protocol import CONTROL, PROTOCOL, BadFrame, decode_request
from app.worker.templates.process import TemplateProcess

EXIT_OUT_OF_STEP = 65
EXIT_BROKEN = 70

_log = logging.getLogger(__name__)


def main() -> int:
    """Serve the pipe on the standard streams; the process ends with the pipe, not by returning."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent to handle
    channel = take_standard_streams()
    _log_to_standard_error()
    network = sandbox.close_network()
    templates = TemplateProcess()
    inbox, outbox = Inbox(), Outbox(channel)
    threading.Thread(target=_listen, args=(channel, inbox, outbox), daemon=True).start()
    from app.worker.scheduler import Scheduler  # slow: brings numpy and ONNX Runtime

    outbox.put(CONTROL, _hello(network))
    outbox.start()
    Scheduler(inbox, outbox.put, templates).run()
    return 0


def _log_to_standard_error() -> None:
    """Log every end of a thread; a worker that has lost one cannot serve and ends itself."""
    logs.configure_worker()
    faulthandler.enable()

    def give_up(error: BaseException | None) -> None:
        _log.critical("The worker cannot go on.\n%s", logs.outline(error) if error else "")
        os._exit(EXIT_BROKEN)

    sys.excepthook = lambda _kind, error, _stack: give_up(error)
    threading.excepthook = lambda ended: give_up(ended.exc_value)


def _hello(network: str) -> Hello:
    import numpy
    import onnxruntime
    import tokenizers

    from app.domain.devices import EXECUTION_PROVIDERS
    from app.engine.runtime.devices import list_devices
    from app.engine.runtime.providers import available_providers

    versions = {
        "candor": __version__,
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
        "numpy": numpy.__version__,
        "tokenizers": tokenizers.__version__,
    }
    providers = tuple(EXECUTION_PROVIDERS[provider] for provider in available_providers())
    return Hello(PROTOCOL, os.getpid(), versions, providers, network, *list_devices())


def _listen(channel: FrameChannel, inbox: Inbox, outbox: Outbox) -> None:
    while True:
        try:
            payload = channel.receive()
        except Closed:
            os._exit(0)
        except FrameTooLong as error:
            outbox.put(CONTROL, failed(Bug(str(error))))
            outbox.close()
            os._exit(EXIT_OUT_OF_STEP)
        _accept(payload, inbox, outbox)


def _accept(payload: bytearray, inbox: Inbox, outbox: Outbox) -> None:
    try:
        request = decode_request(payload)
    except BadFrame as error:
        outbox.put(error.id, failed(Bug(str(error))))
        return
    match request.command:
        case Cancel(target):
            if inbox.cancel(target):
                outbox.put(target, CANCELLED)
        case AnswerNow(target):
            inbox.answer_now(target)
        case _:
            for id in inbox.put(request):
                outbox.put(id, CANCELLED)
