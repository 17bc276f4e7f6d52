"""DataWave's edge agent: reads and profiles a database beside it; raw values never leave the host."""

__version__ = "0.1.0"
