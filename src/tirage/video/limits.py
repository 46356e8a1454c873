"""How large an edit and a session may be: far above any real one, and below what would hang a program."""

MAX_BYTES = 64 << 20
"""Of an EDL's file."""
MAX_EVENTS = 20_000
MAX_FRAMES = 24 * 3600 * 60
"""A day at 60 frames a second: what timecode can count."""
MAX_GRAPHICS = 2_000
MAX_MARKERS = 10_000
MAX_TRACKS = 100
"""Of captions."""
MAX_CUES = 50_000
MAX_ASSETS = 64
MAX_FILES = 200
MAX_FOCUS = 10_000
MAX_REVISIONS = 1_000
