"""Measures structure, size, quality and drift."""
