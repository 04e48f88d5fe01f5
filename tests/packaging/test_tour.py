"""The README's pictures: every page of the window, by the real window and the built-in model."""

import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

TOUR = Path(__file__).parents[2] / "packaging" / "tour.py"
SIZES = {
    **dict.fromkeys(
        ("welcome", "heatmap", "versions", "reasoning", "search", "notice"), QSize(1280, 800)
    ),
    **dict.fromkeys(("narrow", "chats"), QSize(820, 520)),
}
DIALOGS = {
    "settings",
    "model",
    "server",
    "speed",
    "score",
    "compare",
    "classify",
    "calibrate",
    "origin",
}


def test_every_page_has_a_picture_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    subprocess.run([sys.executable, "-P", str(TOUR), str(folder), "dark"], check=True)
    images = {file.stem: QImage(str(file)) for file in folder.iterdir()}
    assert set(images) == {f"{page}-dark" for page in {*SIZES, *DIALOGS}}
    assert all(images[f"{page}-dark"].size() == size for page, size in SIZES.items())
    assert len({bytes(image.constBits()) for image in images.values()}) == len(images)
