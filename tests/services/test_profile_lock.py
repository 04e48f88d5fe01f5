"""One process per profile, whatever becomes of it."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import EnvironmentFault, ProfileInUse
from app.services.profile_lock import ProfileLock

HOLD = """
import sys, time
from pathlib import Path
from app.services.profile_lock import ProfileLock
with ProfileLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_process_is_told_and_a_killed_one_leaves_no_trace(profile: Path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(profile)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(ProfileInUse, match=f"already open, as process {holder.pid}"):
            ProfileLock(profile).__enter__()
        with ProfileLock(profile.with_name("other")):
            holder.kill()
    with ProfileLock(profile):
        assert (profile / "lock").read_text() == str(os.getpid())


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_the_profile_it_makes_is_private(tmp_path: Path):
    profile = tmp_path / "new" / "profile"
    with ProfileLock(profile):
        modes = [stat.S_IMODE(each.stat().st_mode) for each in (profile.parent, profile)]
    assert modes == [0o700, 0o700]


def test_a_profile_that_cannot_be_is_said(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(EnvironmentFault, match="cannot be used"):
        ProfileLock(blocked / "profile").__enter__()
