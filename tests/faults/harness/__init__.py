"""Kills, cuts and confuses a running DataWave by seed, and checks what must hold all the same."""
