"""What `bench.structure` runs: a generator of tables, and its two sides."""
