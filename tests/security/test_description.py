"""Every route against its own description: whatever is sent, no server error, no answer of another shape."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from images import art, rgba_png
from serving import Serving

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
]
STREAMS = ("/v1/events", "/v1/jobs/{job_id}/events")
"""They do not end; acceptance tests read them."""
KEPT = ("/v1/sessions", "/v1/assets", "/v1/edls")
"""What is there is not deleted: later routes are asked about it."""
EXAMPLES = 25
EDIT = {
    "tirage_edl": 1,
    "rate": 25,
    "events": [{"camera": "A", "source_in": 0, "source_out": 20, "record_in": 0}],
}


@pytest.fixture(scope="module")
def known(each_server: Serving) -> dict[str, str]:
    """Things that are there, for requests that get beyond 404."""
    with each_server.client() as http:
        found = {"product_id": "prod_1", "template_id": "tee", "name": "mockup"}
        made = http.post("/v1/designs", files={"file": ("a.png", rgba_png(art(20, 20)), "image/png")}).json()
        found["design_id"] = made["id"]
        order = {"design_id": made["id"], "product_id": "prod_1", "preset": "chest-small"}
        found["job_id"] = http.post("/v1/mockups", json=order).json()["id"]
        found["batch_id"] = http.post("/v1/batches", json={"orders": [order]}).json()["id"]
        found["variant_id"] = http.post("/v1/products/prod_1/variants", json={"title": "S"}).json()["id"]
        found["key_id"] = http.post("/v1/keys", json={"name": "x", "scopes": ["read"]}).json()["id"]
        hook = http.post("/v1/webhooks", json={"url": "https://shop.example/"}).json()["id"]
        found["webhook_id"] = hook
        session = {"id": "evening", "rate": "25", "master": "A", "assets": [{"camera": "A"}]}
        made = http.post("/v1/sessions", json=session).json()
        found |= {"session_id": "evening", "asset_id": made["assets"][0]["id"]}
        found["edl_id"] = http.post(
            "/v1/sessions/evening/edls", params={"name": "cut.json"}, json=EDIT
        ).json()["id"]
        found["delivery_id"] = http.post(f"/v1/webhooks/{hook}/test").json()["id"]
        return found


@pytest.mark.rows("R265", "R243", "R295")
def test_no_request_meets_a_defect(each_server: Serving, known: dict[str, str]) -> None:
    load_all_checks()
    with each_server.client() as http:
        described = http.get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(described)
    schema.config.update(base_url=each_server.url)
    seen: dict[str, set[int]] = {}
    faults: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path not in STREAMS:
            codes = seen.setdefault(f"{operation.method.upper()} {operation.path}", set())
            send_many(operation, each_server, known, codes, faults)
    assert faults == [], "\n\n".join(faults[:10])
    assert len(seen) > 90
    reached = sum(any(code < 300 for code in codes) for codes in seen.values())
    print(f"{len(seen)} routes, {reached} of them with success")
    assert reached > 35


def send_many(
    operation: schemathesis.APIOperation[Any, Any, Any],
    server: Serving,
    known: dict[str, str],
    codes: set[int],
    faults: list[str],
) -> None:
    """Requests that fit the description, and some that do not; half of them name what is there."""
    strategy = operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE)
    strategy |= operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy, real=st.booleans())
    def send(case: schemathesis.Case, real: bool) -> None:
        kept = operation.method == "delete" and operation.path.startswith(KEPT)
        if real and not kept and isinstance(case.path_parameters, dict):
            case.path_parameters |= {name: known[name] for name in case.path_parameters if name in known}
        try:
            answer = case.call(headers={"Authorization": f"Bearer {server.key}"}, timeout=60)
            codes.add(answer.status_code)
            case.validate_response(answer, checks=CHECKS)
        except Exception as error:  # noqa: BLE001 – all of them are told together
            faults.append(f"{case.method} {case.formatted_path}: {error}")

    send()
