"""What went wrong in the child: the event a person reads, the log line a developer reads."""

import logging

from app.domain.events import Failed
from app.errors import Bug, CandorError, OutOfMemory
from app.logs import outline

_log = logging.getLogger(__name__)


def failed(error: BaseException) -> Failed:
    """The event for `error`; a defect of ours is logged, without the texts it may carry."""
    shown = _shown(error)
    if isinstance(shown, Bug):
        _log.error("A request failed.\n%s", outline(error))
    return Failed(shown.code, shown.message, shown.hint)


def _shown(error: BaseException) -> CandorError:
    if isinstance(error, CandorError):
        return error
    if isinstance(error, MemoryError):
        return OutOfMemory(
            "There is not enough free memory for this.",
            "Close other programs, or use a smaller model, variant or context.",
        )
    return Bug(
        f"Something in Candor failed ({type(error).__name__}); this request cannot go on.",
        "Try again. If it happens again, the log says where it failed.",
    )
