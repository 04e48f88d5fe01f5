"""Renders the icon's drawing into what each system wants: PNG sizes, an `.ico` and an `.icns`.

In: `resources/icons/candor.svg`. Out: files beside this one, committed. Run it with the Python of
`.venv` after a change to the drawing.
"""

import struct
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

HERE = Path(__file__).resolve().parent
DRAWING = HERE.parents[1] / "resources" / "icons" / "candor.svg"
SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
ICO_SIZES = (16, 24, 32, 48, 64, 128, 256)
ICNS_TYPES = {16: "icp4", 32: "icp5", 64: "icp6", 128: "ic07", 256: "ic08", 512: "ic09"}


def main() -> None:
    """Write every file."""
    renderer = QSvgRenderer(str(DRAWING))
    images = {size: png(renderer, size) for size in SIZES}
    for size, data in images.items():
        (HERE / f"candor-{size}.png").write_bytes(data)
    (HERE / "candor.ico").write_bytes(ico({size: images[size] for size in ICO_SIZES}))
    (HERE / "candor.icns").write_bytes(icns(images))


def png(renderer: QSvgRenderer, size: int) -> bytes:
    """The drawing as a PNG file of `size` pixels each way, its ground transparent."""
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(data.data())


def ico(images: dict[int, bytes]) -> bytes:
    """A Windows icon file: a header, a table of sizes and places, then the PNG files."""
    head = struct.pack("<HHH", 0, 1, len(images))
    place = len(head) + 16 * len(images)
    table = b""
    for size, data in images.items():
        side = size % 256  # 0 stands for 256
        table += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(data), place)
        place += len(data)
    return head + table + b"".join(images.values())


def icns(images: dict[int, bytes]) -> bytes:
    """A macOS icon file: blocks of a type, a length and a PNG file, in a block of their own."""
    blocks = b"".join(
        kind.encode() + struct.pack(">I", 8 + len(images[size])) + images[size]
        for size, kind in ICNS_TYPES.items()
    )
    return b"icns" + struct.pack(">I", 8 + len(blocks)) + blocks


if __name__ == "__main__":
    main()
