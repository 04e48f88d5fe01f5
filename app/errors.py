"""The errors a person can meet.

CandorError
├── UserError               the person can act on it
│   ├── InvalidRequest      a parameter, an option or a text that cannot be used
│   ├── ContextExceeded     the prompt does not fit the context
│   └── ModelError          the model folder
│       ├── ModelNotFound   there is no model at this place
│       ├── ModelDamaged    files are missing, cut short or not what they claim
│       └── ModelUnsupported  a sound model that Candor has no rule for
├── EnvironmentFault        this computer or one of its processes
│   ├── WorkerLost          the worker process ended or stopped answering
│   ├── DeviceFailed        a device, its driver or its pack cannot be used; the CPU may do
│   ├── OutOfMemory         the model or its cache does not fit
│   ├── DiskFull            there is no room for what is to be written
│   ├── StoreUnavailable    chats cannot be stored or read at the moment
│   └── ProfileInUse        another Candor works with the same profile
└── Bug                     ours: something that must not happen

Each has a plain sentence (`message`) and a next step (`hint`, may be empty). `code` is stable: it
crosses the pipe and reaches API clients. Cancellation is not an error.
"""


class CandorError(Exception):
    """Base of every error that Candor shows; `code` is the class's stable name."""

    code = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class UserError(CandorError):
    """Something the person can put right."""

    code = "user_error"


class InvalidRequest(UserError):
    """A parameter, an option or a text that cannot be used."""

    code = "invalid_request"


class ContextExceeded(UserError):
    """The prompt does not fit the context."""

    code = "context_length_exceeded"


class ModelError(UserError):
    """Something about a model folder."""

    code = "model_error"


class ModelNotFound(ModelError):
    """There is no model at this place."""

    code = "model_not_found"


class ModelDamaged(ModelError):
    """Files are missing, cut short or not what they claim to be."""

    code = "model_damaged"


class ModelUnsupported(ModelError):
    """A sound model that Candor has no rule for."""

    code = "model_unsupported"


class EnvironmentFault(CandorError):
    """This computer, or one of Candor's processes."""

    code = "environment"


class WorkerLost(EnvironmentFault):
    """The worker process ended or stopped answering."""

    code = "worker_lost"


class DeviceFailed(EnvironmentFault):
    """A device, its driver or its pack cannot be used; the CPU may do."""

    code = "device_failed"


class OutOfMemory(EnvironmentFault):
    """The model or its cache does not fit into memory."""

    code = "out_of_memory"


class DiskFull(EnvironmentFault):
    """There is no room on the disk for what is to be written."""

    code = "disk_full"


class StoreUnavailable(EnvironmentFault):
    """Chats cannot be stored or read at the moment."""

    code = "store_unavailable"


class ProfileInUse(EnvironmentFault):
    """Another Candor works with the same profile."""

    code = "profile_in_use"


class Bug(CandorError):
    """A defect of Candor itself."""

    code = "bug"


def from_code(code: str, message: str, hint: str) -> CandorError:
    """The error that `code` names, as it was on the other side of a pipe."""
    return _by_code(CandorError).get(code, Bug)(message, hint)


def _by_code(base: type[CandorError]) -> dict[str, type[CandorError]]:
    found = {base.code: base}
    for child in base.__subclasses__():
        found |= _by_code(child)
    return found
