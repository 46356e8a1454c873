"""The composition root: settings become the parts of a running program, and nothing else builds adapters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from tirage.access.keys import Keys, new_secret
from tirage.batches.applying import Applying, Holding
from tirage.batches.designs import Designs
from tirage.batches.service import Batches
from tirage.errors import Failed, TirageError
from tirage.jobs.service import JobService, now
from tirage.media.browser import find_browser
from tirage.media.fetch import Door
from tirage.media.ffmpeg import find_ffmpeg
from tirage.media.intake import MAX_BYTES
from tirage.mockup import template as packages
from tirage.mockup.ports import Publisher
from tirage.mockup.preview_shelf import PreviewShelf
from tirage.mockup.register import Register, descriptions_in
from tirage.mockup.removal import Removal
from tirage.mockup.states import MOCKUP
from tirage.mockup.submit import Submissions
from tirage.pipelines import PIPELINES
from tirage.sessions.checks import Preflight
from tirage.sessions.edits import Edits
from tirage.sessions.footage import Footage
from tirage.sessions.opening import free_of
from tirage.sessions.orders import VideoOrders
from tirage.sessions.service import Sessions
from tirage.settings import STATIC, Settings
from tirage.shops.catalogue import Catalogue
from tirage.shops.connections import Connections
from tirage.shops.kinds import Storefronts
from tirage.shops.pushing import Pushing, Showing
from tirage.stores.addresses import Addresses
from tirage.stores.blobs import Blobs, open_blobs
from tirage.stores.database import Database
from tirage.stores.locks import open_locks
from tirage.stores.migrations import migrate
from tirage.stores.orphans import Orphans
from tirage.webhooks.deliver import Delivering
from tirage.webhooks.service import Webhooks

LOCKS = "locks"
"""The folder of locks between processes, in the data folder."""
VIDEO = "video"
"""The folder of recordings on their way and of finished segments, in the data folder."""
HOST, PORT = "127.0.0.1", 8100
"""Where `tirage serve` listens when nobody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The parts, each of which may be used from several threads."""

    settings: Settings
    database: Database
    service: JobService
    files: Blobs
    orphans: Orphans
    addresses: Addresses
    catalogue: Catalogue
    publisher: Publisher
    shops: Connections
    pushing: Pushing
    templates: Register
    submissions: Submissions
    removal: Removal
    previews: PreviewShelf
    designs: Designs
    batches: Batches
    applying: Applying
    keys: Keys
    own_key: str = field(repr=False)
    """The server's own: of the settings, or made for this run."""
    webhooks: Webhooks
    delivering: Delivering
    door: Door
    footage: Footage
    sessions: Sessions
    preflight: Preflight
    edits: Edits
    videos: VideoOrders


@contextmanager
def open_app(settings: Settings, *, host: str = HOST, port: int = PORT) -> Iterator[App]:
    """The parts, until the block ends; the database is brought to this version's schema first.

    `host` and `port` are the server's own, for files' addresses when no setting names another base.
    UsageError INVALID_SETTING; Failed OUTPUT_UNWRITABLE: no place for data; TryAgain STORE_UNAVAILABLE.
    """
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"The data folder {settings.data_dir} cannot be made: {error.strerror}."
        raise Failed("OUTPUT_UNWRITABLE", message) from error
    migrate(settings.database_url)
    files = open_blobs(settings.storage_url)
    base = settings.file_base_url or f"http://{_name(host)}:{port}/{STATIC}"
    with (
        Database(settings.database_url) as database,
        closing(open_locks(settings.database_url, folder=settings.data_dir / LOCKS)) as locks,
        closing(Storefronts()) as storefront,
    ):
        service = JobService(database, pipelines=PIPELINES)
        catalogue = Catalogue(database, active=MOCKUP.active, clock=now)
        templates = Register(
            database,
            descriptions=descriptions_in(settings.templates),
            default=settings.default_template,
            clock=now,
        )
        templates.update()
        door = Door(settings.fetch_allow)
        addresses = Addresses(base, sign=files.sign if files.can_sign else None)
        pushing = Pushing(
            database, storefront=storefront, locks=locks, files=files, address=addresses.url, clock=now
        )
        showing = Showing(database, catalogue=catalogue, pushing=pushing)
        own_key = settings.api_key or new_secret()
        footage = Footage(files, folder=settings.data_dir / VIDEO)
        preflight = Preflight(
            database,
            footage=footage,
            browser=partial(_has_browser, settings),
            free=free_of(settings.data_dir / VIDEO),
        )
        yield App(
            settings=settings,
            database=database,
            service=service,
            files=files,
            orphans=Orphans(files, database),
            addresses=addresses,
            catalogue=catalogue,
            publisher=Holding(database, showing),
            shops=Connections(
                database, storefront=storefront, public=settings.file_base_url is not None, clock=now
            ),
            pushing=pushing,
            templates=templates,
            previews=PreviewShelf(
                settings.data_dir / "previews", lambda name: packages.load(package(settings, name))
            ),
            removal=Removal(service, files=files, publisher=showing),
            submissions=Submissions(service, files=files, products=catalogue, templates=templates),
            designs=Designs(database, files=files, fetch=partial(door.get, most=MAX_BYTES), clock=now),
            batches=Batches(
                database, service, products=catalogue, templates=templates, active=MOCKUP.active, clock=now
            ),
            applying=Applying(database, clock=now),
            keys=Keys(database, own=own_key, clock=now),
            own_key=own_key,
            webhooks=Webhooks(database, clock=now),
            delivering=Delivering(database, post=door.post, clock=now),
            door=door,
            footage=footage,
            sessions=Sessions(database, service, footage=footage, clock=now),
            preflight=preflight,
            edits=Edits(database, preflight, clock=now),
            videos=VideoOrders(
                database,
                service,
                preflight,
                storage=files,
                program=cache(partial(_ffmpeg_version, settings)),
                encoder=settings.video_encoder or "",
            ),
        )


def package(settings: Settings, name: str) -> Path:
    """The folder of a template: the user's folders first, then the built-in ones."""
    folder = next((f for f in settings.templates if (f / name / packages.DESCRIPTION).is_file()), None)
    return packages.find(name, folder=folder)


def _has_browser(settings: Settings) -> bool:
    """Whether one draws graphics in HTML here."""
    try:
        return bool(find_browser(settings.browser))
    except TirageError:
        return False


def _ffmpeg_version(settings: Settings) -> str | None:
    """None: this machine has none, and only workers know what they render with."""
    try:
        return find_ffmpeg(settings.ffmpeg).version
    except TirageError:
        return None


def _name(host: str) -> str:
    """How a browser on this machine calls a host that we listen on."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 – what it means, not where we listen
        return HOST
    return f"[{host}]" if ":" in host else host
