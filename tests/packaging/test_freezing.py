"""What the frozen program is made of, as far as it shows without freezing it.

The whole proof is `packaging/dev.py build --check`, which takes minutes.
"""

from pathlib import Path

import pytest
from devenv import commands, proof, trim
from devenv.errors import SetupError
from devenv.freeze import missing_libraries

XCB_PLUGIN = ("PySide6/Qt/plugins/platforms/libqxcb.so", "/qt/libqxcb.so", "BINARY")
GTK_PLUGIN = ("PySide6/Qt/plugins/platformthemes/libqgtk3.so", "/qt/libqgtk3.so", "BINARY")
XCB = ("libxcb-cursor.so.0", "/lib/libxcb-cursor.so.0", "BINARY")
GTK = ("libgtk-3.so.0", "/lib/libgtk-3.so.0", "BINARY")
PANGO = ("libpango-1.0.so.0", "/lib/libpango-1.0.so.0", "BINARY")
QT_XCB = ("PySide6/Qt/lib/libQt6XcbQpa.so.6", "/qt/lib/libQt6XcbQpa.so.6", "BINARY")
QT_EGL = ("PySide6/Qt/lib/libQt6EglFS.so.6", "/qt/lib/libQt6EglFS.so.6", "BINARY")
NUMPY = ("numpy/core.so", "/numpy/core.so", "EXTENSION")
BLAS = ("numpy.libs/libblas.so", "/numpy.libs/libblas.so", "BINARY")
PYTHON = ("libpython3.11.so.1.0", "/python/libpython3.11.so.1.0", "BINARY")
LINKS = {
    XCB_PLUGIN: [QT_XCB],
    QT_XCB: [XCB],
    GTK_PLUGIN: [GTK, PANGO],
    GTK: [PANGO, XCB],
    NUMPY: [BLAS],
}


def imports(file: str) -> list[tuple[str, str | None]]:
    (rows,) = [rows for row, rows in LINKS.items() if row[1] == file] or [[]]
    return [(Path(row[1]).name, row[1]) for row in rows]


def test_an_unwanted_plugin_goes_with_the_libraries_that_only_it_needs() -> None:
    rows = [XCB_PLUGIN, GTK_PLUGIN, XCB, GTK, PANGO, QT_XCB, QT_EGL, NUMPY, BLAS, PYTHON]
    kept = [XCB_PLUGIN, XCB, QT_XCB, NUMPY, BLAS, PYTHON]
    assert trim.trim_binaries(rows, imports) == kept


def test_translations_and_links_to_nothing_go() -> None:
    style = ("resources/style.qss", "/checkout/resources/style.qss", "DATA")
    words = ("PySide6/Qt/translations/qt_de.qm", "/qt/translations/qt_de.qm", "DATA")
    there = ("libQt6XcbQpa.so.6", "PySide6/Qt/lib/libQt6XcbQpa.so.6", "SYMLINK")
    gone = ("libQt6EglFS.so.6", "PySide6/Qt/lib/libQt6EglFS.so.6", "SYMLINK")
    assert trim.trim_data([style, words, there, gone], [QT_XCB]) == [style, there]


def test_a_library_that_a_kept_file_lacks_is_named(tmp_path: Path) -> None:
    (tmp_path / "libqxcb.so").touch()
    line = "1 WARNING: Library not found: could not resolve '{}', dependency of '/qt/{}'.\n"
    output = line.format("libxcb-cursor.so.0", "libqxcb.so") + line.format("libpq.so", "libsql.so")
    assert missing_libraries(output, tmp_path) == ["libxcb-cursor.so.0"]


def test_a_bundle_too_big_or_with_foreign_modules_is_refused() -> None:
    assert "250 MB" in proof.require_size(250 * 10**6)
    with pytest.raises(SetupError, match="301 MB"):
        proof.require_size(301 * 10**6)
    assert proof.require_no_forbidden({"app", "numpy"})
    with pytest.raises(SetupError, match="pytest, torch"):
        proof.require_no_forbidden({"app", "torch", "pytest"})


def test_a_trace_in_the_home_folder_is_refused(tmp_path: Path) -> None:
    log = tmp_path / ".local" / "share" / "candor" / "logs" / "terminal.log"
    log.parent.mkdir(parents=True)
    log.touch()
    assert proof.require_only_ours(tmp_path)
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "deviceid").touch()
    with pytest.raises(SetupError, match="deviceid"):
        proof.require_only_ours(tmp_path)


def test_the_proof_hides_what_keeps_telemetry_quiet(tmp_path: Path) -> None:
    machine = {"CI": "1", "ORT_DISABLE_TELEMETRY": "1", "PATH": "/bin", "HOME": "/root"}
    bare = proof.bare_environment(machine, tmp_path)
    assert (bare["PATH"], bare["HOME"]) == ("/bin", str(tmp_path))
    assert not {"CI", "ORT_DISABLE_TELEMETRY"} & set(bare)


def test_an_unknown_argument_of_build_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["build", "--fast"]) == 1
    assert capsys.readouterr().err == "build takes --check, or nothing.\n"
