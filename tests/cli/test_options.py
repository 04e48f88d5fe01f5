"""Options become domain values: what was given overrides the model's defaults, nothing else."""

from typing import Any

import click
import pytest
from msgspec import structs

from app.cli.options import load_command, model_options, sampling, sampling_options
from app.domain.requests import Load, Provider
from app.domain.sampling import RANGES, SamplingParams
from app.errors import InvalidRequest
from app.paths import built_in_model

DEFAULTS = SamplingParams(temperature=0.6, top_p=0.95, top_k=20)
GIVEN = {
    "temperature": 1.5, "top_k": 3, "top_p": 0.5, "min_p": 0.1, "typical_p": 0.9,
    "xtc_probability": 0.5, "xtc_threshold": 0.2, "dry_multiplier": 0.8, "dry_base": 1.5,
    "dry_allowed_length": 3, "dry_range": 100, "repetition_penalty": 1.2,
    "frequency_penalty": -0.5, "presence_penalty": 0.5,
    "seed": 2**63 - 1,
}  # fmt: skip


def parsed(arguments: list[str]) -> dict[str, Any]:
    """The values that click hands to a verb."""

    @click.command()
    @sampling_options
    @model_options
    def verb(**options: Any) -> dict[str, Any]:
        return options

    with verb.make_context("verb", arguments) as context:
        return context.params


def option(name: str, value: object) -> str:
    return f"--{name.replace('_', '-')}={value}"


def test_nothing_given_leaves_the_models_defaults() -> None:
    assert sampling(DEFAULTS, parsed([])) == DEFAULTS


def test_every_parameter_has_an_option() -> None:
    assert set(GIVEN) == set(RANGES)
    others = {"logit_bias", "dry_sequence_breakers", "order"}
    assert {*GIVEN, *others} == set(SamplingParams.__struct_fields__)


@pytest.mark.parametrize(("name", "value"), GIVEN.items())
def test_an_option_sets_its_parameter_and_no_other(name: str, value: float) -> None:
    chosen = sampling(DEFAULTS, parsed([option(name, value)]))
    assert chosen == structs.replace(DEFAULTS, **{name: value})


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("value", ["nan", "inf", "x", "-1e30", "1e30"])
def test_a_value_out_of_range_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        parsed([option(name, value)])
    assert option(name, "")[:-1] in refused.value.format_message()


def test_biases_add_up_to_a_table() -> None:
    options = parsed(["--logit-bias", "5=-2.5", "--logit-bias", " 7 = 1e2"])
    assert sampling(DEFAULTS, options).logit_bias == {5: -2.5, 7: 100.0}


def test_named_stages_change_places_and_the_others_stay() -> None:
    usual = SamplingParams().order
    swapped = sampling(DEFAULTS, parsed(["--sampler-order", "xtc, Top-K,penalties"])).order
    names = {"xtc", "top_k", "penalties"}
    assert [stage for stage in swapped if stage in names] == ["xtc", "top_k", "penalties"]
    assert [stage not in names for stage in swapped] == [stage not in names for stage in usual]
    for wrong in ("top_k,top_k", "top_q", ""):
        with pytest.raises(click.BadParameter, match="name each once"):
            parsed(["--sampler-order", wrong])


def test_sequence_breakers_take_the_place_of_the_usual_ones() -> None:
    options = parsed(["--dry-breaker", "\n", "--dry-breaker", ";"])
    assert sampling(DEFAULTS, options).dry_sequence_breakers == ("\n", ";")
    assert sampling(DEFAULTS, parsed([])).dry_sequence_breakers == DEFAULTS.dry_sequence_breakers


def test_a_token_biased_twice_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="twice"):
        sampling(DEFAULTS, parsed(["--logit-bias", "5=1", "--logit-bias", "5=2"]))


def test_a_model_is_named_by_its_full_path(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = parsed(["--model", "some/model.onnx", "--variant", "q4", "--device", "cuda:1"])
    assert load_command(options) == Load(str(tmp_path / "some/model.onnx"), "q4", Provider.CUDA, 1)
    assert load_command(parsed([])) == Load(str(built_in_model()))
