"""One Candor per profile: a lock of the operating system, which ends with its process.

A lock file with a process id in it can outlive a crash and name a stranger; this one cannot. The
id is in the file only for the sentence that a second start says.
"""

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from app import paths
from app.errors import EnvironmentFault, ProfileInUse

FAR_AWAY = 2**30


class ProfileLock:
    """Holds the profile `folder` within its `with`.

    Raises:
        ProfileInUse: another process holds it.
        EnvironmentFault: the profile cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._file = -1

    def __enter__(self) -> Self:
        try:
            paths.make_private(self._path.parent)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise EnvironmentFault(
                f"The folder {self._path.parent} cannot be used: {error.strerror or error}.",
                "CANDOR_HOME names another one.",
            ) from error
        if not _lock(self._file):
            holder = os.read(self._file, 32).decode("ascii", "replace")
            self._release()
            raise ProfileInUse(f"Candor is already open, as process {holder}.", "Use its window.")
        os.ftruncate(self._file, 0)
        os.write(self._file, str(os.getpid()).encode())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._release()

    def _release(self) -> None:
        os.close(self._file)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        """Lock a byte far behind the text, which others must be able to read."""
        os.lseek(file, FAR_AWAY, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
