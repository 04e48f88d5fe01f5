"""What Qt writes down by itself."""

from pathlib import Path

import shiboken6
from PySide6.QtWidgets import QApplication, QFileDialog


def test_the_folders_of_file_dialogs_are_noted_in_the_profile_only(
    qapp: QApplication, profile: Path, tmp_path: Path
) -> None:
    dialog = QFileDialog(None, "Open", str(tmp_path))
    dialog.show()
    dialog.close()
    shiboken6.delete(dialog)
    notes = (profile / "QtProject.conf").read_text(encoding="utf-8")
    assert tmp_path.name in notes
