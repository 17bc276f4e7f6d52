"""Template filters of labels."""
