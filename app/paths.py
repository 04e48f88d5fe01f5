"""Where Candor's own files are: what came with the program, and the person's folders."""

import os
import sys
from pathlib import Path

from platformdirs import PlatformDirs

BUILT_IN_MODEL = "candor-small"
CHATS = "chats.db"
SETTINGS = "settings.json"
PACKS = "packs"
CALIBRATIONS = "calibrations"
API_TOKEN = "api-token"


def resources() -> Path:
    """The folder that came with the program, frozen or from source."""
    frozen = getattr(sys, "_MEIPASS", None)
    return (Path(frozen) if frozen else Path(__file__).parent.parent) / "resources"


def built_in_model() -> Path:
    """The model that came with the program."""
    return resources() / "models" / BUILT_IN_MODEL


def icon() -> Path:
    """The program's icon, a drawing of any size."""
    return resources() / "icons" / "candor.svg"


def profile() -> Path:
    """The person's own folder; `CANDOR_HOME` moves it. It is not created here."""
    chosen = os.environ.get("CANDOR_HOME")
    return Path(chosen) if chosen else PlatformDirs("candor", appauthor=False).user_data_path


def logs() -> Path:
    """The folder of the log files, inside the profile."""
    return profile() / "logs"


def chats() -> Path:
    """The file with the person's chats, inside the profile."""
    return profile() / CHATS


def settings() -> Path:
    """The file with the person's settings, inside the profile."""
    return profile() / SETTINGS


def prepared() -> Path:
    """The folder of prepared copies of models, inside the profile."""
    return profile() / "prepared"


def calibrations() -> Path:
    """The folder of fitted confidences."""
    return profile() / CALIBRATIONS


def api_token() -> Path:
    """The file with the token that other programs show to the server, inside the profile."""
    return profile() / API_TOKEN


def packs() -> Path:
    """The folder of the worker packs, inside the profile."""
    return profile() / PACKS


def make_private(folder: Path) -> None:
    """Create `folder`, and what is missing above it, for its owner only.

    A folder that is there stays as it is: it may be one that the person shares on purpose.
    """
    for each in reversed((folder, *folder.parents)):
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)
