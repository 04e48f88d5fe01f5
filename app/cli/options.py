"""The options that verbs share, and the domain values they stand for.

Only what was given leaves here: everything else stays the model's own default.
"""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click
from msgspec import structs

from app import paths
from app.cli.types import DeviceChoice, LogitBias, SamplerOrder, TokenIds, sampling_range
from app.domain.best_of import MOST_SAMPLES
from app.domain.drafting import MOST_DRAFT_TOKENS, Drafting, DraftKind
from app.domain.preparation import KvCache, Precision
from app.domain.reasoning import EFFORT_TOKENS, Effort
from app.domain.requests import Load, Provider
from app.domain.sampling import RANGES, SamplingParams
from app.errors import InvalidRequest

DEFAULT_TOP = 5
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
SAMPLING = tuple(name for name in SamplingParams.__struct_fields__ if name in RANGES)

_HELP = {
    "temperature": "0 picks the likeliest token; higher is more varied.",
    "top_k": "Keep the K likeliest tokens; 0 is off.",
    "top_p": "Keep the likeliest tokens that together reach this probability.",
    "min_p": "Drop tokens less likely than this share of the likeliest one.",
    "typical_p": "Keep the tokens of most typical surprise up to this probability.",
    "xtc_probability": "How often XTC drops all likely tokens but the least likely; 0 is off.",
    "xtc_threshold": "From which probability on a token is likely to XTC.",
    "dry_multiplier": "How much DRY lowers a token that goes on repeating; 0 is off.",
    "dry_base": "By what that grows with each further token of the repetition.",
    "dry_allowed_length": "How many tokens may repeat before DRY acts.",
    "dry_range": "How many of the last tokens DRY looks at; 0 is all.",
    "repetition_penalty": "Divide the logits of tokens already seen; 1 is off.",
    "frequency_penalty": "Lower a token's logit for each time it was seen; 0 is off.",
    "presence_penalty": "Lower a token's logit once it was seen; 0 is off.",
    "seed": "Same seed, same machine: same tokens.",
}


def together(*options: Decorator) -> Decorator:
    """All these options as one decorator, listed by --help in their order."""
    return lambda command: reduce(lambda inner, option: option(inner), reversed(options), command)


precision_option = click.option(
    "--precision",
    type=click.Choice([precision.value for precision in Precision]),
    default=Precision.AUTO.value,
    show_default=True,
    help="fast rounds activations to 8 bits, exact keeps the file's numbers; auto is fast where"
    " its measured cost is small.",
)

kv_option = click.option(
    "--kv",
    type=click.Choice([kv.value for kv in KvCache]),
    default=KvCache.MODEL.value,
    show_default=True,
    help="int8 stores keys and values in 8 bits, once `candor models prepare --kv int8` was run.",
)


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --model, --variant, --device, --precision and --kv; `load_command` reads them."""
    return together(
        click.option("--model", metavar="DIR|FILE.onnx", help="A model; the built-in one if none."),
        click.option("--variant", metavar="NAME", help="Which of the model's variants to run."),
        click.option(
            "--device",
            type=DeviceChoice(),
            default=Provider.CPU.value,
            show_default=True,
            help="Where it runs; `candor doctor` lists what there is.",
        ),
        precision_option,
        kv_option,
    )(command)


def sampling_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds an option for every field of `SamplingParams`; `sampling` reads them."""
    numbers = (
        click.option(
            f"--{name.replace('_', '-')}",
            name,
            type=sampling_range(name),
            metavar="NUMBER",
            help=_HELP[name],
        )
        for name in (*SAMPLING[1:], SAMPLING[0])
    )
    bias = click.option(
        "--logit-bias",
        type=LogitBias(),
        multiple=True,
        help="Add VALUE to the logit of token ID; repeatable.",
    )
    breakers = click.option(
        "--dry-breaker",
        multiple=True,
        metavar="TEXT",
        help="A text over which DRY sees no repetition, in place of its usual ones; repeatable.",
    )
    order = click.option(
        "--sampler-order",
        type=SamplerOrder(),
        help="Take these stages in this order, in their usual places among the others.",
    )
    return together(*numbers, bias, breakers, order)(command)


