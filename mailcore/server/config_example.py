"""The example configuration: every key with its documentation, range and default, made from the declarations."""

import json
from collections.abc import Iterator
from typing import Any, Final, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mailcore.server.config_file import ConfigFile, section_of
from mailcore.server.declare import Section

_HEAD: Final = """\
# Postroom's configuration. Every key is shown with its default, or with an example where there is none.
# Remove the # in front of a key to set it. Times are seconds and sizes KB unless a key says otherwise.
# Keys that are left out keep their defaults; a key that does not exist is an error. In parentheses: the word of the
# reference product. HTTP listeners take 1000 connections, 1200 in an interval, 100 of one peer, 600 of it likewise.
"""
_SERVICE: Final = "imap"  # stands for any service


def example() -> str:
    """A TOML file that shows every key and changes nothing."""
    lines = [_HEAD]
    shown: set[type[Section]] = set()
    for name, field in ConfigFile.model_fields.items():
        section = section_of(field)
        assert section is not None
        shown.add(section)
        many = get_origin(field.annotation) is tuple
        heading = f"service.{_SERVICE}" if name == "service" else name
        lines += _table(section, heading, shown, many=many)
    return "\n".join(lines) + "\n"


def _table(section: type[Section], heading: str, shown: set[type[Section]], *, many: bool) -> Iterator[str]:
    """A table with its keys, then the tables inside it."""
    doc = (section.__doc__ or "").strip().split("\n")[0]
    yield f"\n# --- {doc}"
    yield f"#[[{heading}]]" if many else f"[{heading}]" if "." not in heading else f"#[{heading}]"
    inner: list[tuple[str, FieldInfo, type[Section]]] = []
    for name, field in section.model_fields.items():
        held = section_of(field)
        if held is None:
            yield from _key(name, field)
        else:
            inner.append((name, field, held))
    for name, field, held in inner:
        yield f"\n# {heading}.{name}: {field.description}{_word(name, field)}"
        if held in shown:
            yield "# (keys as shown before)"
        else:
            shown.add(held)
            yield from _table(held, f"{heading}.{name}", shown, many=get_origin(field.annotation) is tuple)


def _key(name: str, field: FieldInfo) -> Iterator[str]:
    yield f"# {field.description}{_word(name, field)}{_range(field)}"
    yield f"#{name} = {_toml(_shown(field))}"


def _word(name: str, field: FieldInfo) -> str:
    """The word for the key in the reference product, where it has one."""
    assert isinstance(field.json_schema_extra, dict)
    known_as = str(field.json_schema_extra["known_as"])
    return f" ({known_as})" if known_as and known_as != name else ""


def _range(field: FieldInfo) -> str:
    low = next((each.ge for each in field.metadata if isinstance(each, Ge)), None)
    high = next((each.le for each in field.metadata if isinstance(each, Le)), None)
    return "" if low is None else f" [{low} to {high}]"


def _shown(field: FieldInfo) -> Any:
    """The default, or the example where there is no default that TOML can write."""
    assert isinstance(field.json_schema_extra, dict)
    if field.default is PydanticUndefined or field.default is None:
        return field.json_schema_extra["example"]
    return field.default


def _toml(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(value)  # a JSON text, number or truth value is one of TOML too
