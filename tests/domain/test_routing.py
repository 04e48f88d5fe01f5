"""Where a question begins on the ladder, whether an answer stands, and the reason for each."""

import math

import pytest

from app.domain.routing import Routing, Rule, Step, continued, first_step, judge, script
from app.domain.tokens import Channel, Source, TokenRecord
from app.errors import InvalidRequest

LADDER = Routing().ladder


def token(probability: float, channel: Channel = Channel.ANSWER) -> TokenRecord:
    logprob = math.log(probability)
    return TokenRecord(1, b"a", 0, 1, logprob, None, 1, 0.0, (), 0.0, channel, Source.SAMPLED)


def test_without_a_rule_that_applies_the_first_step_is_tried() -> None:
    rules = [Rule("thoughtful", longer_than=100), Rule("thoughtful", matches="[0-9]")]
    assert first_step(LADDER, rules, "Hello")[0] == 0


@pytest.mark.parametrize(
    ("rule", "question", "reason"),
    [
        (Rule("thoughtful", longer_than=3), "Hello", "longer than 3 characters"),
        (Rule("thoughtful", matches="PRIME"), "Is 7 prime?", "matches 'PRIME'"),
        (Rule("thoughtful", script="cyrillic"), "Как дела, Bob?", "cyrillic letters"),
        (Rule("thoughtful", tools=True), "Hello", "there are tools"),
        (Rule("thoughtful", longer_than=3, matches="l+"), "Hello", "and the question matches"),
    ],
)
def test_a_rule_that_applies_names_the_step_and_the_reason(
    rule: Rule, question: str, reason: str
) -> None:
    place, decision = first_step(LADDER, [rule], question, tools=True)
    assert (place, decision.step) == (1, "thoughtful")
    assert reason in decision.reason


def test_all_of_a_rule_must_hold() -> None:
    assert first_step(LADDER, [Rule("thoughtful", longer_than=3, matches="x")], "Hello")[0] == 0
    assert first_step(LADDER, [Rule("thoughtful", tools=True)], "Hello")[0] == 0


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (Rule("deep", matches="a"), 'names the step "deep"; there are quick, thoughtful.'),
        (Rule("large", matches="a"), 'names the step "large"'),
        (Rule("quick", matches="("), "is no regular expression: missing"),
        (Rule("quick"), "says nothing of the question"),
        (Rule("quick", script="martian"), 'no script called "martian"'),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule: Rule, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        first_step(LADDER, [rule], "a")
    with pytest.raises(InvalidRequest, match=sentence):
        Routing(rules=(rule,)).check()


def test_a_larger_model_is_the_last_step_and_rules_may_begin_there() -> None:
    routing = Routing(rules=(Rule("large", script="Greek"),), small="/s", large="/l")
    routing.check()
    assert [step.model for step in routing.ladder] == ["/s", "/s", "/l"]
    assert first_step(routing.ladder, routing.rules, "Γεια")[0] == 2


def test_an_answer_that_goes_on_from_a_chosen_token_is_kept() -> None:
    decision = continued(Step("quick"), [token(0.9), token(0.2)])
    assert (decision.kept, round(decision.certainty or 0, 3)) == (True, 0.2)
    assert "that you chose; after it, its least likely token had 0.20" in decision.reason


def test_an_answer_stands_by_its_least_likely_token() -> None:
    step = Step("quick")
    sure = [token(0.99), token(0.01, Channel.REASONING), token(0.9)]
    assert judge(step, sure, 0.9 - 1e-9, last=False).kept is True
    assert judge(step, sure, 0.95, last=False).kept is False
    assert judge(step, sure, 0.95, last=True).kept is True
    assert judge(step, [], 0.5, last=False).kept is False


def test_the_script_is_that_of_most_letters() -> None:
    assert [script(text) for text in ("abc д", "12!", "漢字かな漢")] == ["latin", "", "cjk"]
