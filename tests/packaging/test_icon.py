"""The icon's rendered files fit its drawing, and the desktop entry fits the program."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest
from icon import render
from PySide6.QtGui import QImage, QImageReader
from PySide6.QtSvg import QSvgRenderer

ENTRY = render.HERE.parent / "linux" / "candor.desktop"
CLOSE = 12


def difference(one: QImage, other: QImage) -> int:
    """The greatest difference of any channel of any pixel, 0 to 255."""
    assert one.size() == other.size()
    pairs = zip(one.constBits(), other.constBits(), strict=True)
    return max(abs(a - b) for a, b in pairs)


@pytest.mark.parametrize("size", [16, 32, 128])
def test_the_pictures_are_the_drawings(qapp: object, size: int) -> None:
    kept = QImage(str(render.HERE / f"candor-{size}.png"))
    drawn = QImage.fromData(render.png(QSvgRenderer(str(render.DRAWING)), size))
    formats = QImage.Format.Format_ARGB32
    assert difference(kept.convertToFormat(formats), drawn.convertToFormat(formats)) <= CLOSE


def test_every_size_is_there(qapp: object) -> None:
    found = {QImage(str(path)).width() for path in render.HERE.glob("candor-*.png")}
    assert found == set(render.SIZES)


def test_the_windows_icon_holds_its_sizes() -> None:
    data = (render.HERE / "candor.ico").read_bytes()
    images = {size: (render.HERE / f"candor-{size}.png").read_bytes() for size in render.ICO_SIZES}
    assert data == render.ico(images)
    assert QImageReader(str(render.HERE / "candor.ico")).imageCount() == len(render.ICO_SIZES)


def test_the_mac_icon_holds_its_sizes() -> None:
    data = (render.HERE / "candor.icns").read_bytes()
    pictures = [data[at:] for at in range(len(data)) if data.startswith(b"\x89PNG", at)]
    widths = {QImage.fromData(picture).width() for picture in pictures}
    assert widths == set(render.ICNS_TYPES)
    assert int.from_bytes(data[4:8], "big") == len(data)


def test_the_desktop_entry_starts_candor() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment]
    parser.read(ENTRY, encoding="utf-8")
    entry = parser["Desktop Entry"]
    assert (entry["Exec"], entry["Icon"], entry["StartupWMClass"]) == ("candor",) * 3
    assert entry["Terminal"] == "false"


@pytest.mark.skipif(not shutil.which("desktop-file-validate"), reason="the tool is not installed")
def test_the_desktop_entry_is_valid() -> None:
    command = ["desktop-file-validate", str(Path(ENTRY))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
