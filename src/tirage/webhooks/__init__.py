"""Telling other systems what happened: endpoints, signed messages, deliveries tried until they arrive."""
