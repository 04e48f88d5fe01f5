"""The rules the code keeps, checked by the tools that know them and by reading the source."""

import ast
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "app"
LONGEST_FILE = 300
LONGEST_FUNCTION = 60
DEEPEST_PACKAGE = 3
NETWORK_MODULES = {"urllib.request", "http.client", "ftplib", "smtplib"}
MODAL_CLASSES = {"QMessageBox", "QFileDialog", "QInputDialog", "QColorDialog", "QFontDialog"}
QASYNC_TRAPS = {"asyncSlot", "asyncClose", "processEvents"}
NARROW_SIGNALS = {"int", "dict", "list"}


def sources(*folders: str) -> list[Path]:
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert paths, f"no source under {folders}"
    return [path for path in paths if not path.name.startswith(".")]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def offenders(paths: list[Path], offends: Callable[[ast.AST], bool]) -> list[str]:
    """Where `offends` is true of a syntax node, as clickable `file:line`."""
    return [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"
        for path in paths
        for node in ast.walk(tree(path))
        if offends(node)
    ]


def imported(node: ast.AST) -> Iterator[str]:
    """Every name an import statement may load, `package.module` included."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def called(node: ast.AST) -> str:
    """The last name of what is called: `exec` for `dialog.exec()`."""
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def tool(*command: str) -> None:
    """Run a tool of this environment in the root; its output is the failure."""
    program = shutil.which(command[0], path=sysconfig.get_path("scripts"))
    assert program, f"{command[0]} is not installed"
    done = subprocess.run(
        [program, *command[1:]], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def test_imports_follow_the_contracts() -> None:
    tool("lint-imports", "--no-cache")


def test_ruff_finds_nothing() -> None:
    tool("ruff", "check", "--no-cache", "--output-format", "concise")


def test_the_format_is_ruffs() -> None:
    tool("ruff", "format", "--check", "--no-cache", "--output-format", "concise")


@pytest.mark.timeout(300)
def test_types_fit() -> None:
    tool("pyright")


def test_files_are_small() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources("app")}
    assert not [
        f"{path.relative_to(ROOT)}: {size} lines"
        for path, size in sizes.items()
        if size > LONGEST_FILE
    ]


def test_functions_are_short() -> None:
    def too_long(node: ast.AST) -> bool:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return False
        return (node.end_lineno or node.lineno) - node.lineno >= LONGEST_FUNCTION

    assert not offenders(sources("app"), too_long)


def test_packages_are_shallow() -> None:
    folders = {path.parent.relative_to(ROOT) for path in sources("app")}
    assert not [str(folder) for folder in folders if len(folder.parts) > DEEPEST_PACKAGE]


def test_every_module_says_what_it_is_for() -> None:
    modules = sources("app", "packaging", "tests")
    assert not [
        str(path.relative_to(ROOT))
        for path in modules
        if path.stat().st_size and not ast.get_docstring(tree(path))
    ]


def test_packaging_is_no_package() -> None:
    assert not (ROOT / "packaging" / "__init__.py").exists()


def test_there_are_no_star_imports_and_no_global_statements() -> None:
    def offends(node: ast.AST) -> bool:
        star = isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
        return star or isinstance(node, ast.Global)

    assert not offenders(sources("app"), offends)


def test_nothing_nests_an_event_loop() -> None:
    def offends(node: ast.AST) -> bool:
        names = {getattr(node, "id", ""), getattr(node, "attr", "")}
        return bool(names & QASYNC_TRAPS) or called(node) in {"exec", "exec_"} or is_modal(node)

    assert not offenders(sources("app"), offends)


def is_modal(node: ast.AST) -> bool:
    """Whether this calls a ready-made dialog such as `QMessageBox.critical`, which blocks."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    owner = getattr(node.func.value, "id", "")
    return owner in MODAL_CLASSES and node.func.attr[0].islower()


def test_the_window_never_sleeps() -> None:
    assert not offenders(sources("app/ui"), lambda node: is_sleep(node))


def is_sleep(node: ast.AST) -> bool:
    if "time.sleep" in imported(node):
        return True
    return called(node) == "sleep" and getattr(called_on(node), "id", "") == "time"


def called_on(node: ast.AST) -> ast.AST | None:
    return getattr(getattr(node, "func", None), "value", None)


def test_signals_carry_whole_values() -> None:
    """Qt narrows an int to 32 bits and may empty a dict on the way; `object` passes as it is."""

    def offends(node: ast.AST) -> bool:
        if called(node) != "Signal":
            return False
        assert isinstance(node, ast.Call)
        return any(getattr(argument, "id", "") in NARROW_SIGNALS for argument in node.args)

    assert not offenders(sources("app/ui"), offends)


def test_only_the_downloader_has_network_modules() -> None:
    inside = [path for path in sources("app") if APP / "downloader" not in path.parents]
    assert not offenders(inside, lambda node: bool(NETWORK_MODULES & set(imported(node))))
