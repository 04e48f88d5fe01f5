"""A process that stores exchanges until it is killed, and says of each that it is stored.

Run with the file's path. Prints `kept N` for an answer that has ended, `part N LENGTH` for one that
grows; N is its id.
"""

import asyncio
import sys
from pathlib import Path

from app.domain.chats import Node
from app.domain.conversation import TurnState
from app.services.store.chat_file import ChatFile
from app.services.store.store import ChatStore
from tests.services.store.turns import answer, question

LENGTHS = range(0, 60, 20)


async def main() -> None:
    store = ChatStore(ChatFile(Path(sys.argv[1])))
    latest = (await store.open()).latest
    parent = latest.turns[-1].id if latest else None
    while True:
        asked, said = store.new_turn_id(), store.new_turn_id()
        first = Node(question(asked), parent)
        for length in LENGTHS:
            growing = Node(answer(said, length, TurnState.STREAMING), asked)
            await store.keep(1, [first, growing])
            print(f"part {said} {length}", flush=True)  # noqa: T201
        await store.keep(1, [Node(answer(said, LENGTHS.stop), asked)])
        print(f"kept {said} {LENGTHS.stop}", flush=True)  # noqa: T201
        parent = said


if __name__ == "__main__":
    asyncio.run(main())
