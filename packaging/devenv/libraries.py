"""The shared libraries Qt's wheels expect from a Linux system, and the packages that hold them.

Read from the NEEDED entries of Qt 6.11's libraries and of its platform plugins.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Library:
    """A shared library and its package on each family of distributions."""

    file: str
    apt: str
    dnf: str
    pacman: str
    zypper: str


BASE = (
    Library("libEGL.so.1", "libegl1", "libglvnd-egl", "libglvnd", "Mesa-libEGL1"),
    Library("libGL.so.1", "libgl1", "libglvnd-glx", "libglvnd", "Mesa-libGL1"),
    Library("libX11.so.6", "libx11-6", "libX11", "libx11", "libX11-6"),
    Library("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon", "libxkbcommon", "libxkbcommon0"),
    Library("libfontconfig.so.1", "libfontconfig1", "fontconfig", "fontconfig", "libfontconfig1"),
    Library("libfreetype.so.6", "libfreetype6", "freetype", "freetype2", "libfreetype6"),
    Library("libdbus-1.so.3", "libdbus-1-3", "dbus-libs", "dbus", "libdbus-1-3"),
    Library("libglib-2.0.so.0", "libglib2.0-0", "glib2", "glib2", "libglib-2_0-0"),
    Library("libgthread-2.0.so.0", "libglib2.0-0", "glib2", "glib2", "libgthread-2_0-0"),
)

WAYLAND = (
    Library(
        "libwayland-client.so.0",
        "libwayland-client0",
        "libwayland-client",
        "wayland",
        "libwayland-client0",
    ),
    Library(
        "libwayland-cursor.so.0",
        "libwayland-cursor0",
        "libwayland-cursor",
        "wayland",
        "libwayland-cursor0",
    ),
)


def _split_out(file: str, debian: str, util: str) -> Library:
    """Return a library of the xcb-util family, which Fedora and Arch name alike."""
    return Library(file, debian, util, util, debian)


def _of_xcb(file: str, debian: str) -> Library:
    """Return a library that only Debian and SUSE split out of libxcb."""
    return Library(file, debian, "libxcb", "libxcb", debian)


XCB = (
    Library("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb", "libx11", "libX11-xcb1"),
    _split_out("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11"),
    _split_out("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor"),
    _split_out("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm"),
    _split_out("libxcb-image.so.0", "libxcb-image0", "xcb-util-image"),
    _split_out("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms"),
    _split_out("libxcb-render-util.so.0", "libxcb-render-util0", "xcb-util-renderutil"),
    _split_out("libxcb-util.so.1", "libxcb-util1", "xcb-util"),
    _of_xcb("libxcb-glx.so.0", "libxcb-glx0"),
    _of_xcb("libxcb-randr.so.0", "libxcb-randr0"),
    _of_xcb("libxcb-render.so.0", "libxcb-render0"),
    _of_xcb("libxcb-shape.so.0", "libxcb-shape0"),
    _of_xcb("libxcb-shm.so.0", "libxcb-shm0"),
    _of_xcb("libxcb-sync.so.1", "libxcb-sync1"),
    _of_xcb("libxcb-xfixes.so.0", "libxcb-xfixes0"),
    _of_xcb("libxcb-xkb.so.1", "libxcb-xkb1"),
)
