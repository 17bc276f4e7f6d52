"""Classification in the API."""
