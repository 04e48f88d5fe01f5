"""`candor models`: what can be done with model folders besides running them."""

import click

from app.cli.models_inspect import inspect
from app.cli.models_prepare import prepare
from app.cli.models_prepared import prepared
from app.cli.models_render import render


@click.group(commands=[inspect, prepare, prepared, render])
def models() -> None:
    """Look into model folders, and make them run faster."""
