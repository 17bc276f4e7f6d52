"""Databases to govern, their secrets, and the agents that serve them."""
