"""Every return code that a method may answer is one that the schema knows for it."""

from __future__ import annotations

import pytest

from openvman.cim.valuemap import ValueMap
from openvman.views.standard import STANDARD

METHODS = [(m, method) for m in STANDARD.classes for method in m.methods]
RESERVED = ("reserved", "vendor specific")


@pytest.mark.parametrize(("classmap", "method"), METHODS, ids=lambda each: each.name)
def test_return_codes_are_those_of_the_schema(schema, classmap, method):
    own = {extra.name: extra for extra in classmap.extra_methods}
    known = ValueMap.of(own.get(method.name) or schema[classmap.cim].methods[method.name])
    codes = {0, *method.returns.values()}
    if method.unsupported_code is not None:
        codes.add(method.unsupported_code)
    for code in codes:
        assert known.is_defined(code), code
        name = (known.name(code) or "").lower()
        assert not any(word in name for word in RESERVED), f"{code} is {name}"


def test_all_methods_are_looked_at():
    assert len(METHODS) > 12
