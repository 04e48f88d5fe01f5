"""What the tree of versions reads of a chat: no rows of tokens but those that it compares."""

import asyncio

import apsw
from msgspec.structs import replace
from PySide6.QtWidgets import QApplication

from app import paths
from app.domain.branches import joint_logprob
from app.domain.chats import Node
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.store.chat_file import ChatFile
from app.services.store.store import ChatStore
from app.ui.viewmodels.branches import BranchesModel, BranchRow
from app.ui.viewmodels.wording import token_text
from tests.services.store.turns import answer, question


def two_ways() -> list[Node]:
    """Two answers to a question, each with a question and an only answer below it."""
    links = {1: None, 2: 1, 3: 2, 4: 3, 5: 1, 6: 5, 7: 6}
    questions = (1, 3, 6)
    return [
        Node(question(id) if id in questions else answer(id, id), parent)
        for id, parent in links.items()
    ]


def listed(file: ChatFile) -> dict[int, BranchRow]:
    """The rows, the chat being open at its last message."""

    async def main() -> dict[int, BranchRow]:
        host, store = EngineHost(), ChatStore(file)
        opened = await store.open()
        assert opened.latest
        conversation = Conversation(host, store)
        await conversation.open(opened.latest)
        errors: list[BaseException] = []
        model = BranchesModel(conversation, store, errors.append)
        told: asyncio.Future[list[BranchRow]] = asyncio.get_running_loop().create_future()
        model.listed.connect(told.set_result)
        model.refresh()
        rows = await asyncio.wait_for(told, 20)
        await model.close()
        await store.close()
        assert not errors
        return {row.turn.id: row for row in rows}

    return asyncio.run(main())


def test_tokens_are_read_only_of_versions_that_are_not_in_the_chat(qapp: QApplication):
    file = ChatFile(paths.chats())
    file.open()
    nodes = {node.turn.id: node for node in two_ways()}
    file.keep(1, list(nodes.values()))
    file.close()
    connection = apsw.Connection(str(paths.chats()))
    connection.execute("UPDATE token_rows SET rows = x'00' WHERE message = 4")
    connection.close()
    rows = listed(ChatFile(paths.chats()))
    assert [row.parent for row in rows.values()] == [node.parent for node in nodes.values()]
    assert rows[4].turn == replace(nodes[4].turn, tokens=())  # no damage was met
    assert [rows[id].logprob for id in (1, 4, 7)] == [None] * 3
    old, new = nodes[2].turn, nodes[5].turn
    assert (rows[2].turn, rows[2].shown, rows[5].turn, rows[5].shown) == (old, False, new, True)
    assert (rows[5].twin, rows[5].took) == (old, f"{token_text(new.tokens[2])} at 3")
    assert [rows[id].logprob for id in (2, 5)] == [
        joint_logprob(each.tokens) for each in (old, new)
    ]
