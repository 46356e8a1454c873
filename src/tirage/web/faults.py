"""The border where errors become answers: problem+json, or the shop's own shape below /admin (C-13)."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from tirage.errors import BadInput, Conflict, Failed, Finding, NotFound, Severity, TirageError, TryAgain
from tirage.log import Logger
from tirage.web.shapes import Shape

log = Logger("http")
STATUS: dict[str, HTTPStatus] = {
    "MISSING_FILE": HTTPStatus.BAD_REQUEST,
    "FILE_TOO_LARGE": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "BODY_TOO_LARGE": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "UNAUTHORIZED": HTTPStatus.UNAUTHORIZED,
    "FORBIDDEN": HTTPStatus.FORBIDDEN,
    "RATE_LIMITED": HTTPStatus.TOO_MANY_REQUESTS,
    "IDEMPOTENCY_MISMATCH": HTTPStatus.UNPROCESSABLE_ENTITY,
    "METHOD_NOT_ALLOWED": HTTPStatus.METHOD_NOT_ALLOWED,
    "DISK_FULL": HTTPStatus.INSUFFICIENT_STORAGE,
    "SHOP_REFUSED": HTTPStatus.FAILED_DEPENDENCY,
}
"""For codes whose class says too little."""
CLASSES: tuple[tuple[type[TirageError], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (BadInput, HTTPStatus.BAD_REQUEST),
    (Conflict, HTTPStatus.CONFLICT),
    (TryAgain, HTTPStatus.SERVICE_UNAVAILABLE),
)
TYPES = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.FORBIDDEN: "not_allowed",
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.SERVICE_UNAVAILABLE: "unexpected_state",
    HTTPStatus.INTERNAL_SERVER_ERROR: "unexpected_state",
}
"""The shop's words; everything else is `invalid_data`."""
FRAMEWORK = {
    401: "UNAUTHORIZED",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
RETRY_SECONDS = 5
API = "/api/"
"""Below it answers have the shapes of {success, data} and {success, error} (C-13)."""


class RateLimited(BadInput):
    """Too many requests; `retry_after` in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("RATE_LIMITED", f"Too many requests; try again in {retry_after} s.")
        self.retry_after = retry_after


def status_of(error: TirageError) -> HTTPStatus:
    """The status of an answer that tells this error."""
    if error.code in STATUS:
        return STATUS[error.code]
    return next(
        (status for kind, status in CLASSES if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR
    )


def answer(error: TirageError, path: str, *, status: HTTPStatus | None = None) -> Response:
    """The answer for an error, in the shape of the routes that `path` belongs to."""
    status = status or status_of(error)
    headers = {}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_SECONDS)
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="tirage"'
    findings = [asdict(found) for found in error.findings]
    shared: Shape = {"code": error.code, "hint": error.hint, "findings": findings}
    if path.startswith("/admin/"):
        kind = TYPES.get(status, "invalid_data")
        return JSONResponse({"type": kind, "message": error.message, **shared}, status, headers)
    if path.startswith(API):
        told: Shape = {"code": error.code, "message": error.message, "hint": error.hint, "findings": findings}
        return JSONResponse({"success": False, "error": told}, status, headers)
    problem: Shape = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": error.message,
        **shared,
    }
    return JSONResponse(problem, status, headers, "application/problem+json")


def add_handlers(api: FastAPI) -> None:
    """Ours, the framework's, and what nobody expected."""
    api.add_exception_handler(TirageError, _ours)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _framework)
    api.add_exception_handler(Exception, _unexpected)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, TirageError)  # noqa: S101 – that is what it is registered for
    if status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request failed", path=request.url.path, code=error.code, error=error.message)
    return answer(error, request.url.path)


async def _invalid(request: Request, error: Exception) -> Response:
    """What the framework finds wrong with fields, as findings."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    findings = tuple(_finding(each) for each in error.errors())
    message = " ".join(dict.fromkeys(found.message for found in findings[:5]))
    old = request.url.path.startswith(("/admin/", API))
    status = HTTPStatus.BAD_REQUEST if old else HTTPStatus.UNPROCESSABLE_ENTITY
    return answer(BadInput("INVALID_DATA", message, findings=findings), request.url.path, status=status)


def _finding(told: dict[str, object]) -> Finding:
    place = told.get("loc", ())
    names = (
        [str(part) for part in place if part not in {"body", "query", "path"}]
        if isinstance(place, tuple)
        else []
    )
    where = ".".join(names)[:80]
    return Finding(
        "INVALID_DATA", Severity.ERROR, f"{where or 'The body'}: {told.get('msg', 'wrong')}.", where=where
    )


async def _framework(request: Request, error: Exception) -> Response:
    """No such route, another method, a body that is too large or no form."""
    assert isinstance(error, HTTPException)  # noqa: S101
    if isinstance(error.__cause__, TirageError):
        return answer(error.__cause__, request.url.path)
    code = FRAMEWORK.get(error.status_code, "INVALID_DATA")
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return answer(Failed("INTERNAL", str(error.detail)), request.url.path)
    told = answer(
        BadInput(code, f"{str(error.detail).rstrip('.')}."),
        request.url.path,
        status=HTTPStatus(error.status_code),
    )
    told.headers.update(
        {name: value for name, value in (error.headers or {}).items() if name != "content-type"}
    )
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        told.headers["Allow"] = ", ".join(sorted(_methods(request)))
    return told


def _methods(request: Request) -> set[str]:
    """All methods of a path; the framework names those of the first route that has it."""
    allowed = set()
    for method in METHODS:
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes):
            allowed.add(method)
    return allowed


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("a request met a defect", path=request.url.path, exc_info=error)
    return answer(Failed("INTERNAL", "Something went wrong inside Tirage."), request.url.path)
