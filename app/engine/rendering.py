"""Fills a model's chat template without loading the model."""

from pathlib import Path

from app.domain.requests import Render
from app.engine.files.config import read_configs
from app.engine.files.folder import find_model
from app.engine.text.template import Renderer
from app.engine.understood import open_template, readable
from app.errors import InvalidRequest


def render(request: Render, renderer: Renderer) -> str:
    """The text that the template makes of the messages.

    Raises:
        ModelNotFound, ModelDamaged: the files cannot be used.
        InvalidRequest: the model has no template, or it refuses what it is given.
    """
    path = Path(request.path)
    with readable(path):
        configs = read_configs(find_model(path, request.variant))
    template = open_template(configs, renderer)
    if template is None:
        raise InvalidRequest("This model has no chat template.")
    if not request.messages:
        raise InvalidRequest("There are no messages.", "Give at least one.")
    return template.fill(template.all_values(request.messages, request.tools, request.variables))
