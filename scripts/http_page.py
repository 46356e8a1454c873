"""The page of the HTTP API, from its routes: part of `make reference`."""

# ruff: noqa: E501 – prose
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tirage.access.model import SCOPES
from tirage.batches.matrix import COLUMNS, MAX_ORDERS
from tirage.sessions.footage import LUT_BYTES, MEDIA_BYTES
from tirage.video.limits import MAX_BYTES as EDL_BYTES
from tirage.web.build import bare_api
from tirage.web.gate import OPEN
from tirage.web.limits import BODY_BYTES, ROUTES
from tirage.web.serve import HEADER_BYTES, HEADER_MILLISECONDS
from tirage.webhooks.model import EVENTS as EVENT_NAMES
from tirage.webhooks.model import WAITS

START = """## Begin
```sh
tirage serve
```

The server listens on 127.0.0.1 and prints a key. A shop's product is added and ordered for so:

```
export KEY=sk_…  # as it was printed
curl -H "x-api-key: $KEY" localhost:8100/v1/products --json '{"id": "prod_1", "title": "Tee"}'
curl -H "x-api-key: $KEY" localhost:8100/admin/render-jobs \\
  -F product_id=prod_1 -F preset=chest-medium -F fabric_color=navy -F design_file=@design.png
curl -H "x-api-key: $KEY" localhost:8100/v1/products/prod_1
```

A design that is ordered many times is uploaded once: `POST /v1/designs` gives it an id, which `POST /v1/mockups` and batches name.

The order is answered with 201 as soon as the design is stored and the job is on disk; the worker that the server started renders it. When it is completed the product has the pictures in their order, the turntable, and a thumbnail."""
KEYS = """## Keys
Every request shows a key: `Authorization: Bearer KEY`, `Authorization: Basic` with the key as the user and no password, or `x-api-key: KEY`. The server's own key, `TIRAGE_API_KEY`, may do everything; without it the server makes a new one at each start and refuses to listen on other addresses than this machine's. Keys for others are made with `POST /v1/keys` or `tirage keys create`: the secret is shown once, only its digest is kept. Each has scopes:

{scopes}

{open} need none: files have addresses that nobody can guess. A browser shows a key once, to `POST /v1/session`, and has a cookie then that scripts cannot read; with every change it sends the `csrf` of that answer as `X-CSRF-Token`.

With a key of your own each key may make `TIRAGE_RATE_LIMIT` requests a minute; the headers `RateLimit-Policy` and `RateLimit` say how many are left, and 429 comes with `Retry-After`."""
ONCE = """## Once
Every POST takes an `Idempotency-Key` of your own choice, up to 255 characters. Who sends the same request again with it within a day gets the first answer, with `Idempotency-Replayed: true`, and nothing is done twice, also when the server died in between. Another body with that key is answered 422, a request that is still under way 409. What was refused may be tried again with the same key."""
LISTS = """## Lists
Lists have `limit` and `offset`, and `count` says how many there are. `next_cursor` names the page after this one: given as `cursor` it moves with nothing that is added meanwhile. It is null on the last page."""
BATCHES = """## Batches
`POST /v1/batches` takes a `matrix` (each combination of `designs`, `products`, `presets`, `colors` and `templates` is an order), a list of `orders`, or both, up to {most}; `POST /v1/batches/import` takes a CSV file with the columns {columns}. With `dry_run=true` nothing is ordered, and the answer says how many orders are new, how many were rendered before, and how long it will take by the runs recorded here. What was rendered before for the same product is not rendered again.

A batch's pictures are not shown until it is applied: `GET …/diff` says what would change of which product, `POST …/apply` does it in one transaction, `POST …/rollback` gives every product back exactly what it showed before, and keeps what others added since. With `apply_at_end` it is applied when its last job has ended; with `replace` other pictures that Tirage made of these products go. Applying it again changes nothing. Single orders go before those of batches."""
VIDEOS = """## Videos
A recording session has recorders (`assets`), each with its recording, and revisions of its edit (`edls`). From nothing to a video:

```
export URL=localhost:8100 AUTH="x-api-key: $KEY"
curl -H "$AUTH" $URL/v1/sessions --json '{"id": "evening", "rate": "25", "master": "mix", "assets": [{"camera": "left"}, {"camera": "mix"}]}'
curl -H "$AUTH" -T left.mp4 $URL/v1/assets/ASSET/files/left.mp4
curl -H "$AUTH" --data-binary @cut.edl "$URL/v1/sessions/evening/edls?name=cut.edl"
curl -H "$AUTH" -X POST $URL/v1/edls/EDL/validate
curl -H "$AUTH" -X POST $URL/v1/edls/EDL/lock
curl -H "$AUTH" $URL/api/render-jobs/trigger --json '{"sessionId": "evening", "format": "full_16_9"}'
```

- **Recordings** are sent as the body of a PUT, under the name by which edits may call them, or fetched from `mezzanine_url` (also `r2_video_prores_url`, which `assets` of other systems have). A job of the pipeline `ingest` then looks into each; the recorder is `ready` when all its files are known. `POST …/ingest?mezzanines=all` also makes mezzanines, from which a render copies what an edit leaves as it is.
- **Edits** come in every format of [sessions and edits](video-session.md), as the body, with the file's `name`; each is a new revision. What is wrong with it is told at once. Graphics are the built-in ones; captions are sent to `…/captions` and make another revision.
- **Locking** checks the revision in its session and keeps a hash over the edit, the recordings' contents and their syncs. A locked revision never changes, and the one locked last is what the session renders. When a recorder is changed afterwards, the render is refused with `LOCK_BROKEN` among its findings.
- **Rendering**: `POST /v1/videos` takes formats, options and a revision; `POST /api/render-jobs/trigger` one format. Preflight looks at everything when it is ordered and again when it begins: `EDL_NOT_FOUND`, `EDL_NOT_LOCKED`, `ASSETS_MISSING`, `MEZZANINE_MISSING`, else `PREFLIGHT_FAILED`, each with all findings. What was rendered before, by the same FFmpeg with the same options, is answered with the job that did it, `completed`.
- **Jobs** are those of `/v1/jobs`, with events, `wait`, cancelling and retrying; a retry is the same job again, and `…/history` tells of each try. A worker that takes over finds the finished segments of its machine and codes only the rest. Every file was measured before the job is called completed; `url` serves it, in parts too."""
WEBHOOKS = """## Webhooks
Messages follow Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`, so that its libraries check them with the secret that `POST /v1/webhooks` shows once. The events are {events}; a batch's jobs are not told one by one, the batch is, when it has ended. A message goes out until it is answered with 2xx, {times} times in about three days and with the same id; then, or when the answer is 410, the webhook is disabled. `…/deliveries` lists what was sent, and each can be sent again. Who would rather ask: `GET /v1/events/log` has all events from any number on.

Webhooks and designs at addresses (`design_url`, `/v1/designs/fetch`) reach the public internet on ports 80 and 443 and nothing else, unless `TIRAGE_FETCH_ALLOW` says so."""

