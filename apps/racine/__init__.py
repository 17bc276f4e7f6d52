"""Conducts runs: start, fan-out, join, retry, resume, cancel."""
