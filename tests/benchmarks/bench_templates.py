"""What a process of their own costs chat templates, and how long hostile ones take to be stopped.

python -m tests.benchmarks.bench_templates
"""

import time
from collections.abc import Callable
from statistics import median

from app.engine.text import jinja
from app.engine.text.template import ChatTemplate
from app.errors import CandorError
from app.worker.templates.process import TemplateProcess
from tests.engine.templates import TEMPLATES, TOOLS
from tests.worker.hostile import HOSTILE

ROUNDS = 200
TURNS = 101


def main() -> None:
    """Print both."""
    process = TemplateProcess()
    print(f"{'template':12}  {'in process':>10}  {'apart':>10}   ms, of 1 and of {TURNS} turns")
    for name, source in TEMPLATES.items():
        for count in (1, TURNS):
            report(name, source, [turn(place) for place in range(count)], process)
    for name, source in HOSTILE.items():
        began, cores = time.perf_counter(), time.process_time()
        try:
            process.read(source)
            process.fill(source, {"messages": [{"content": "a"}], "tools": None})
        except CandorError as error:
            took = time.perf_counter() - began
            own = time.process_time() - cores
            print(f"{name:26}  {took:5.2f} s ({own:.2f} s here)  {str(error)[:70]}")
    process.close()


def turn(place: int) -> dict[str, str]:
    """One message of a long conversation."""
    return {"role": ("user", "assistant")[place % 2], "content": f"{place} " + "word " * 60}


def report(name: str, source: str, messages: list[dict], process: TemplateProcess) -> None:
    """One line: the median of interleaved fills."""
    template = ChatTemplate(source, {"bos_token": "<s>", "eos_token": "</s>"})
    values = template.all_values(messages, TOOLS, {})
    inside, apart = [], []
    for _ in range(ROUNDS):
        inside.append(timed(lambda: jinja.fill(source, values)))
        apart.append(timed(lambda: process.fill(source, values)))
    print(f"{name:12}  {median(inside) * 1e3:10.3f}  {median(apart) * 1e3:10.3f}")


def timed(work: Callable[[], object]) -> float:
    """Seconds that one call took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
