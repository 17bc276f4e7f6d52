"""Measurements of datasets and fields."""

from __future__ import annotations

from django.db import models


class DatasetMeasurement(models.Model):
    """What one job measured of one dataset; the newest is current, older ones are its history."""

    dataset = models.ForeignKey(
        "discovery.Dataset", on_delete=models.CASCADE, related_name="measurements"
    )
    job = models.ForeignKey(
        "discovery.DiscoveryJob", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)
    row_count = models.BigIntegerField(null=True)
    size_bytes = models.BigIntegerField(null=True)
    column_count = models.PositiveIntegerField(default=0)
    # Mean share of non-null values over the profiled columns, 0..1.
    completeness = models.FloatField(null=True)
    # 0..100: how much of what a well-kept table has is there; see scan/measures.py.
    quality = models.PositiveIntegerField(null=True)
    # scan.types.Flag values
    flags = models.JSONField(default=list)
    # protocol.Counting: how far the pass for rare patterns got; empty where there was none.
    counting = models.JSONField(default=dict)
    # protocol.Anonymity: how alone a row stands by its quasi-identifiers; empty when not told.
    anonymity = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "job"], name="one_measurement_per_job")
        ]

    def __str__(self) -> str:
        return f"measurement of dataset {self.dataset_id}"


class FieldMeasurement(models.Model):
    """The current measures of one field; None where it was not profiled."""

    field = models.OneToOneField(
        "discovery.Field", on_delete=models.CASCADE, related_name="measurement"
    )
    sampled_rows = models.BigIntegerField(null=True)
    null_rate = models.FloatField(null=True)
    distinct_rate = models.FloatField(null=True)
    distinct = models.BigIntegerField(null=True)
    min_length = models.PositiveIntegerField(null=True)
    max_length = models.PositiveIntegerField(null=True)
    mean_length = models.FloatField(null=True)
    entropy = models.FloatField(null=True)
    # Collapsed shapes and their share, as the agent sent them.
    shapes = models.JSONField(default=dict)
    protection = models.CharField(max_length=20, default="unknown")
    flags = models.JSONField(default=list)
    # Pattern -> rows of the whole table that hold it, counted by the database.
    rare = models.JSONField(default=dict)
    # What else the profile says that is shown and not searched: quantiles, estimates, ages.
    figures = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"measures of field {self.field_id}"
