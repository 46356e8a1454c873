"""Writes the pages of docs and the module that come from the code; `--check` only compares.
Run by `make reference`; a test compares too, so the pages cannot fall behind.
"""

from __future__ import annotations

import sys
from pathlib import Path

from typer.testing import CliRunner

import rows
from async_client import TARGET, async_client
from http_page import http_page
from tirage.cli import app
from tirage.errors import CODES
from tirage.jobs.failure import FAILURES
from tirage.jobs.machine import RetryBy, StateMachine, is_active, is_terminal
from tirage.jobs.model import CREATED, PROGRESS, RETRIED
from tirage.mockup.states import MOCKUP
from tirage.settings import VARIABLES
from tirage.video.findings import KINDS

DOCS = Path(__file__).resolve().parent.parent / "docs"
MADE = "Made by `make reference` from the code; change it there."


def errors_page() -> str:
    """Every code with its category, hint and whether trying again can help."""
    lines = (
        f"| `{name}` | {code.category} | {code.hint} | {'yes' if code.retryable else ''} |"
        for name, code in CODES.items()
    )
    head = "| code | category | what to do | try again |\n|---|---|---|---|"
    text = (
        "Every error has a code, a message that names what is wrong, and a hint. The command exits with 2 "
        "for bad input or usage, 1 when it failed, 3 when trying again can help."
    )
    return f"# Errors\n{MADE}\n\n{text}\n\n{head}\n" + "\n".join(lines) + "\n"


def settings_page() -> str:
    """Every environment variable with what it does."""
    lines = (f"| `{name}` | {text} |" for name, text in VARIABLES.items())
    head = "| variable | what it does |\n|---|---|"
    text = (
        "A command's option goes before the environment, that before the file tirage.toml, and that before "
        "the default; an unknown name is an error. In the file a setting is called like its variable, in "
        "small letters and without `TIRAGE_`; `data_dir` may be relative to the file's folder. "
        "`tirage doctor` shows what is in effect, and from where."
    )
    return f"# Settings\n{MADE}\n\n{text}\n\n{head}\n" + "\n".join(lines) + "\n"


JOB_COMMANDS = (
    *("list", "show", "watch", "retry", "cancel", "delete", "restore", "purge"),
    *("stats", "pause", "resume"),
)
BATCH = ("upload", "submit", "list", "show", "cancel", "retry", "diff", "apply", "rollback", "download")


def findings_page() -> str:
    """Everything that can be wrong with an edit, a session or its media."""
    lines = (f"| `{name}` | {kind.severity} | {kind.hint} |" for name, kind in KINDS.items())
    head = "| code | severity | what to do |\n|---|---|---|"
    text = (
        "`tirage video check` tells all of them at once, each with its camera, event and line. Errors stop a "
        "render."
    )
    return f"# What can be wrong with an edit\n{MADE}\n\n{text}\n\n{head}\n" + "\n".join(lines) + "\n"


COMMANDS = (
    ("mockup",),
    ("template", "list"),
    ("template", "show"),
    ("template", "check"),
    ("template", "bake"),
    ("worker",),
    *(("jobs", name) for name in JOB_COMMANDS),
    *(("products", name) for name in ("list", "show", "add", "import", "rename", "remove")),
    *(("products", "media", name) for name in ("list", "order", "thumbnail", "remove")),
    *(("batch", name) for name in BATCH),
    *(("keys", name) for name in ("create", "list", "revoke")),
    *(("video", name) for name in ("check", "render", "ingest", "sync", "convert", "diff", "lock")),
    ("serve",),
    ("cleanup",),
    ("migrate",),
    ("doctor",),
)
EXIT_CODES = """| exit | meaning |
|---|---|
| 0 | done |
| 1 | failed; with a matrix: some cells were not made, the others are complete |
| 2 | bad input or usage: it stays wrong however often it is tried |
| 3 | try again: no space, no memory |
| 130, 143 | interrupted by Ctrl-C or SIGTERM; nothing half-made was left |"""


