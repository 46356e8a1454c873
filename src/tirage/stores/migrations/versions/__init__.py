"""One file for each step of the schema's history.  A step that was released is never changed."""
