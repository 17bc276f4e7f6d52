"""Pages of the catalogue: the list with search, the asset page, and the command palette."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.datasources.selectors import list_visible_sources, name_sources
from apps.discovery.panels import Panel, list_panels
from apps.discovery.selectors import get_dataset
from apps.discovery.types import DatasetState
from apps.rbac.selectors import may
from apps.rbac.types import Action
from apps.scan.selectors import load_measurements
from datawave.common.errors import InputInvalid
from datawave.common.pages import answer_csv, answer_errors, list_given, paginate

from . import services
from .models import CatalogEntry, EntryQuerySet
from .palette import find_everything
from .selectors import find_entry, get_entry, list_facets, search_entries
from .tags import TAGS, TagSpec
from .types import EntryFilters

if TYPE_CHECKING:
    from apps.rbac.models import User

CSV_HEAD: Final = (
    "source", "container", "name", "kind", "sensitivity", "personal_columns", "owner", "rows",
    "columns", "last_seen", "description",
)  # fmt: skip
LONGEST_QUERY: Final = 200
SORT_TITLES: Final = {
    "": "Best match",
    "name": "Name",
    "source": "Source",
    "-rows": "Most rows",
    "-columns": "Most columns",
    "-personal": "Most personal columns",
    "-seen": "Seen last",
}


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


def read_filters(request: HttpRequest) -> EntryFilters:
    """The filters in the address."""
    return EntryFilters(
        sources=name_sources(_user(request), list_given(request, "source")),
        containers=list_given(request, "container"),
        kinds=list_given(request, "kind"),
        sensitivities=list_given(request, "sensitivity"),
        types=list_given(request, "type"),
        owners=list_given(request, "owner"),
        personal=list_given(request, "personal"),
        sort=request.GET.get("sort", ""),
    )


@require_GET
def list_entries(request: HttpRequest) -> HttpResponseBase:
    """The catalogue, searched and narrowed."""
    user, filters = _user(request), read_filters(request)
    query = request.GET.get("q", "").replace("\x00", "")[:LONGEST_QUERY]
    entries = search_entries(user=user, query=query, filters=filters)
    if request.GET.get("format") == "csv":
        return _answer_csv(user, entries)
    page = paginate(request, entries)
    _note_quality(page.object_list)
    context = {
        "page": page,
        "is_filtered": bool(query or any(filters_given(filters))),
        "sorts": SORT_TITLES.items(),
        "facets": list_facets(user=user, query=query, filters=filters),
        "query": query,
        "filters": filters,
        "may_export": list_visible_sources(user).permitted_to(user, "export").exists(),
        "active": "catalog",
    }
    return render(request, "catalog/entry_list.html", context)


def filters_given(filters: EntryFilters) -> list[tuple[str, ...]]:
    """The values of each filter that narrows the list; the order does not."""
    return [value for value in vars(filters).values() if isinstance(value, tuple)]


def _note_quality(entries: Iterable[Any]) -> None:
    """Set `quality` on each entry that was measured."""
    measured = load_measurements([entry.dataset_id for entry in entries])
    for entry in entries:
        found = measured.get(entry.dataset_id)
        entry.quality = found.quality if found else None


def _answer_csv(user: User, entries: EntryQuerySet) -> HttpResponseBase:
    sources = list_visible_sources(user).permitted_to(user, "export")
    allowed = entries.filter(dataset__source__in=sources.values("pk"))
    return answer_csv(
        user, "catalog", CSV_HEAD, (_csv_row(entry) for entry in allowed.iterator(500))
    )


def _csv_row(entry: CatalogEntry) -> tuple[object, ...]:
    dataset = entry.dataset
    return (
        dataset.source.name, dataset.container, dataset.name, dataset.kind, entry.sensitivity,
        entry.personal_fields, entry.owner.username if entry.owner else "", dataset.row_count,
        dataset.column_count, dataset.last_seen_at, entry.description,
    )  # fmt: skip


@require_GET
@answer_errors
def show_asset(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """One table: its header, what people say of it, and the tab that ?tab= names."""
    user = _user(request)
    dataset = get_dataset(user=user, public_id=public_id)
    panel = _find_panel(request.GET.get("tab", ""))
    content = panel.load(dataset, user, request)
    if cast("Any", request).htmx and request.headers.get("HX-Target") == "panel":
        return render(request, panel.template, {**content, "dataset": dataset, "panel": panel})
    return render(request, "catalog/asset.html", _asset_context(dataset, user, panel, content))


def _find_panel(slug: str) -> Panel:
    panels = list_panels()
    return next((panel for panel in panels if panel.slug == slug), panels[0])


def _asset_context(
    dataset: Any, user: User, panel: Panel, content: dict[str, Any]
) -> dict[str, Any]:
    entry = find_entry(dataset.pk)
    return {
        **content,
        "dataset": dataset,
        "source": dataset.source,
        "entry": entry,
        "tags": list_declared(entry),
        "tag_groups": group_tags(entry),
        "owners": _list_owners(dataset.source, user),
        "measurement": dataset.measurements.first(),
        "banners": list_banners(dataset, entry),
        "tabs": [_describe_tab(each, dataset, user, panel) for each in list_panels()],
        "panel": panel,
        "may_describe": may(user, Action.DESCRIBE, dataset.source),
        "may_discover": may(user, Action.DISCOVER, dataset.source),
        "active": "catalog",
    }


def _describe_tab(each: Panel, dataset: Any, user: User, current: Panel) -> dict[str, Any]:
    return {
        "slug": each.slug,
        "title": each.title,
        "url": f"{reverse('catalog:asset', args=[dataset.public_id])}?tab={each.slug}",
        "count": each.count(dataset, user) if each.count else None,
        "selected": each.slug == current.slug,
    }


def list_banners(dataset: Any, entry: CatalogEntry | None) -> list[dict[str, str]]:
    """What a reader must know before relying on the page: gone, missing, unread, not settled."""
    banners = []
    if dataset.state == DatasetState.DROPPED:
        text = "This was dropped from its source. What you see is the last version."
        banners.append({"tone": "red", "icon": "trash", "text": text})
    if dataset.state == DatasetState.MISSING:
        text = "The last run did not find it. If the next does not either, it counts as dropped."
        banners.append({"tone": "yellow", "icon": "alert-triangle", "text": text})
    if dataset.error_code:
        text = f"The last run could not read it: {dataset.error_message or dataset.error_code}"
        banners.append({"tone": "red", "icon": "alert-circle", "text": text})
    if entry is None or entry.published_at is None:
        text = "The run that found it has not settled yet; labels and relations may be missing."
        banners.append({"tone": "azure", "icon": "info-circle", "text": text})
    # A dropped table is unpublished, which says nothing more.
    return banners[:1] if dataset.state == DatasetState.DROPPED else banners


def list_declared(entry: CatalogEntry | None) -> list[tuple[TagSpec, Any]]:
    """The declared facts of an entry, as shown."""
    if entry is None:
        return []
    return [(TAGS[name], show_tag(TAGS[name], v)) for name, v in entry.tags.items() if name in TAGS]


def show_tag(spec: TagSpec, value: Any) -> str:
    """A declared fact as people read it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(value)
    return spec.choices.get(value, str(value))


