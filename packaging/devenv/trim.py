"""What the frozen program leaves out of what PyInstaller collected.

In: PyInstaller's tables of files, whose rows are (place in the bundle, source file, kind). Out: the
rows that stay. Qt's wheels bring plugins for machines without a desktop and for formats that
Candor never shows; with each of them go the libraries that nothing else needs.
"""

import posixpath
from collections.abc import Callable, Iterable
from pathlib import PurePath

Row = tuple[str, str, str]
Imports = Callable[[str], Iterable[tuple[str, str | None]]]

PLUGINS = {
    "platforms": ("qxcb", "qwayland", "qoffscreen", "qwindows", "qcocoa"),
    "platformthemes": ("qxdgdesktopportal",),
    "platforminputcontexts": ("composeplatforminputcontext", "ibusplatforminputcontext"),
    "imageformats": ("qsvg", "qico"),
    "iconengines": ("qsvgicon",),
    "styles": ("qmodernwindowsstyle", "qmacstyle"),
    "xcbglintegrations": ("qxcb-egl-integration", "qxcb-glx-integration"),
    "wayland-decoration-client": ("adwaita", "bradient"),
    "wayland-graphics-integration-client": ("qt-plugin-wayland-egl",),
    "wayland-shell-integration": ("xdg-shell",),
}
"""The Qt plugins that stay, by their folder; folders that are not named go whole."""

QT_LIBRARIES = ("PySide6", "Qt", "lib")


def trim_binaries(rows: Iterable[Row], imports: Imports) -> list[Row]:
    """The rows without unwanted plugins and without the libraries that only those load.

    `imports` names the libraries a file links to, each with the file it is found in.
    """
    kept = [row for row in rows if _is_wanted(row)]
    needed = _reachable([row for row in kept if not _is_library(row)], imports)
    return [row for row in kept if not _is_library(row) or _name(row[0]) in needed]


def trim_data(rows: Iterable[Row], binaries: Iterable[Row]) -> list[Row]:
    """The rows without Qt's translations, since Candor's text is English, and without the links
    that lead to none of the `binaries` that stayed.
    """
    there = {row[0] for row in binaries}
    return [
        row
        for row in rows
        if "translations" not in _parts(row)
        and (row[2] != "SYMLINK" or not _is_shared(row) or _target(row) in there)
    ]


def _is_wanted(row: Row) -> bool:
    parts = _parts(row)
    if "plugins" not in parts:
        return True
    family, name = parts[-2:]
    stem = name.removeprefix("lib").partition(".")[0].removesuffix("plugin")
    return stem in PLUGINS.get(family, ())


def _is_library(row: Row) -> bool:
    """Whether the file is there only because another one links to it: Qt's, or the system's.

    Python's own is there for the program that starts it.
    """
    parts = _parts(row)
    if row[2] != "BINARY" or "python" in parts[-1].lower():
        return False
    return len(parts) == 1 or parts[:3] == QT_LIBRARIES


def _reachable(roots: Iterable[Row], imports: Imports) -> set[str]:
    """The names of all libraries that `roots` load, directly or through others."""
    waiting = [row[1] for row in roots]
    found: set[str] = set()
    while waiting:
        for name, path in imports(waiting.pop()):
            if _name(name) not in found:
                found.add(_name(name))
                waiting += [path] if path else []
    return found


def _is_shared(row: Row) -> bool:
    """Whether the file is a shared library of Linux by its name."""
    return ".so" in _name(row[0])


def _target(row: Row) -> str:
    """The place that a link leads to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(row[0]), row[1]))


def _parts(row: Row) -> tuple[str, ...]:
    return PurePath(row[0]).parts


def _name(path: str) -> str:
    return PurePath(path).name
