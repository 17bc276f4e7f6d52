"""Measures every run; the overview page."""
