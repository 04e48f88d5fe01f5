"""The developer's one command: `python3 packaging/dev.py run` or `test`.

Takes the command line, makes `.venv` what the lock file says, and hands over to the program
or to pytest. This file must load in any Python, however old, to say which one is needed.
"""

import sys

OLDEST = (3, 11)
NEWEST = (3, 14)


def wrong_python(version):
    """Return the sentence for a Python that cannot run Candor, or None when it can."""
    if OLDEST <= tuple(version[:2]) <= NEWEST:
        return None
    names = [".".join(str(part) for part in pair[:2]) for pair in (OLDEST, NEWEST, version)]
    return "Candor needs Python " + names[0] + " to " + names[1] + "; this is " + names[2] + "."


def main():
    """Check the Python, then do what the command line asks for."""
    problem = wrong_python(sys.version_info)
    if problem:
        sys.stderr.write(problem + "\n")
        return 1
    from devenv.commands import main as command

    return command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