def answer_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --max-tokens and --stop."""
    return together(
        click.option(
            "--max-tokens",
            type=click.IntRange(1, 10**9),
            metavar="N",
            help="Generate at most this many; until the model stops if not given.",
        ),
        click.option(
            "--stop",
            multiple=True,
            metavar="TEXT",
            help="Stop before this text appears in the answer; repeatable.",
        ),
    )(command)


def reasoning_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --reasoning, --reasoning-budget and --reasoning-closing."""
    counts = ", ".join(f"{effort} {count:,}" for effort, count in EFFORT_TOKENS.items())
    return together(
        click.option(
            "--reasoning",
            type=click.Choice([effort.value for effort in Effort]),
            help="How much the model shall think first. Where its template has no such effort, the"
            f" thought has a longest length in tokens: {counts}.",
        ),
        click.option(
            "--reasoning-budget",
            type=click.IntRange(0, 10**9),
            metavar="N",
            help="The most tokens of thought, whatever the effort; 0 answers at once.",
        ),
        click.option(
            "--reasoning-closing",
            metavar="TEXT",
            help="Ends a thought that has used up its tokens; a sentence, or nothing.",
        ),
    )(command)


best_of_option = click.option(
    "--best-of",
    type=click.IntRange(1, MOST_SAMPLES),
    default=1,
    metavar="N",
    help="Have N answers written at once, and give the one that most of them come to.",
)


def draft_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --draft and --draft-tokens; `drafting` reads them."""
    return together(
        click.option(
            "--draft",
            default=DraftKind.OFF.value,
            show_default=True,
            metavar="auto|lookup|off|DIR",
            help="Check several drafted tokens in one run: by the draft model in DIR, by lookup in"
            " the text so far, or auto, which takes the model beside it named NAME-draft. Same"
            " tokens, other speed.",
        ),
        click.option(
            "--draft-tokens",
            type=click.IntRange(1, MOST_DRAFT_TOKENS),
            metavar="N",
            help="Draft exactly so many at a time and never switch off; adapted if not given.",
        ),
    )(command)


def drafting(options: dict[str, Any]) -> Drafting:
    """How to draft, as --draft and --draft-tokens say.

    Raises:
        click.UsageError: a length is given for no drafts.
    """
    asked, tokens = options["draft"], options["draft_tokens"]
    if asked == DraftKind.OFF and tokens is not None:
        raise click.UsageError("--draft-tokens needs --draft.")
    if asked in (DraftKind.OFF, DraftKind.AUTO, DraftKind.LOOKUP):
        return Drafting(kind=DraftKind(asked), tokens=tokens)
    return Drafting(kind=DraftKind.MODEL, path=str(Path(asked).absolute()), tokens=tokens)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --top-logprobs and --json."""
    return together(
        click.option(
            "--top-logprobs",
            type=click.IntRange(0, 100),
            metavar="K",
            help="List each token with its K likeliest candidates (5 with --json).",
        ),
        json_option,
    )(command)


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object and nothing else."
)
ids_option = click.option(
    "--ids", type=TokenIds(), help="Token ids instead of text; needs no tokenizer."
)


def load_command(options: dict[str, Any]) -> Load:
    """The command that opens the chosen model, by its full path: the worker lives elsewhere."""
    model = options["model"]
    path = paths.built_in_model() if model is None else Path(model).absolute()
    provider, device = options["device"]
    precision = Precision(options["precision"])
    kv = KvCache(options["kv"])
    return Load(str(path), options["variant"], provider, device, precision=precision, kv=kv)


def sampling(defaults: SamplingParams, given: dict[str, Any]) -> SamplingParams:
    """The model's defaults, overridden by the options that were given.

    Raises:
        InvalidRequest: a value lies outside its range, or a token is biased twice.
    """
    chosen = {name: given[name] for name in SAMPLING if given[name] is not None}
    if biases := given["logit_bias"]:
        chosen["logit_bias"] = dict(biases)
        if len(chosen["logit_bias"]) < len(biases):
            raise InvalidRequest("--logit-bias names one token twice.")
    if given["dry_breaker"]:
        chosen["dry_sequence_breakers"] = given["dry_breaker"]
    if given["sampler_order"] is not None:
        chosen["order"] = given["sampler_order"]
    return structs.replace(defaults, **chosen)
