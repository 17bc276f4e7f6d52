"""Pages of classification."""
