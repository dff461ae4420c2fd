"""One module per chapter: the pure functions that the chapter sweeps."""
