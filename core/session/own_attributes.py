"""The project's own attributes: what the browser is told of them, and what it may say by them."""

from __future__ import annotations

from collections.abc import Sequence

from core import wire
from core.attributes import AttributeSchema, read_change
from core.edit_record import NewEdit
from core.label.correction_types import FillAttributes
from core.project import Project


def check_attributes(project: Project, edits: Sequence[NewEdit]) -> None:
    """Refuse values that the project's schema does not allow; the log keeps what it allowed once.

    Raises
    ------
    InputError
        An attribute is unknown, or a value is not of its kind.
    """
    changes = [read_change(one.data["values"]) for one in edits if one.kind == FillAttributes.kind]
    if changes:
        schema = project.attributes()
        for change in changes:
            schema.check(change)


def attributes_json(schema: AttributeSchema) -> list[wire.Attribute]:
    """The attributes for the browser, in the order in which they are shown."""
    return [
        {
            "key": one.key,
            "name": one.name,
            "kind": one.kind,
            "choices": [
                {"code": choice.code, "name": choice.name, "colour": choice.colour}
                for choice in one.choices
            ],
            "required": one.required,
        }
        for one in schema.attributes
    ]