FAMILIES = """## Three families
Below `/admin` answers have the shapes that shop administrations know (`render_job`, `render_jobs` with `count`, `limit` and `offset`; errors with `type`, `message` and `code`). Below `/api/render-jobs` videos have the shapes of the system that ordered them before: `{"success": true, "data": …}`, and errors `{"success": false, "error": {"code", "message"}}`. Below `/v1` is everything else, and errors are `application/problem+json`. All add `hint` and `findings`: everything that is wrong with a request is said at once, each finding with the place in `where`. Codes are those of [errors](errors.md)."""
EVENTS = """## Events
`/v1/jobs/{{job_id}}/events` and `/v1/events` are server-sent events. Each has the number of the event as its id, its name ([which there are](jobs.md)), and as data a JSON object with `number`, `job_id`, `name`, `at`, `status`, `attempt`, `progress` and `data`. Numbers have no gaps. After a break a browser sends `Last-Event-ID` by itself and misses nothing; others may send `?after=NUMBER`. A job's stream begins with its first event and ends with its last; asked again after that, it answers 204. `GET /v1/jobs/{{job_id}}?wait=30` answers when the job has ended, at the latest after 30 seconds."""
FILES = """## Files
Files lie below `/static`: `uploads/render-jobs/JOB/design.png` as it was sent, for download only, and `media/products/PRODUCT/renders/JOB/…`, videos in `media/sessions/SESSION/renders/JOB/…`, recordings in `uploads/sessions/SESSION/ASSET/…`. They come whole or in parts (`Range`), with a tag, and pictures may be kept by caches for ever: another order is another job. `TIRAGE_FILE_BASE_URL` and the variables beside it ([settings](settings.md)) say what addresses begin with when files are served from elsewhere."""

