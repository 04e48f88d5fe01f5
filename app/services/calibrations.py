"""Calibrations that are kept, one file for each model, variant and task."""

import os
import secrets
from hashlib import blake2b
from pathlib import Path

import msgspec

from app.domain.calibration import Calibration
from app.domain.models import ModelInfo
from app.errors import EnvironmentFault, InvalidRequest
from app.services.classifying import LabelTask


class Calibrations:
    """The folder that holds them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, info: ModelInfo, calibration: Calibration) -> Path:
        """Store a calibration in place of the one for the same model and task.

        Raises:
            EnvironmentFault: it cannot be written.
        """
        path = self._path(info, calibration.labels, calibration.instruction, calibration.correction)
        aside = path.with_suffix(f".{secrets.token_hex(4)}")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            aside.write_bytes(msgspec.json.format(msgspec.json.encode(calibration)))
            os.replace(aside, path)  # noqa: PTH105 - the one call that replaces on every system
        except OSError as error:
            aside.unlink(missing_ok=True)
            reason = error.strerror or str(error)
            raise EnvironmentFault(f"The calibration cannot be stored: {reason}.") from error
        return path

    def find(self, info: ModelInfo, task: LabelTask) -> Calibration:
        """The calibration for a model and a task.

        Raises:
            InvalidRequest: there is none, or it cannot be read.
        """
        path = self._path(info, task.labels, task.instruction, task.correction)
        try:
            return msgspec.json.decode(path.read_bytes(), type=Calibration)
        except FileNotFoundError as error:
            raise InvalidRequest(
                "There is no calibration of this model for these labels.", "Calibrate it first."
            ) from error
        except (OSError, msgspec.MsgspecError) as error:
            raise InvalidRequest(
                "The calibration of this model is damaged.", "Calibrate it again."
            ) from error

    def _path(
        self, info: ModelInfo, labels: tuple[str, ...], instruction: str, correction: str
    ) -> Path:
        key = msgspec.json.encode((info.path, info.variant, labels, instruction, correction))
        return self._folder / f"{blake2b(key, digest_size=16).hexdigest()}.json"
