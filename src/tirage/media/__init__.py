"""Tools of the pipelines: bytes and paths in, facts out."""