def write_tag(value: Any) -> str:
    """A declared fact as the form holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)


def group_tags(entry: CatalogEntry | None) -> list[dict[str, Any]]:
    """All facts that may be declared, in groups, with what the form shows for each."""
    held = entry.tags if entry is not None else {}
    groups: dict[str, list[dict[str, Any]]] = {}
    for spec in TAGS.values():
        field = {"spec": spec, "value": write_tag(held.get(spec.name))}
        groups.setdefault(spec.group, []).append(field)
    return [{"title": title, "fields": fields} for title, fields in groups.items()]


def _list_owners(source: Any, user: User) -> list[User]:
    if not may(user, Action.DESCRIBE, source):
        return []
    people = get_user_model().objects.filter(is_active=True).order_by("username")[:200]
    return [person for person in people if may(person, "view", source)]


@require_POST
@answer_errors
def edit_entry(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take the form of the asset page: description, owner, declared facts."""
    user = _user(request)
    entry = get_entry(user=user, dataset_public_id=public_id)
    try:
        services.edit_entry(entry=entry, user=user, **_read_changes(request))
    except InputInvalid as error:
        return _refuse_edit(request, public_id, error)
    messages.success(request, "Saved.")
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return redirect("catalog:asset", public_id)


def _refuse_edit(request: HttpRequest, public_id: uuid.UUID, error: InputInvalid) -> HttpResponse:
    """What is wrong, beside the form that keeps what was written, or as a message without htmx."""
    if request.headers.get("HX-Request"):
        return render(request, "catalog/_refused.html", {"error": error}, status=422)
    messages.error(request, error.message)
    return redirect("catalog:asset", public_id)


def _read_changes(request: HttpRequest) -> dict[str, Any]:
    form, changes = request.POST, dict[str, Any]()
    if "description" in form:
        changes["description"] = form["description"]
    if "owner" in form:
        changes |= _read_owner(form["owner"])
    if any(name.startswith("tag.") for name in form):
        changes["tags"] = {
            name.removeprefix("tag."): str(form[name]) for name in form if name.startswith("tag.")
        }
    return changes


def _read_owner(username: str) -> dict[str, Any]:
    if not username:
        return {"clear_owner": True}
    owner = get_user_model().objects.filter(username=username).first()
    if owner is None:
        raise InputInvalid("There is no such person.", field="owner")
    return {"owner": owner}


@require_GET
def search_everything(request: HttpRequest) -> HttpResponseBase:
    """The command palette's answers."""
    query = request.GET.get("q", "").replace("\x00", "")[:LONGEST_QUERY]
    groups = find_everything(user=_user(request), query=query)
    return render(request, "catalog/_palette.html", {"groups": groups, "query": query})
