"""What people say of a parcel beyond its outline: attributes of a project's own, and their values.

A project has a schema (:class:`AttributeSchema`); a parcel has values by the attributes' keys.
"""

from core.attributes.attribute_schema import (
    KINDS,
    NO_ATTRIBUTES,
    Attribute,
    AttributeKind,
    AttributeSchema,
    Choice,
    columns_of,
    schema_from_json,
    schema_to_json,
)
from core.attributes.code_list import COMMON_CROPS, read_code_list
from core.attributes.values import (
    NO_VALUES,
    Change,
    Value,
    Values,
    agreed,
    changed,
    contradict,
    read_change,
    read_values,
)

__all__ = [
    "COMMON_CROPS",
    "KINDS",
    "NO_ATTRIBUTES",
    "NO_VALUES",
    "Attribute",
    "AttributeKind",
    "AttributeSchema",
    "Change",
    "Choice",
    "Value",
    "Values",
    "agreed",
    "changed",
    "columns_of",
    "contradict",
    "read_change",
    "read_code_list",
    "read_values",
    "schema_from_json",
    "schema_to_json",
]