def command_page() -> str:
    """Every command's help, and what the exit codes mean."""
    runner = CliRunner()
    parts = []
    for words in COMMANDS:
        shown = runner.invoke(app, [*words, "--help"], prog_name="tirage", terminal_width=100, color=False)
        text = "\n".join(line.rstrip() for line in shown.output.strip().splitlines())
        parts.append(f"## tirage {' '.join(words)}\n```\n{text}\n```\n")
    head = (
        "All files of an order appear together, or none do. With `--json` every command prints one JSON "
        'object on standard output, errors too: `{"error": {code, category, message, hint, retryable, '
        "findings}}`. `tirage mockup --json` prints the manifest, the folder and the timings in milliseconds."
    )
    return f"# The command\n{MADE}\n\n{head}\n\n{EXIT_CODES}\n\n" + "\n".join(parts)


MACHINES = (MOCKUP,)
RETRY = {
    RetryBy.NEW_JOB: "a new job with the same order; the failed one stays as it is.",
    RetryBy.SAME_JOB: "the failed job go back to its first status; its attempts are kept.",
}
AGAIN = {0: "no", 1: "once", None: "as long as it has attempts"}
JOBS = (
    "A job is one order that a worker makes. Its status changes only as its pipeline's table allows, and "
    f"each change is an event. `{CREATED}` is a job's first event, `{PROGRESS}` says how far it is, "
    f"`{RETRIED}` that it is tried again: by itself after a failure, or by hand."
)
FAILING = (
    "An attempt that fails is followed by another when its class says so, after a waiting time that "
    "doubles; the job is `failed` after the last one. An error that is known better has a code and a "
    "message of its own; [errors](errors.md) has the hints."
)


def jobs_page() -> str:
    """The states of every pipeline's jobs, with their diagram, and what follows a failure."""
    parts = [f"# Jobs\n{MADE}\n\n{JOBS}\n"]
    for machine in MACHINES:
        parts.append(f"## States of a {machine.pipeline} job\n```mermaid\n{diagram(machine)}\n```\n")
        parts.append(f"{states(machine)}\nA retry by hand makes {RETRY[machine.retry]}\n")
    lines = (
        f"| `{kind}` | {AGAIN[rule.retries]} | `{rule.code}` | {rule.message} |"
        for kind, rule in FAILURES.items()
    )
    head = "| class | tried again | code | what users read |\n|---|---|---|---|"
    return "\n".join([*parts, f"## Failures\n{FAILING}\n\n{head}", *lines, ""])


def diagram(machine: StateMachine) -> str:
    """The moves, as Mermaid draws them."""
    names = machine.statuses
    moves = [f"    {old} --> {new}" for old in names for new in names if new in machine.moves[old]]
    ends = [f"    {status} --> [*]" for status in names if is_terminal(machine, status)]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {machine.initial}", *moves, *ends])


def states(machine: StateMachine) -> str:
    """One row for each status."""
    lines = []
    for status in machine.statuses:
        kind = "active" if is_active(machine, status) else "end" if is_terminal(machine, status) else ""
        floor = machine.floors.get(status, "as before")
        event = machine.events.get(status, CREATED)
        lines.append(f"| `{status}` | {kind} | {floor} | `{event}` | {machine.sentences[status]} |")
    head = "| status | kind | progress from | event | what users read |\n|---|---|---|---|---|"
    return "\n".join([head, *lines]) + "\n"


SHOWN = (
    "What Tirage has to do (R), how contradictions between what was asked are resolved (C) and what nobody "
    "asked for but is needed (G), each with the tests that show it. Tests in tests/chaos, tests/security, "
    "tests/blender, tests/ui and tests/peers have make targets of their own."
)


def requirements_page() -> str:
    """Every acceptance row with its tests."""
    listed = rows.read_rows(DOCS / "requirements.csv")
    table = rows.page(listed, rows.shown(DOCS.parent / "tests"))
    return f"# Requirements\n{MADE}\n\n{SHOWN}\n\n{table}"


def pages() -> dict[Path, str]:
    """The files and what has to stand in them."""
    return {
        DOCS / "command.md": command_page(),
        DOCS / "errors.md": errors_page(),
        DOCS / "http-api.md": http_page(MADE),
        DOCS / "jobs.md": jobs_page(),
        DOCS / "requirements.md": requirements_page(),
        DOCS / "settings.md": settings_page(),
        TARGET: async_client(),
        DOCS / "video-findings.md": findings_page(),
    }


def main() -> int:
    """Writes, or compares with --check; 1 when a page is behind."""
    behind = [path for path, text in pages().items() if not path.is_file() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in behind:
            print(f"{path.name} is behind the code: run `make reference`")
        return bool(behind)
    for path in behind:
        path.write_text(pages()[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
