"""Template tags of scan."""