STATUSES = """## Statuses
| status | when |
|---|---|
| 200, 201, 204 | done; made; done, and nothing to say |
| 206, 304, 416 | a part of a file; as before; no such part |
| 400 | a field, a file or an id is wrong, or what is asked for is not possible in the job's status |
| 401, 403 | no key, or another one; one that may not do this |
| 404, 405 | no such route, job, product, variant, template, session, edit or file; another method |
| 409 | somebody else was first, or it is in use |
| 413, 431 | the body is too large; the headers are |
| 422 | below `/v1`: the body or the query is not of the form that is asked for; an `Idempotency-Key` with another body |
| 429 | too many requests (`Retry-After`) |
| 500 | a defect of Tirage |
| 503, 507 | the database or the storage is away (`Retry-After`); the disk is full |
"""


def http_page(made: str) -> str:
    """The whole page."""
    document = bare_api().openapi()
    open_to_all = ", ".join(f"`{path}`" for path in OPEN)
    return "\n\n".join(
        (
            f"# HTTP API\n{made} A running server shows the routes with all fields at `/docs`, and `/openapi.json` has them for programs. In Python, `tirage.client` has a method for each.",
            START,
            KEYS.format(open=open_to_all, scopes=_scopes()),
            ONCE,
            FAMILIES,
            f"## Routes\n{_routes(document)}",
            f"### Fields of an order\n`POST /admin/render-jobs` is a form (multipart). {_fields(document)}",
            LISTS,
            BATCHES.format(most=MAX_ORDERS, columns=", ".join(f"`{name}`" for name in COLUMNS)),
            VIDEOS,
            EVENTS.format(),
            WEBHOOKS.format(events=", ".join(f"`{name}`" for name in EVENT_NAMES), times=len(WAITS)),
            FILES,
            f"## Limits\n{_limits()}",
            STATUSES,
        )
    )


def _scopes() -> str:
    rows = (f"| `{scope}` | {text} |" for scope, text in SCOPES.items())
    return "\n".join(("| scope | what it allows |\n|---|---|", *rows))


def _routes(document: Mapping[str, Any]) -> str:
    rows = (
        f"| `{method.upper()} {path}` | {' '.join(told['description'].split(chr(10) * 2)[0].split())} |"
        for path, methods in document["paths"].items()
        for method, told in methods.items()
    )
    return "\n".join(("| route | what it does |\n|---|---|", *rows))


def _fields(document: Mapping[str, Any]) -> str:
    names = document["components"]["schemas"]["OrderForm"]["properties"]
    needed = ("design_file", "product_id", "preset")
    others = ", ".join(f"`{name}`" for name in names if name not in needed)
    return (
        f"It needs {', '.join(f'`{name}`' for name in needed)}; beside them it takes {others}. "
        "A retry takes a JSON object of "
        + ", ".join(f"`{name}`" for name in document["components"]["schemas"]["Overrides"]["properties"])
        + ": what is to be ordered differently."
    )


def _limits() -> str:
    rows = [f"| body of `{path}` | {most / 2**20:g} MiB |" for path, (most, _) in ROUTES.items()]
    rows += [
        f"| a recording | {MEDIA_BYTES >> 30} GiB |",
        f"| an edit or captions | {EDL_BYTES >> 20} MiB |",
        f"| a LUT | {LUT_BYTES >> 20} MiB |",
    ]
    rows += [
        f"| other bodies | {BODY_BYTES / 2**20:g} MiB |",
        f"| headers | {HEADER_BYTES >> 10} KiB, sent within {HEADER_MILLISECONDS / 1000:g} s |",
    ]
    return "\n".join(("| what | at most |\n|---|---|", *rows))
