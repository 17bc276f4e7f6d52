"""Says what columns mean."""
