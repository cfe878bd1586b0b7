"""Delivery of indications: a queue on disk for each destination, and a task that empties it."""
