"""Many rows: prepared together, padded to one length, or read from Arrow tables."""
