"""The API's documents for people: one page from its own description, no scripts, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

router = APIRouter()
STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #8888 }
section { margin: 1.5rem 0 }
code, pre { font: 14px/1.45 ui-monospace, monospace }
pre { background: #8882; padding: .75rem; overflow: auto }
table { border-collapse: collapse }
td, th { padding: .2rem .75rem .2rem 0; text-align: left; vertical-align: top }
b { display: inline-block; min-width: 4.5rem }
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)
"""The page has a style of its own and nothing else."""
Described = Mapping[str, Any]


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> HTMLResponse:
    """All routes with what they take and answer."""
    page = page_of(request.app.openapi())
    return HTMLResponse(
        page, headers={"Content-Security-Policy": POLICY, "Cache-Control": "private, max-age=300"}
    )


def page_of(described: Described) -> str:
    """The page for a description in OpenAPI's form."""
    title = escape(f"{described['info']['title']} {described['info']['version']}")
    groups: dict[str, list[str]] = {}
    for path, methods in described["paths"].items():
        for method, told in methods.items():
            tag = (told.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append("".join(_route(described, path, method.upper(), told)))
    contents = " · ".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in groups)
    body = "".join(
        f'<h2 id="{escape(tag)}">{escape(tag)}</h2>{"".join(routes)}' for tag, routes in groups.items()
    )
    intro = '<p>The same for programs: <a href="/openapi.json"><code>/openapi.json</code></a>.</p>'
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f"<h1>{title}</h1>{intro}<nav>{contents}</nav>{body}</html>\n"
    )


def _route(described: Described, path: str, method: str, told: Described) -> Iterator[str]:
    yield f"<section><h3><b>{method}</b> <code>{escape(path)}</code></h3>"
    yield f"<p>{escape(told.get('description', ''))} <small>Scope: {told.get('x-scope', 'none')}.</small></p>"
    rows = [_field(each["name"], each["schema"], each["in"], each) for each in told.get("parameters", ())]
    body = told.get("requestBody", {}).get("content", {})
    for kind, content in body.items():
        schema = _resolved(described, content.get("schema", {}))
        needed = schema.get("required", ())
        rows += [
            _field(name, each, kind, {"required": name in needed})
            for name, each in schema.get("properties", {}).items()
        ]
        for example in schema.get("examples", ()):
            yield f"<pre>{escape(json.dumps(example, indent=2))}</pre>"
    if rows:
        yield f"<table><tr><th>field</th><th>where</th><th>what</th></tr>{''.join(rows)}</table>"
    yield f"<p><small>Answers {', '.join(map(escape, told.get('responses', {})))}.</small></p></section>"


def _field(name: str, schema: Described, where: str, about: Described) -> str:
    kinds = [each.get("type", "object") for each in schema.get("anyOf", [schema])]
    kind = " or ".join(str(each) for each in kinds if each != "null")
    needed = ", needed" if about.get("required") else ""
    text = about.get("description") or schema.get("description") or ""
    return (
        f"<tr><td><code>{escape(name)}</code></td><td><small>{escape(where)}</small></td>"
        f"<td>{escape(kind)}{needed}. {escape(text)}</td></tr>"
    )


def _resolved(described: Described, schema: Described) -> Described:
    """What a reference means."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    found: Described = described["components"]["schemas"][name] if name else schema
    return found
