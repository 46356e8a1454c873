"""The API for programs in Python: one client that waits, one for asyncio."""
