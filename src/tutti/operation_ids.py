"""Names of operations in the OpenAPI document: of the method and the path, of which each pair is there once.

The framework's own are made of the handler's name, which two methods of a path may share.
"""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler
from litestar.types import Method
from litestar.types.internal_types import PathParameterDefinition


def operation_id(_: HTTPRouteHandler, method: Method, path: list[str | PathParameterDefinition]) -> str:
    """`PATCH /api/notifications/{which}/read`: `patchApiNotificationsByWhichRead`."""
    return method.lower() + "".join(_word(part) for part in path)


def _word(part: str | PathParameterDefinition) -> str:
    if isinstance(part, PathParameterDefinition):
        return f"By{_word(part.name)}"
    return "".join(
        word[:1].upper() + word[1:] for word in part.replace("_", "-").replace(".", "-").split("-")
    )
