"""What a person should know and can dismiss."""

from msgspec import Struct


class Notice(Struct, frozen=True):
    """A sentence and a next step, which may be to try again or to use the CPU instead."""

    message: str
    hint: str
    can_retry: bool = False
    offers_cpu: bool = False
