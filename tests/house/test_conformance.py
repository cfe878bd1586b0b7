"""The conformance table: nothing is missing silently, and no excuse outlives what it excuses."""

import pytest

from openvman.cim.loader import load_schema
from openvman.profiles.registrations import REGISTRATIONS
from openvman.views.standard import STANDARD


@pytest.fixture(scope="module")
def asked(docs):
    return docs.asked_for()


@pytest.fixture(scope="module")
def elements(docs, asked):
    return [element for profile in asked for element in docs.elements(profile)]


def test_what_is_missing_has_a_reason(docs, elements):
    silent = {(e.profile, e.label, name) for e in elements for name in e.lacking if name not in e.missing}
    assert silent == set()
    reasons = [reason for e in elements for reason in e.missing.values()]
    assert [reason for reason in reasons if not reason.startswith(docs.REASONS)] == []


def test_no_reason_is_stale(elements):
    assert {(e.profile, e.label, name) for e in elements for name in e.missing if name not in e.lacking} == set()


def test_what_is_mandatory_of_a_registered_profile_is_there(elements):
    """A profile that is registered keeps what it promises; only what is not applicable may be missing."""
    registered = {row.specification for row in REGISTRATIONS}
    broken = [
        (element.profile, element.label, name)
        for element in elements
        if element.profile in registered
        for name in element.lacking
        if (name in element.mandatory or (name == "element" and element.basis == "mandatory"))
        and not element.missing.get(name, "").startswith("not applicable")
    ]
    assert broken == []


def test_the_schema_knows_what_is_asked_for(elements):
    schema = load_schema()
    for element in elements:
        assert element.cim in schema, element.label
        assert element.basis in {"mandatory", "recommended"}
        declared = schema[element.cim]
        for name in (*element.mandatory, *element.recommended):
            assert name in declared.properties or name in declared.methods, (element.label, name)
        assert set(element.missing) <= {"element", *element.mandatory, *element.recommended}, element.label


def test_the_classes_of_ours_that_are_named_are_declared(asked):
    ours = {classmap.name for classmap in STANDARD.classes}
    named = {
        name
        for profile in asked
        for row in profile["element"]
        for name in (*row.get("shown_by", ()), *row.get("between", ()))
    }
    assert named - ours == set()


def test_every_registered_profile_is_in_the_table_in_its_version(asked):
    table = {profile["specification"]: (profile["name"], profile["version"]) for profile in asked}
    for row in REGISTRATIONS:
        assert table.get(row.specification) == (row.name, row.version)


def test_a_gap_without_a_reason_stops_the_page(docs, monkeypatch):
    row = {"class": "CIM_ResourcePool", "basis": "mandatory", "mandatory": ["InstallDate"]}
    profile = {"specification": "DSP0000", "name": "Nothing", "version": "1.0.0", "element": [row]}
    monkeypatch.setattr(docs, "asked_for", lambda: [profile])
    with pytest.raises(docs.UndocumentedError, match=r"CIM_ResourcePool.*InstallDate"):
        docs.conformance()
    row["missing"] = {"InstallDate": "not applicable: nobody installs a pool"}
    assert "nobody installs a pool" in docs.conformance()
