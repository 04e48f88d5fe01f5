"""Kills busy windows and their workers at moments drawn by seed, and looks at what is left.

.venv/bin/python -m tests.ui.kills [SEEDS]
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app.services.store.chat_file import ChatFile
from tests.ui.busy import digest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-P", "-m", "tests.ui.busy"]
SEEDS = 20
MOST_MESSAGES = 5
MOMENT_S = 0.5


def survived(seed: int, profile: Path) -> int:
    """How many ended messages a window had shown before its kill; all of them are in the file."""
    chance = random.Random(seed)
    told = shown_until_killed(chance, profile)
    file = ChatFile(profile / "chats.db")
    assert file.open() is None, "the file is damaged"
    stored = {turn.id: digest(turn) for turn in file.turns(list(told))}
    file.close()
    assert stored == told
    return len(told)


def shown_until_killed(chance: random.Random, profile: Path) -> dict[int, str]:
    """By id, what ended messages said; sometimes the worker is killed before the window."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "CANDOR_HOME": str(profile)}
    environment |= {"QT_QPA_PLATFORM": "offscreen", "ORT_DISABLE_TELEMETRY": "1"}
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, env=environment) as window:
        assert window.stdout
        worker = int(window.stdout.readline().split()[1])
        lines: list[bytes] = []
        for kill in (lambda: os.kill(worker, signal.SIGKILL), window.kill):
            if kill == window.kill or chance.random() < 0.5:
                lines += [window.stdout.readline() for _ in range(chance.randrange(MOST_MESSAGES))]
                time.sleep(chance.choice((0, chance.uniform(0, MOMENT_S))))
                kill()
        lines += window.stdout.readlines()
    fields = [line.split() for line in lines if line.endswith(b"\n")]
    return {int(id): said.decode() for id, said in fields}


def main() -> None:
    for seed in range(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS):
        with tempfile.TemporaryDirectory() as profile:
            print(f"seed {seed}: {survived(seed, Path(profile))} messages, all there")  # noqa: T201


if __name__ == "__main__":
    main()
