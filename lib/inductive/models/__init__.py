"""Networks as pure functions: parameters from a key, outputs for one example."""
