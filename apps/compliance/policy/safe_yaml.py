"""Reads YAML that someone else wrote: bounded in size, depth and aliases, no tags, no surprises."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

import yaml

from .errors import PackInvalid

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # the wheel of this platform has no libyaml: same answers, slower
    from yaml import SafeLoader  # type: ignore[assignment]  # the slower one does the same

MAX_BYTES: Final = 1024 * 1024
MAX_ALIASES: Final = 100
MAX_DEPTH: Final = 20
# Aliases make a small text stand for a large one; this bounds what is walked afterwards.
MAX_NODES: Final = 200_000


def read_yaml(raw: bytes) -> object:
    """The one document in the text, made of plain dicts, lists and scalars."""
    if len(raw) > MAX_BYTES:
        raise PackInvalid("too_big", f"more than {MAX_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8-sig")
        _Guard().watch(text)
        return _Loader(text).get_single_data()
    except UnicodeDecodeError:
        raise PackInvalid("yaml_invalid", "not UTF-8 text") from None
    except yaml.MarkedYAMLError as bad:
        raise PackInvalid("yaml_invalid", _locate(bad.problem or "not YAML", bad)) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        # ValueError comes from numbers and dates that no one can mean.
        raise PackInvalid("yaml_invalid", "not YAML that can be read") from None


def _locate(problem: str, bad: yaml.MarkedYAMLError) -> str:
    mark = bad.problem_mark
    return problem if mark is None else f"line {mark.line + 1}: {problem}"


class _Loader(SafeLoader):
    """SafeLoader that refuses to let a later key replace an earlier one."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002 - PyYAML's signature
    ) -> dict[Hashable, object]:
        """Build a mapping whose keys are texts, each once."""
        seen: set[str] = set()
        for key, _ in node.value:
            _check_key(key, seen)
        return super().construct_mapping(node, deep=deep)


def _check_key(key: yaml.Node, seen: set[str]) -> None:
    line = f"line {key.start_mark.line + 1}"
    if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
        raise PackInvalid("type_wrong", f"{line}: a key must be a plain text")
    if key.value in seen:
        raise PackInvalid("key_duplicate", f"{line}: {key.value[:80]!r} stands twice")
    seen.add(key.value)


@dataclass
class _Open:
    """A collection that is being read: its anchor, its size and height so far."""

    anchor: str | None
    size: int = 1
    height: int = 1


@dataclass
class _Guard:
    """Watches the events of a text before anything is built from them."""

    aliases: int = 0
    open: list[_Open] = field(default_factory=list)
    known: dict[str, tuple[int, int]] = field(default_factory=dict)

    def watch(self, text: str) -> None:
        """Raise at the first event that breaks a bound."""
        for event in yaml.parse(text, Loader=SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                self._follow(event)
            elif isinstance(event, yaml.NodeEvent):
                self._enter(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._leave()

    def _follow(self, event: yaml.AliasEvent) -> None:
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            raise PackInvalid("alias_limit", f"more than {MAX_ALIASES} aliases")
        if event.anchor not in self.known:
            raise PackInvalid("yaml_invalid", "an alias points at nothing, or at itself")
        self._grow(*self.known[event.anchor])

    def _enter(self, event: yaml.NodeEvent) -> None:
        # "!" alone says "not a plain scalar"; quoted texts have no tag at all.
        if getattr(event, "tag", None) is not None:
            mark = event.start_mark
            line = f"line {mark.line + 1}: " if mark else ""
            raise PackInvalid("tag_forbidden", f"{line}tags are not allowed")
        if isinstance(event, yaml.ScalarEvent):
            if event.anchor:
                self.known[event.anchor] = (1, 0)
            self._grow(1, 0)
        else:
            self.known.pop(event.anchor or "", None)
            self.open.append(_Open(event.anchor))
            self._check_depth(0)

    def _leave(self) -> None:
        done = self.open.pop()
        if done.anchor:
            self.known[done.anchor] = (done.size, done.height)
        self._grow(done.size, done.height)

    def _grow(self, size: int, height: int) -> None:
        self._check_depth(height)
        if not self.open:
            return
        top = self.open[-1]
        top.size += size
        top.height = max(top.height, height + 1)
        if top.size > MAX_NODES:
            raise PackInvalid("too_big", f"more than {MAX_NODES:,} values")

    def _check_depth(self, height: int) -> None:
        if len(self.open) + height > MAX_DEPTH:
            raise PackInvalid("too_deep", f"nested more than {MAX_DEPTH} deep")
