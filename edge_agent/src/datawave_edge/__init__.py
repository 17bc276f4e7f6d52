"""DataWave's edge agent: profiles a database beside it; raw values never leave the host."""

__version__ = "0.1.0"
