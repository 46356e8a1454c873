"""Which scope each route asks for: the first row that fits; what fits none asks for all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tirage.access.model import Scope

ANY, READS, CHANGES = r"\w+", r"GET|HEAD|OPTIONS", r"POST|PUT|PATCH|DELETE"
RULES: Sequence[tuple[str, str, Scope]] = (
    (ANY, r"/v1/keys(/.*)?", Scope.KEYS),
    (r"GET|DELETE", r"/v1/session", Scope.READ),
    (READS, r"/metrics", Scope.OPERATE),
    (READS, r"/.*", Scope.READ),
    (r"POST", r"/v1/estimates", Scope.READ),
    (r"POST", r"/v1/batches/[^/]*/(apply|rollback)", Scope.CATALOGUE),
    (CHANGES, r"/v1/products(/.*)?", Scope.CATALOGUE),
    (r"POST", r"/v1/shops/[^/]*/sync", Scope.CATALOGUE),
    (r"POST", r"/v1/shops/[^/]*/check", Scope.OPERATE),
    (CHANGES, r"/v1/(assets|batches|designs|edls|jobs|mockups|sessions|videos)(/.*)?", Scope.ORDER),
    (CHANGES, r"/api/render-jobs/.*", Scope.ORDER),
    (CHANGES, r"/v1/(cleanup|queues|templates|webhooks)(/.*)?", Scope.OPERATE),
    (CHANGES, r"/admin/.*", Scope.ORDER),
)
"""Method, path, scope."""
COMPILED = [(re.compile(method), re.compile(path, re.DOTALL), scope) for method, path, scope in RULES]


def scope_of(method: str, path: str) -> Scope:
    """What a request needs."""
    for methods, paths, scope in COMPILED:
        if methods.fullmatch(method) and paths.fullmatch(path):
            return scope
    return Scope.KEYS
