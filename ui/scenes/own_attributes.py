"""Attributes that the project has of its own: what grows on a parcel, whose it is, and the like."""

from __future__ import annotations

import streamlit as st

from core.attributes import (
    COMMON_CROPS,
    KINDS,
    Attribute,
    AttributeKind,
    AttributeSchema,
    Choice,
    read_code_list,
)
from core.errors import InputError
from ui.shared import show_errors
from ui.shared.browser_session import Place, notify, person
from ui.shared.text import count, escape

_KIND_WORDS: dict[AttributeKind, str] = {
    "choice": "Choice from a list",
    "yes_no": "Yes or no",
    "text": "Text",
    "number": "Number",
    "date": "Date",
}
_CROPS, _CSV = "Common crops", "A CSV of your own"


def show(place: Place) -> None:
    """The attributes that there are, and fields for another one."""
    # Always under the same words: with others it would be another expander, and closed.
    with st.expander("Attributes of the parcels (crop, owner …)"), show_errors.told():
        _body(place, place.project.attributes())


def _body(place: Place, schema: AttributeSchema) -> None:
    st.caption(
        "What you can say of a parcel, for example the crop. Fill it in on the Annotate page "
        "(key W). Every file and the Results page have it."
    )
    for one in schema.attributes:
        with show_errors.told():
            _row(place, schema, one)
    with show_errors.told():
        _another(place, schema)


def _row(place: Place, schema: AttributeSchema, one: Attribute) -> None:
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    facts = [_KIND_WORDS[one.kind]]
    if one.choices:
        facts = [count(len(one.choices), "choice")]
    if one.required:
        facts.append("required")
    row.container(width="stretch").markdown(
        f"**{escape(one.name)}**  \n:small[:gray[{' · '.join(facts)} · column {one.key}]]"
    )
    if row.button("Take away", key=f"take away {one.key}"):
        _set(place, schema.without(one.key), schema)
        notify(
            f"{one.name} is taken away. What was said stays: add it again under the same name to "
            "see it."
        )
        st.rerun()


def _another(place: Place, schema: AttributeSchema) -> None:
    """Not a form: the list is only asked for where there is something to choose."""
    number = len(schema.attributes)
    first = "" if number else "Crop"
    name = st.text_input("Name", value=first, max_chars=80, key=f"attribute name {number}")
    kind = st.selectbox(
        "Kind", KINDS, format_func=_KIND_WORDS.__getitem__, key=f"attribute kind {number}"
    )
    choices = _choices(number) if kind == "choice" else ()
    required = st.checkbox(
        "Required for cropland",
        help="A parcel without it is marked on its card, and counted on the data card.",
        key=f"attribute required {number}",
    )
    if st.button("Add attribute", icon=":material/add:", type="primary"):
        if choices is None:
            raise InputError("There is no list yet.", "Choose a CSV file with code and name.")
        _set(place, schema.with_one(name, kind, choices, required=required), schema)
        notify(f"{name.strip()} can be filled in on the Annotate page.")
        st.rerun()


def _choices(number: int) -> tuple[Choice, ...] | None:
    """The list that was chosen; None where its file is still to come."""
    source = st.radio("List", (_CROPS, _CSV), horizontal=True, key=f"attribute list {number}")
    if source == _CROPS:
        names = ", ".join(choice.name.lower() for choice in COMMON_CROPS[:6])
        st.caption(f"{count(len(COMMON_CROPS), 'crop')}: {names} and others.")
        return COMMON_CROPS
    file = st.file_uploader(
        "CSV with the columns code, name and, if you like, colour",
        type=["csv", "txt"],
        key=f"attribute file {number}",
    )
    if file is None:
        st.caption("One line for each choice, for example: W1,Winter wheat,#e69f00")
        return None
    choices = read_code_list(file.getvalue())
    st.caption(f"{count(len(choices), 'choice')}, for example {escape(choices[0].name)}.")
    return choices


def _set(place: Place, schema: AttributeSchema, expected: AttributeSchema) -> None:
    place.project.set_attributes(schema, author=person(), expected=expected)
