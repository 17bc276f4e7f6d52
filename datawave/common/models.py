"""Abstract models and fields that several apps build on."""

from __future__ import annotations

import uuid

from django.db import models


class PublicModel(models.Model):
    """A row that pages and clients name by a UUID, so that ids reveal and collide with nothing."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
