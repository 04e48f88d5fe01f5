"""Asking for a file or a folder, without stopping anything else meanwhile."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QComboBox, QFileDialog, QWidget

EXPORTS = {
    "Everything, to be imported again (*.json)": "json",
    "A page for any browser (*.html)": "html",
    "A table with a row for each token (*.csv)": "csv",
}
TABLES = {key: end for key, end in EXPORTS.items() if end != "html"}

OnPath = Callable[[Path], object]


def ask_where_to_export(
    parent: QWidget, title: str, name: str, kinds: dict[str, str], on_path: OnPath
) -> None:
    """Ask for a new file; the chosen kind ends its name where that has no end."""
    dialog = QFileDialog(parent, title, str(Path.home() / _file_name(name)))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(list(kinds))
    dialog.setDefaultSuffix(next(iter(kinds.values())))
    dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(kinds[chosen]))
    _open(dialog, on_path)


def ask_for_file(parent: QWidget, title: str, filters: list[str], on_path: OnPath) -> None:
    """Ask for a file that is there."""
    dialog = QFileDialog(parent, title, str(Path.home()))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(filters)
    _open(dialog, on_path)


def ask_for_folder(parent: QWidget, title: str, on_path: Callable[[str], object]) -> None:
    """Ask for a folder that is there."""
    dialog = QFileDialog(parent, title, str(Path.home()))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    _open(dialog, lambda chosen: on_path(str(chosen)))


def _open(dialog: QFileDialog, on_path: OnPath) -> None:
    dialog.fileSelected.connect(lambda chosen: on_path(Path(chosen)))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    for choice in dialog.findChildren(QComboBox):  # none where the system has its own dialog
        choice.view().setAccessibleName("Choices")


def _file_name(title: str) -> str:
    """A title as a name that every system takes."""
    kept = "".join(sign if sign.isalnum() or sign in " -_" else " " for sign in title)
    return " ".join(kept.split())[:60].strip() or "chat"
