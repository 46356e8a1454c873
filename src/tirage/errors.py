"""One tree of errors and one table of codes: what went wrong, what to do about it, whether to try again.
Every interface (command, library, HTTP) shows these; adapters translate foreign errors at their edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

__all__ = [
    "CODES",
    "BadInput",
    "Cancelled",
    "Code",
    "Conflict",
    "Failed",
    "Finding",
    "NotFound",
    "Severity",
    "TirageError",
    "TryAgain",
    "UsageError",
]


class Severity(StrEnum):
    """How much a finding matters: an error stops the work, a warning asks to be read, a note informs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check found: `where` names the place in the input (a field, a file, a panel)."""

    code: str
    severity: Severity
    message: str
    hint: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means: its category, the default hint, whether the same call may succeed later."""

    category: str
    hint: str
    retryable: bool = False


IMAGE, GEOMETRY, COLOUR, OUTPUT, VIDEO, PRODUCT, TEMPLATE, USAGE, JOB, SHOP, REQUEST, SYSTEM = (
    "image",
    "placement",
    "colour",
    "output",
    "video",
    "product",
    "template",
    "usage",
    "job",
    "shop",
    "request",
    "system",
)

CODES: dict[str, Code] = {
    # image: the uploaded design
    "MISSING_FILE": Code(IMAGE, "Give the path of a PNG or JPEG file."),
    "UNREADABLE_FILE": Code(
        IMAGE, "Give a regular file that this user may read, not a folder, link to a folder or device."
    ),
    "FILE_TOO_LARGE": Code(IMAGE, "Keep the file within 10 MiB: fewer pixels, or stronger compression."),
    "INVALID_FILE_TYPE": Code(IMAGE, "Save the design as PNG or JPEG; renaming a file does not convert it."),
    "TYPE_MISMATCH": Code(IMAGE, "Name the file by what it contains: .png for PNG, .jpg or .jpeg for JPEG."),
    "IMAGE_TOO_LARGE": Code(
        IMAGE, "Scale the design down to 50 megapixels and at most 20,000 pixels a side."
    ),
    "IMAGE_DAMAGED": Code(IMAGE, "Export the design again: the file is cut off or damaged."),
    "EMPTY_FILE": Code(
        IMAGE, "Give a file with a picture in it: the upload or export may have been cut short."
    ),
    "EMPTY_ART": Code(IMAGE, "Give a design with at least one visible pixel."),
    # placement, print
    "INVALID_PRESET": Code(GEOMETRY, "Choose one of the presets that the template names."),
    "INVALID_PLACEMENT": Code(
        GEOMETRY, "Write PANEL:X,Y,WIDTH or PANEL:X,Y,WIDTH,ROTATION in centimetres and degrees."
    ),
    "OFF_PANEL": Code(GEOMETRY, "Move the art onto the panel, or make it smaller."),
    # colours
    "INVALID_COLOR": Code(COLOUR, "Write #rgb, #rrggbb, a CSS colour name or a colour of the template."),
    # output
    "INVALID_SIZE": Code(OUTPUT, "Choose a size from 512 to 4096 pixels."),
    "INVALID_FORMAT": Code(OUTPUT, "Choose png, jpeg or webp."),
    "INVALID_MODE": Code(OUTPUT, "Choose all, images-only or animation-only."),
    "INVALID_RENDERER": Code(OUTPUT, "Choose relight or cycles."),
    "INVALID_SAMPLES": Code(OUTPUT, "Choose 1 to 4096 samples."),
    "INVALID_VIEW": Code(OUTPUT, "Choose one of the views that the template names."),
    "MODEL_TOO_LARGE": Code(OUTPUT, "Leave --glb out, or choose a template with a lighter mesh."),
    "OUTPUT_UNWRITABLE": Code(OUTPUT, "Name a folder that this user may write to."),
    # video
    "INVALID_EDL_FORMAT": Code(VIDEO, "Name the file .otio, .edl, .xml, .fcpxml, .drp or .json, as it is."),
    "INVALID_EDL": Code(VIDEO, "Correct what the findings name, or export the edit again."),
    "MEDIA_MISSING": Code(VIDEO, "Put the file where the session says, or correct its path."),
    "MEDIA_UNREADABLE": Code(VIDEO, "Copy the file from the recorder again; this one is damaged."),
    "MEDIA_CONTAINER": Code(VIDEO, "Give MP4, MOV, Matroska, WAV, MXF or MPEG-TS; no playlists."),
    "INVALID_SESSION": Code(VIDEO, "Correct what the findings name; docs/video-session.md has an example."),
    "INVALID_OPTION": Code(VIDEO, "Run `tirage video render --help` for what can be asked for."),
    "GRAPHIC_UNKNOWN": Code(VIDEO, "Use title, lower-third or end-card, or name a file in HTML."),
    "CAPTIONS_UNREADABLE": Code(VIDEO, "Save the captions as SRT, VTT or ASS in UTF-8."),
    "NO_PICTURE": Code(VIDEO, "Let the edit show a camera."),
    "FFMPEG_MISSING": Code(
        VIDEO, "Install `tirage[video]`, or set TIRAGE_FFMPEG to an FFmpeg with libx264 and libass."
    ),
    "REMOTION_MISSING": Code(
        VIDEO, "Set TIRAGE_REMOTION to a project with its packages, bundled, and install Node.js."
    ),
    "BROWSER_MISSING": Code(VIDEO, "Install Chromium, or set TIRAGE_BROWSER to it."),
    "FONT_MISSING": Code(VIDEO, "Install `tirage[video]`, which brings the fonts."),
    "PROOF_FAILED": Code(VIDEO, "Render again; if it fails again, report it with the session that shows it."),
    "SESSION_NOT_FOUND": Code(VIDEO, "Look the session's id up with GET /v1/sessions, or make it first."),
    "EDL_NOT_FOUND": Code(VIDEO, "Give the session an edit, or name one of its revisions."),
    "EDL_NOT_LOCKED": Code(VIDEO, "Lock the edit when it is final; only locked revisions are rendered."),
    "EDL_LOCKED": Code(VIDEO, "Make a new revision: a locked one never changes."),
    "ASSETS_MISSING": Code(VIDEO, "Give the session its recorders, each with its recording."),
    "MEZZANINE_MISSING": Code(VIDEO, "Send the recording of the camera that the message names."),
    "PREFLIGHT_FAILED": Code(VIDEO, "Correct what the findings name; nothing was rendered."),
    # products
    "PRODUCT_NOT_FOUND": Code(
        PRODUCT, "Run `tirage products list` for the products there are, or add it first."
    ),
    "VARIANT_NOT_FOUND": Code(PRODUCT, "Run `tirage products show` for the product's variants."),
    # templates
    "TEMPLATE_INACTIVE": Code(TEMPLATE, "Choose another template; an operator took this one off offer."),
    "TEMPLATE_NOT_FOUND": Code(TEMPLATE, "Run `tirage template list` for the templates there are."),
    "TEMPLATE_INVALID": Code(TEMPLATE, "Run `tirage template check` on the package; it lists every finding."),
    "TEMPLATE_REPLACES": Code(TEMPLATE, "Give --yes to install it all the same."),
    "TEMPLATE_OLDER": Code(TEMPLATE, "Give --force to install it all the same."),
    # usage
    "INVALID_USAGE": Code(USAGE, "Run the command with --help."),
    "INVALID_SETTING": Code(USAGE, "Correct the environment variable, or unset it for the default."),
    "NOT_FOUND": Code(USAGE, "Check the name or id."),
    # jobs
    "INVALID_DATA": Code(JOB, "Correct what the message names; nothing was changed."),
    "CONFLICT": Code(JOB, "Read the job again: somebody else changed it meanwhile.", retryable=True),
    "CANCELLED": Code(JOB, "Retry the job, or submit it again, if it is wanted after all."),
    "TIMEOUT": Code(
        JOB, "Order smaller or fewer pictures, or raise the step's limit in the settings.", retryable=True
    ),
    "WORKER_LOST": Code(
        JOB, "Retry the job; when workers are lost often, look at the machine's memory.", retryable=True
    ),
    "UNAVAILABLE": Code(JOB, "Try again later: a service that the job needs did not answer.", retryable=True),
    # connected shops
    "SHOP_UNAVAILABLE": Code(
        SHOP,
        "Try again later: the shop does not answer, or asks to be left alone for a while.",
        retryable=True,
    ),
    "SHOP_REFUSED": Code(
        SHOP, "Run `tirage shops check`: the shop's address, its key, or what the key may do is not right."
    ),
    # requests over HTTP
    "UNAUTHORIZED": Code(
        REQUEST,
        "Send the server's key as `Authorization: Bearer KEY`, as `x-api-key: KEY`, or as the user of Basic.",
    ),
    "FORBIDDEN": Code(REQUEST, "Use a key that has the scope which the message names."),
    "RATE_LIMITED": Code(REQUEST, "Wait as long as Retry-After says.", retryable=True),
    "IDEMPOTENCY_MISMATCH": Code(
        REQUEST, "Use another Idempotency-Key: this one belongs to a request with another body."
    ),
    "FETCH_REFUSED": Code(
        REQUEST, "Give an http(s) address on the public internet, or ask the operator to allow it."
    ),
    "FETCH_FAILED": Code(REQUEST, "Look whether the address answers others; then try again.", retryable=True),
    "METHOD_NOT_ALLOWED": Code(REQUEST, "Look the route up in docs/http-api.md: it has other methods."),
    "BODY_TOO_LARGE": Code(REQUEST, "Send less at once."),
    # the machine, or us
    "INTERNAL": Code(
        SYSTEM, "This is a defect of Tirage: report it with the command and the design that show it."
    ),
    "STORE_UNAVAILABLE": Code(
        SYSTEM,
        "Try again in some seconds; if it stays so, look at the database and the storage.",
        retryable=True,
    ),
    "KERNELS_MISSING": Code(
        SYSTEM, "Install Tirage again: its compiled part is missing or of another version."
    ),
    "RENDER_FAILED": Code(SYSTEM, "Run again; if it fails again, report it with the design that shows it."),
    "BAKE_FAILED": Code(SYSTEM, "Read what the script printed; it can be run again by itself."),
    "BLENDER_MISSING": Code(
        USAGE,
        "Run `make blender` in a checkout, or set TIRAGE_BLENDER to Blender 5.0 or newer.",
    ),
    "BLEND_REFUSED": Code(
        TEMPLATE, "Save it without scripts, drivers in Python, Freestyle scripts and files from elsewhere."
    ),
    "PROCESS_KILLED": Code(
        SYSTEM, "Run again; when it happens often, look at who ends processes here.", retryable=True
    ),
    "PROCESS_CRASHED": Code(SYSTEM, "Run again; if it fails again, report it with its last words."),
    "PARTLY_FAILED": Code(SYSTEM, "Read the list of failed parts; the others are complete."),
    "OUT_OF_MEMORY": Code(
        SYSTEM, "Choose a smaller size, or try again when the machine has memory.", retryable=True
    ),
    "DISK_FULL": Code(SYSTEM, "Free some space, then try again.", retryable=True),
    "INTERRUPTED": Code(SYSTEM, "Run the same command again: nothing half-made was left.", retryable=True),
}


