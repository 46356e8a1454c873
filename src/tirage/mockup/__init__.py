"""The mockup pipeline: a design and a template become pictures and a turntable."""
