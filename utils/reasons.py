"""What pydantic found wrong with a value, in words for who wrote it."""

from __future__ import annotations

from pydantic_core import ErrorDetails

_REASONS = {
    "bool_parsing": "give true or false",
    "bool_type": "give true or false",
    "dict_type": "give keys between { and }",
    "finite_number": "give a finite number",
    "float_parsing": "give a number",
    "float_type": "give a number",
    "int_from_float": "give a whole number",
    "int_parsing": "give a whole number",
    "int_parsing_size": "give a smaller number",
    "int_type": "give a whole number",
    "list_type": "give a list between [ and ]",
    "model_attributes_type": "give keys between { and }",
    "model_type": "give keys between { and }",
    "path_type": "give a path",
    "string_too_short": "give at least one character",
    "string_type": "give a word, or a text in quotes",
    "tuple_type": "give a list between [ and ]",
}
_LIMITS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def plain_reason(error: ErrorDetails) -> str:
    """What to give instead of a value that pydantic refused."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in _LIMITS:
        key, words = _LIMITS[kind]
        return f"give {words} {context[key]}"
    if kind == "literal_error":
        return f"choose one of {str(context['expected']).replace(' or ', ', ')}"
    if kind == "union_tag_invalid":
        return f"choose {context['discriminator']} from {context['expected_tags']}"
    if kind == "union_tag_not_found":
        return f"add its {context['discriminator']}"
    if kind == "value_error":
        return str(context["error"])
    return _REASONS.get(kind, error["msg"])
