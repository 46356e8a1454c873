"""Collects what a check finds, so that every fault of an input is told at once and not only the first."""

from __future__ import annotations

from tirage.errors import Finding, Severity

MAX_FINDINGS = 200


class Notes:
    """Collects findings in order; after 200 the rest is only counted, so that a hostile file cannot flood."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.left_out = 0

    def note(self, code: str, where: str, message: str, *, hint: str = "") -> None:
        """Adds something worth knowing."""
        self._add(Finding(code, Severity.NOTE, message, hint, where))

    def warning(self, code: str, where: str, message: str, *, hint: str = "") -> None:
        """Adds something that will disappoint."""
        self._add(Finding(code, Severity.WARNING, message, hint, where))

    def error(self, code: str, where: str, message: str, *, hint: str = "") -> None:
        """Adds something that has to be refused."""
        self._add(Finding(code, Severity.ERROR, message, hint, where))

    def extend(self, other: Notes) -> None:
        """Adds what another collected."""
        for finding in other.findings:
            self._add(finding)
        self.left_out += other.left_out

    @property
    def failed(self) -> bool:
        """Whether any error was added."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    def _add(self, finding: Finding) -> None:
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
        else:
            self.left_out += 1
