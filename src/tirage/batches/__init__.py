"""Uploaded designs, and many orders as one: submitted, watched, applied to the catalogue, rolled back."""