class TirageError(Exception):
    """Base of all errors on purpose: `code` (a key of CODES), `message`, `hint`, `retryable`, `findings`."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self, code: str, message: str, *, hint: str | None = None, findings: Sequence[Finding] = ()
    ) -> None:
        entry = CODES[code]
        super().__init__(message)
        self.code = code
        self.message = message
        self.category = entry.category
        self.hint = entry.hint if hint is None else hint
        self.retryable = entry.retryable
        self.findings = tuple(findings)


class BadInput(TirageError):
    """The input is wrong, and stays wrong however often it is tried."""

    exit_code = 2


class UsageError(BadInput):
    """The call itself is wrong: an option, an argument, a setting."""


class NotFound(BadInput):
    """What the input names does not exist."""


class Cancelled(TirageError):
    """Somebody does not want it any more."""


class Conflict(TirageError):
    """Somebody else was first: what the call was based on is no longer so."""

    exit_code = 3


class Failed(TirageError):
    """We failed: a defect, or a machine that cannot do it."""


class TryAgain(TirageError):
    """It could not be done now: the same call may succeed later, `after` so many seconds at the earliest."""

    exit_code = 3

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        findings: Sequence[Finding] = (),
        after: float = 0.0,
    ) -> None:
        super().__init__(code, message, hint=hint, findings=findings)
        self.after = after
