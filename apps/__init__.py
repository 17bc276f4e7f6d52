"""The ten apps; their layers are in docs/architecture.md and checked by import-linter."""
