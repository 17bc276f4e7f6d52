"""Business context, relationships and search."""
