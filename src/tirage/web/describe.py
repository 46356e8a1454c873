"""The API's description for programs (OpenAPI): what the framework knows of the routes, and what it cannot
know – keys, errors in their two shapes, the header that makes a request happen once.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from tirage import wire, wire_video
from tirage.web.gate import OPEN, SESSION
from tirage.web.once import HEADER, KEY_LENGTH
from tirage.web.scopes import scope_of

SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "basic": {"type": "http", "scheme": "basic", "description": "The key is the user; no password."},
}
ONCE = {
    "name": HEADER.title(),
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH, "pattern": "^[!-~]+$"},
    "description": "The request is carried out once; who repeats it within a day gets the same answer.",
}
FAULTS = {"4XX": "What is asked for is wrong or not possible.", "5XX": "It went wrong here; try again later."}
PROBLEMS = {
    "admin": ("ShopProblem", "application/json"),
    "api": ("ApiProblem", "application/json"),
}
"""Below other paths errors are problem+json."""
LEFT_OUT = ("HTTPValidationError", "ValidationError")


def description_of(api: FastAPI) -> dict[str, Any]:
    """The whole description; made once."""
    if api.openapi_schema is None:
        described = FastAPI.openapi(api)
        schemas = described["components"]["schemas"]
        for name in LEFT_OUT:
            schemas.pop(name, None)
        for shape in (wire.Problem, wire.ShopProblem, wire_video.ApiProblem):
            schema = TypeAdapter(shape).json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(schema.pop("$defs", {}))
            schemas[shape.__name__] = schema
        described["components"]["securitySchemes"] = SCHEMES
        for path, methods in described["paths"].items():
            for method, told in methods.items():
                _complete(path, method.upper(), told)
    return api.openapi_schema or {}


def _complete(path: str, method: str, told: dict[str, Any]) -> None:
    """One route: its errors, its key, its scope."""
    responses = told["responses"]
    responses.pop("422", None)
    name, kind = PROBLEMS.get(path.split("/")[1], ("Problem", "application/problem+json"))
    for status, words in FAULTS.items():
        content = {kind: {"schema": {"$ref": f"#/components/schemas/{name}"}}}
        responses[status] = {"description": words, "content": content}
    if method == "POST":
        told.setdefault("parameters", []).append(ONCE)
    if path.startswith(OPEN) or (path == SESSION and method == "POST"):
        told["security"] = []
        return
    told["security"] = [{scheme: []} for scheme in SCHEMES]
    told["x-scope"] = scope_of(method, _plain(path)).value


def _plain(path: str) -> str:
    """A path as requests have it."""
    return path.replace("{", "").replace("}", "")
