"""Rules that judge columns: by name, by the shape of their values, by their siblings."""
