"""What travels over HTTP, as types: the server's answers and the client's results are nothing else."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict  # pydantic refuses the one in typing before Python 3.12

JsonDict = dict[str, Any]


class FindingAnswer(TypedDict):
    """One thing that a check found."""

    code: str
    severity: str
    message: str
    hint: str
    where: str


class Problem(TypedDict):
    """Every error below /v1 (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    findings: list[FindingAnswer]


class ShopProblem(TypedDict):
    """Every error below /admin."""

    type: str
    message: str
    code: str
    hint: str
    findings: list[FindingAnswer]


class ArtifactAnswer(TypedDict):
    """One file of a job."""

    role: str
    url: str
    rank: int | None
    media_type: str | None
    width: int | None
    height: int | None
    fps: float | None
    duration: float | None
    bytes: int | None
    sha256: str | None


JobError = TypedDict("JobError", {"class": str, "code": str, "message": str, "hint": str})
"""Why a job failed."""


class JobAnswer(TypedDict):
    """Everything that is known of a job."""

    id: str
    pipeline: str
    status: str
    message: str
    progress: int
    progress_at_failure: int | None
    step: str | None
    product_id: str | None
    variant_id: str | None
    template_id: str | None
    preset: str | None
    options: JsonDict
    metadata: JsonDict
    priority: int
    queue: str
    attempt: int
    max_attempts: int
    error: JobError | None
    design_file_url: str | None
    artifacts: list[ArtifactAnswer]
    created_at: str
    updated_at: str
    started_at: str | None
    completed_at: str | None


class CreatedJob(TypedDict):
    """A new job, in the shop's shape."""

    id: str
    status: str
    product_id: str | None
    preset: str | None
    progress: int
    created_at: str


class RenderJob(TypedDict):
    """A job, in the shop's shape."""

    id: str
    status: str
    progress: int
    product_id: str | None
    preset: str | None
    design_file_url: str | None
    composited_file_url: str | None
    rendered_image_urls: list[str] | None
    animation_file_url: str | None
    error_message: str | None
    created_at: str
    started_at: str | None
    completed_at: str | None


class CreatedRenderJob(TypedDict):
    """The answer to an order below /admin."""

    render_job: CreatedJob


class OneRenderJob(TypedDict):
    """One job below /admin."""

    render_job: RenderJob


class RenderJobPage(TypedDict):
    """Jobs below /admin, a page at a time."""

    render_jobs: list[RenderJob]
    count: int
    limit: int
    offset: int


class JobPage(TypedDict):
    """Jobs, a page at a time."""

    jobs: list[JobAnswer]
    count: int
    limit: int
    offset: int
    next_cursor: str | None


class EventAnswer(TypedDict):
    """One thing that happened."""

    number: int
    job_id: str
    name: str
    at: str
    status: str
    attempt: int
    progress: int
    data: JsonDict


class EventPage(TypedDict):
    """Events by number."""

    events: list[EventAnswer]
    last: int


class DesignAnswer(TypedDict):
    """A stored design."""

    id: str
    name: str
    media_type: str
    width: int
    height: int
    bytes: int
    sha256: str
    url: str
    source_url: str | None
    findings: list[FindingAnswer]
    created_at: str


class DesignPage(TypedDict):
    """Designs, a page at a time."""

    designs: list[DesignAnswer]
    count: int
    limit: int
    offset: int
    next_cursor: str | None


class VariantAnswer(TypedDict):
    """A product's variant."""

    id: str
    title: str
    metadata: JsonDict
    created_at: str
    updated_at: str


class MediumAnswer(TypedDict):
    """A product's picture or video."""

    id: str
    url: str
    media_type: str
    rank: int
    job_id: str | None
    role: str | None
    metadata: JsonDict
    created_at: str


class ProductAnswer(TypedDict):
    """A product with variants, and media in their order."""

    id: str
    title: str
    thumbnail: str | None
    metadata: JsonDict
    variants: list[VariantAnswer]
    media: list[MediumAnswer]
    created_at: str
    updated_at: str


class ProductPage(TypedDict):
    """Products, a page at a time."""

    products: list[ProductAnswer]
    count: int
    limit: int
    offset: int
    next_cursor: str | None


class Imported(TypedDict):
    """Products that were added."""

    count: int
    ids: list[str]


class TemplateAnswer(TypedDict):
    """A template on offer."""

    id: str
    name: str
    available_presets: list[str]
    is_active: bool
    metadata: JsonDict


class PresetAnswer(TypedDict):
    """A place for a design."""

    id: str
    panel: str
    width_cm: float


class TemplateDetail(TemplateAnswer):
    """A template with what its package says, which is null where this machine has not got it."""

    version: str | None
    colours: dict[str, str] | None
    views: list[str] | None
    presets: list[PresetAnswer] | None


class Templates(TypedDict):
    """All templates."""

    templates: list[TemplateAnswer]


class SpanAnswer(TypedDict):
    """Seconds: half and nine tenths of all runs took no longer."""

    p50: float
    p90: float


class EstimateAnswer(TypedDict):
    """What orders will cost; null where no runs are recorded yet."""

    total: int
    new: int
    rendered: int
    ahead: int
    workers: int
    seconds_each: SpanAnswer | None
    seconds: SpanAnswer | None
    findings: list[FindingAnswer]


class BatchAnswer(TypedDict):
    """A batch, and how far it is."""

    id: str
    name: str
    status: str
    progress: int
    total: int
    by_status: dict[str, int]
    apply_at_end: bool
    replace: bool
    metadata: JsonDict
    created_at: str
    updated_at: str
    finished_at: str | None
    applied_at: str | None
    rolled_back_at: str | None


class BatchPage(TypedDict):
    """Batches, a page at a time."""

    batches: list[BatchAnswer]
    count: int
    limit: int
    offset: int
    next_cursor: str | None


class BatchOrderAnswer(TypedDict):
    """One job of a batch."""

    id: str
    status: str
    progress: int
    product_id: str | None
    variant_id: str | None
    template_id: str | None
    preset: str | None
    options: JsonDict
    error: JobError | None


class BatchOrders(TypedDict):
    """The jobs of a batch, each once, in its order."""

    jobs: list[BatchOrderAnswer]
    count: int
    limit: int
    offset: int


class Changed(TypedDict):
    """How many jobs were changed, and the batch as it is then."""

    changed: int
    batch: BatchAnswer


class DifferenceAnswer(TypedDict):
    """What applying a batch changes of one product."""

    product_id: str
    added: list[str]
    removed: list[str]
    thumbnail_before: str | None
    thumbnail_after: str | None


class Differences(TypedDict):
    """What applying a batch changes, or has changed."""

    products: list[DifferenceAnswer]
    count: int


class AttemptAnswer(TypedDict):
    """One try of a job; open until `ended_at`."""

    number: int
    worker: str
    started_at: str
    ended_at: str | None
    error: JobError | None


class StepAnswer(TypedDict):
    """One recorded step, and what it noticed; under way until `ended_at`."""

    name: str
    attempt: int
    started_at: str
    ended_at: str | None
    findings: list[FindingAnswer]


class JobHistory(TypedDict):
    """How a job went."""

    attempts: list[AttemptAnswer]
    steps: list[StepAnswer]


class StepTimesAnswer(TypedDict):
    """How long a step takes, of the last runs: half and nine tenths took no longer, in seconds."""

    name: str
    runs: int
    p50: float
    p90: float


class WorkerAnswer(TypedDict):
    """A worker that is alive, and how many jobs it holds."""

    name: str
    jobs: int


class OverviewAnswer(TypedDict):
    """How the server does; failures are those of the last day, by class."""

    by_status: dict[str, int]
    failures: dict[str, int]
    workers: list[WorkerAnswer]
    steps: list[StepTimesAnswer]
    stored_bytes: int


class CleanedAnswer(TypedDict):
    """How much went, or would go."""

    dry_run: bool
    folders: int
    files: int
    steps: int
    jobs: int


class QueueAnswer(TypedDict):
    """One queue as it is now."""

    name: str
    paused: bool
    waiting: int
    running: int
    oldest: str | None


class Queues(TypedDict):
    """All queues."""

    queues: list[QueueAnswer]


class KeyAnswer(TypedDict):
    """A key, without its secret."""

    id: str
    name: str
    beginning: str
    scopes: list[str]
    created_at: str
    expires_at: str | None
    revoked_at: str | None


class NewKeyAnswer(KeyAnswer):
    """A new key with its secret, which is shown this once."""

    secret: str


class KeyList(TypedDict):
    """All keys."""

    keys: list[KeyAnswer]


class SessionAnswer(TypedDict):
    """What a browser's session, or a key, may do."""

    scopes: list[str]
    csrf: str | None


class ShopAnswer(TypedDict):
    """A connected shop, without its key."""

    name: str
    kind: str
    url: str
    copies: bool
    products: int
    waiting: int
    failing: int
    checked_at: str | None
    problem: str | None
    created_at: str
    updated_at: str


class ShopList(TypedDict):
    """All connected shops."""

    shops: list[ShopAnswer]


class ShopChecked(TypedDict):
    """A shop that answers as it should."""

    name: str
    answer: str


class ShopSynced(TypedDict):
    """What came of reading what a shop sells: numbers of products."""

    added: int
    changed: int
    unchanged: int
    gone: int
    findings: list[FindingAnswer]


class WebhookAnswer(TypedDict):
    """A webhook's endpoint, without its secret."""

    id: str
    url: str
    events: list[str]
    description: str
    enabled: bool
    disabled_reason: str | None
    created_at: str
    updated_at: str


class NewWebhookAnswer(WebhookAnswer):
    """A new endpoint with the key of its signatures, which is shown this once."""

    secret: str


class WebhookList(TypedDict):
    """All endpoints."""

    webhooks: list[WebhookAnswer]


class DeliveryAnswer(TypedDict):
    """One message for an endpoint."""

    id: str
    event: str
    outcome: str
    attempts: int
    next_at: str | None
    last_status: int | None
    last_error: str | None
    payload: JsonDict
    created_at: str
    ended_at: str | None


class DeliveryPage(TypedDict):
    """An endpoint's messages, a page at a time."""

    deliveries: list[DeliveryAnswer]
    count: int
    limit: int
    offset: int
    next_cursor: str | None


class Health(TypedDict):
    """That the process answers."""

    status: str
    version: str


class Readiness(TypedDict):
    """What is there, and what is not."""

    status: str
    checks: dict[str, str]
