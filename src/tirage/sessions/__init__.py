"""Recording sessions on a server: recordings that were sent, revisions of their edits, the jobs of both."""
