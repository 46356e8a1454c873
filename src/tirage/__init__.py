"""Tirage turns a design into product photos and a turntable video of a real garment."""

__version__ = "0.1.0.dev0"

__all__ = ["__version__"]
