"""Makes template packages: from a garment's mesh and description to the folder that the renderer loads."""
