"""The README's pictures: every page of the window, by the real window and the built-in model."""

import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QImage

TOUR = Path(__file__).parents[2] / "packaging" / "tour.py"
PAGES = {"welcome", "heatmap", "reasoning", "search"}


def test_every_page_has_a_picture_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    subprocess.run([sys.executable, "-P", str(TOUR), str(folder), "dark"], check=True)
    images = {file.stem: QImage(str(file)) for file in folder.iterdir()}
    assert set(images) == {f"{page}-dark" for page in PAGES}
    assert all(image.width() == 1280 and image.height() == 800 for image in images.values())
    assert len({bytes(image.constBits()) for image in images.values()}) == len(PAGES)
