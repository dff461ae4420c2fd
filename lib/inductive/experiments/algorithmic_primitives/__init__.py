"""Sweeps of the chapter on algorithmic primitives: decoders that write reasoning traces."""
