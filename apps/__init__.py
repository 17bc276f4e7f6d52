"""The ten apps of DataWave; their layers are in docs/architecture.md and checked by import-linter."""
