"""The HTTP API: routes, shapes and borders over the parts of `app.py`; `build.py` puts them together."""
