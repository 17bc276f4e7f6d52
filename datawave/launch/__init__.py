"""Starts and stops DataWave's processes and threads as one group."""
