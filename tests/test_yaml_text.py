"""YAML: what is written is read as the same, and has one form, however it is written."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from inventory import yaml_text
from inventory.yaml_text import WIDTH, Dumper, FastDumper, Loader

TEXTS = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
    | st.text("ab c:#-\"'\\ ,[]{}*&!|>%@`?.0189yneosftruTé日\t\n😀", max_size=200)
    | st.from_regex(r'[a-z:" *\\]{100,300}', fullmatch=True)
)
VALUES = TEXTS | st.integers() | st.booleans() | st.none() | st.lists(TEXTS, max_size=3)
DOCUMENTS = st.fixed_dictionaries(
    {"watches": st.lists(st.dictionaries(st.sampled_from(["name", "query", "on"]), VALUES), max_size=3)}
)


@given(DOCUMENTS)
def test_a_document_is_read_as_it_was_written_and_has_one_form(document: dict[str, Any]) -> None:
    text = yaml_text.written(document)

    assert yaml.load(text, Loader) == document
    assert text == yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML was built without libyaml")
def test_what_is_plain_is_written_by_libyaml() -> None:
    assert issubclass(FastDumper, yaml.CSafeDumper)
    assert yaml_text.written({"on": ["yes", "true"]}) == "on:\n- yes\n- 'true'\n"
