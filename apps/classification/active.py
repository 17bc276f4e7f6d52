"""The judge that is in force: opened when its version is first asked for, and then held."""

from __future__ import annotations

import logging
import threading
from typing import Final

from .in_force import list_told, load_thresholds
from .judge import Judge
from .model.opening import ShippedJudge
from .model.store import ModelRefused, load_model
from .model_files import place_file, read_parts
from .models import Lesson, StoredModel
from .taxonomy import SHIPPED as SHIPPED_WORDS
from .taxonomy import in_force
from .types import ModelKind
from .vocabulary import refresh_vocabulary

logger = logging.getLogger(__name__)
SHIPPED: Final = ShippedJudge()
# Judges that are held at once: the active one, and one that is being compared with it.
_MOST_HELD: Final = 3
_held: dict[str, Judge] = {}
_lock = threading.Lock()


def current_judge() -> Judge:
    """The judge whose verdicts count, with what people taught above it."""
    return add_lessons(_open_active())


def add_lessons(judge: Judge) -> Judge:
    """The judge, following what people taught by showing columns and rating types."""
    # Web processes never judge, and need not hold numpy.
    from .taught import Taught, TaughtJudge

    refresh_vocabulary()
    told, thresholds = list_told(), load_thresholds()
    lessons = [
        Taught(
            key=row.pk,
            kind=row.kind,
            semantic_type=row.semantic_type,
            examples=tuple(map(bytes.fromhex, row.examples)),
            radius=row.radius,
        )
        for row in Lesson.objects.filter(retired_at=None).order_by("pk")
    ]
    words = in_force()
    if not (lessons or told or thresholds) and words.version == SHIPPED_WORDS.version:
        return judge
    return TaughtJudge(judge, lessons, told, thresholds, words.version)


def _open_active() -> Judge:
    """The version in force; the shipped one where its file is refused."""
    active = find_active()
    if active is None:
        return SHIPPED
    try:
        return open_judge(active)
    except ModelRefused as refused:
        logger.warning("Model %s is not used. %s", active.version, refused)
        StoredModel.objects.filter(pk=active.pk).update(refusal=str(refused)[:300])
        return SHIPPED


def find_active() -> StoredModel | None:
    """The version that was activated; None while nothing but the shipped one ever was."""
    return (
        StoredModel.objects.select_related("file", "base__file")
        .defer(*_BYTES)
        .filter(active=True)
        .first()
    )


_BYTES: Final = tuple(
    f"{prefix}{part}" for prefix in ("file__", "base__file__") for part in ("arrays", "described")
)


def open_judge(model: StoredModel) -> Judge:
    """The judge of a stored version. Raises ModelRefused."""
    with _lock:
        if found := _held.get(model.file.sha256):
            return found
    opened = _open(model)
    with _lock:
        while len(_held) >= _MOST_HELD:
            del _held[next(iter(_held))]
        _held[model.file.sha256] = opened
    return opened


def _open(model: StoredModel) -> Judge:
    # Web processes never judge, and need not hold numpy.
    from .layer import LearnedJudge, unpack_layer
    from .model.judging import ModelJudge

    path = place_file(model.file.sha256)
    if model.kind != ModelKind.LEARNED:
        return ModelJudge(load_model(path))
    if model.base is None:
        raise ModelRefused("The version below this one is missing.")
    layer = unpack_layer(*read_parts(path))
    return LearnedJudge(open_judge(model.base), layer, model.version)
