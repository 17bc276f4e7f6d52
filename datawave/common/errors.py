"""The base of every error that a person or a client may see."""

from __future__ import annotations

import re
from typing import Any, ClassVar


class DataWaveError(Exception):
    """Something went wrong."""

    # HTTP status of the answer, and whether trying the same again makes sense.
    status: ClassVar[int] = 400
    retry: ClassVar[bool] = False
    code: str = "error"
    # Seconds until it makes sense; 0 where nobody knows.
    retry_after: int = 0

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """An error's code is its name in snake case, unless it says otherwise."""
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, message: str = "", *, field: str = "", hint: str = "") -> None:
        self.message = message or " ".join((self.__doc__ or "").split())
        self.field = field
        self.hint = hint
        # Field -> message; more than one where a whole form was checked.
        self.problems = {field: self.message} if field else {}
        super().__init__(self.message)


class PermissionMissing(DataWaveError):
    """Your role does not allow this."""

    status = 403


class NotThere(DataWaveError):
    """There is no such thing, or you may not see it."""

    status = 404


class InputInvalid(DataWaveError):
    """A field has a value that can't be used."""

    status = 422
