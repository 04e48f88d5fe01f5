"""`candor models`: what can be done with model folders besides running them."""

import click

from app.cli.models_inspect import inspect


@click.group(commands=[inspect])
def models() -> None:
    """Look into model folders."""
