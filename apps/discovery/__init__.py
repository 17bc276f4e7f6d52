"""Jobs, batches, datasets and fields: what agents say of sources."""
