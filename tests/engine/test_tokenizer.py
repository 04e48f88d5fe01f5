"""Text to ids and back to exact bytes, on small tokenizers trained here."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as NativeTokenizer

from app.engine.text.tokenizer import Tokenizer
from app.errors import ContextExceeded, InvalidRequest, ModelDamaged, ModelUnsupported
from tests.engine.vocabularies import byte_level, sentencepiece


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return Tokenizer(byte_level(tmp_path_factory.mktemp("bytes") / "tokenizer.json"))


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return Tokenizer(sentencepiece(tmp_path_factory.mktemp("pieces") / "tokenizer.json"))


TEXTS = st.text(st.characters(exclude_categories=("Cs",)))


@given(text=TEXTS)
def test_the_bytes_of_the_tokens_are_the_bytes_of_the_text(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text, add_special=False)
    assert b"".join(map(tokenizer.token_bytes, ids)) == text.encode()
    assert tokenizer.decode(ids) == text


@given(text=TEXTS.filter(lambda text: "\u2581" not in text))
def test_sentencepiece_bytes_are_those_of_the_text_after_a_space(
    pieces: Tokenizer, text: str
) -> None:
    ids = pieces.encode(text, add_special=False)
    expected = f" {text}".encode() if text else b""
    assert b"".join(map(pieces.token_bytes, ids)) == expected


def test_a_token_may_hold_part_of_a_character(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("🙂", add_special=False)
    assert [tokenizer.token_bytes(id) for id in ids] == [b"\xf0", b"\x9f", b"\x99", b"\x82"]


def test_control_tokens_have_no_bytes_and_markers_have_their_text(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("<|im_start|><think>a</think><|im_end|>", add_special=False)
    assert [tokenizer.token_bytes(id) for id in ids] == [b"", b"<think>", b"a", b"</think>", b""]
    assert [tokenizer.is_special(id) for id in ids] == [True, False, False, False, True]


def test_ids_past_the_end_have_no_bytes(tokenizer: Tokenizer) -> None:
    assert tokenizer.vocabulary_size == 404
    assert tokenizer.token_bytes(404) == b""
    assert tokenizer.token_bytes(10**9) == b""
    assert not tokenizer.is_special(404)


def test_tokens_are_found_by_their_written_form(tokenizer: Tokenizer) -> None:
    assert tokenizer.id_of("<|im_end|>") == 2
    assert tokenizer.id_of("no such token") is None


def test_truncation_and_padding_in_the_file_are_ignored(tmp_path: Path) -> None:
    path = byte_level(tmp_path / "tokenizer.json")
    native = NativeTokenizer.from_file(str(path))
    native.enable_truncation(4)
    native.enable_padding(length=32)
    native.save(str(path))
    text = "a long text of many tokens"
    tokenizer = Tokenizer(path)
    assert tokenizer.decode(tokenizer.encode(text, add_special=False)) == text


def test_a_limit_counts_tokens(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("0123456789", add_special=False, limit=10)
    assert len(ids) == 10
    with pytest.raises(ContextExceeded, match="needs 11 tokens; this model holds 10"):
        tokenizer.encode("01234567890", add_special=False, limit=10)


def test_a_text_that_cannot_fit_is_refused_unread(tokenizer: Tokenizer) -> None:
    text = "x" * 50_000_000
    start = time.process_time()
    with pytest.raises(ContextExceeded, match="50,000,000 characters; this model holds 2,048"):
        tokenizer.encode(text, add_special=False, limit=2048)
    assert time.process_time() - start < 0.5


def test_a_lone_surrogate_is_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(InvalidRequest, match="not valid Unicode"):
        tokenizer.encode("a\ud800b", add_special=False)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "tokenizer.json is empty"),
        ("{", "tokenizer.json is not valid JSON"),
        ("[]", "does not hold a JSON object"),
        ('{"model": {"type": "none"}}', "tokenizer.json cannot be read"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(ModelDamaged, match=sentence):
        Tokenizer(path)


def test_a_decoder_without_a_rule_is_named(tmp_path: Path) -> None:
    path = byte_level(tmp_path / "tokenizer.json")
    description = json.loads(path.read_text())
    description["decoder"] = {"type": "WordPiece", "prefix": "##", "cleanup": True}
    path.write_text(json.dumps(description))
    with pytest.raises(ModelUnsupported, match="decoder: WordPiece"):
        Tokenizer(path)
