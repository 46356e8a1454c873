"""What runs in a child of its own: programs over PyAV, started by path, that import nothing of Tirage."""
