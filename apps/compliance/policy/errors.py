"""Why a pack can't be loaded."""

from __future__ import annotations

from typing import Final

from datawave.common.errors import DataWaveError

CODES: Final = frozenset(
    {
        "alias_limit", "columns_nested", "expr_too_big", "expr_too_deep", "fact_out_of_scope",
        "fact_unknown", "key_duplicate", "key_missing", "key_unknown", "list_unknown",
        "op_not_for_fact", "op_unknown", "placeholder_unknown", "rule_duplicate",
        "schema_unknown", "tag_forbidden", "test_failed", "tests_missing", "too_big", "too_deep",
        "too_many_rules", "type_wrong", "value_invalid", "yaml_invalid",
    }
)  # fmt: skip


class PackInvalid(DataWaveError):
    """This policy pack can't be used."""

    def __init__(self, code: str, message: str, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message, field=path)
        self.code = code
        self.path = path
