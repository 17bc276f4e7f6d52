"""Tells people: live events, inbox, e-mail."""
