"""The peers' own environments: one virtual environment each, with pinned packages, made once.

Whatever index the person's pip is set up with is the one used.
"""

import os
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path

_WINDOWS = os.name == "nt"


@dataclass(frozen=True)
class Environment:
    """Packages to be installed in these steps, with `variables` set while they are built."""

    name: str
    steps: tuple[tuple[str, ...], ...]
    variables: dict[str, str] = field(default_factory=dict)


# A plain range for PyTorch may bring gigabytes of CUDA along, so it is pinned and comes first.
_TORCH = ("torch==2.13.0",)
ENVIRONMENTS = {
    each.name: each
    for each in (
        Environment("genai", (("onnxruntime-genai==0.18.0", "onnxruntime==1.32.0"),)),
        Environment(
            "llama",
            (("llama-cpp-python==0.3.36", "gguf==0.17.1"),),
            {
                "CMAKE_ARGS": "-DGGML_NATIVE=ON -DLLAVA_BUILD=OFF -DLLAMA_OPENSSL=OFF",
                "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 1),
            },
        ),
        Environment(
            "optimum",
            (_TORCH, ("optimum-onnx==0.1.0", "transformers==4.57.6", "onnxruntime==1.32.0")),
        ),
        Environment("transformers", (_TORCH, ("transformers==5.23.0",))),
    )
}


def python(folder: Path, name: str) -> Path:
    """The interpreter of the environment `name` under `folder`, which is made if it is missing.

    Raises:
        CalledProcessError: pip could not install it; its words are in the log beside it.
    """
    wanted = ENVIRONMENTS[name]
    home = folder / name
    interpreter = home / ("Scripts/python.exe" if _WINDOWS else "bin/python")
    stamp = home / "installed.txt"
    text = "\n".join(" ".join(step) for step in wanted.steps)
    if stamp.exists() and stamp.read_text() == text:
        return interpreter
    print(f"Making the environment of {name}; this takes a while", file=sys.stderr)
    venv.create(home, with_pip=True, clear=True)
    with (folder / f"{name}.log").open("wb") as log:
        for step in wanted.steps:
            command = [str(interpreter), "-m", "pip", "install", *step]
            variables = {**os.environ, **wanted.variables}
            subprocess.run(command, check=True, stdout=log, stderr=log, env=variables)
    stamp.write_text(text)
    return interpreter
