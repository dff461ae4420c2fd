"""Sweeps over named axes: what made a result, and whether that code has changed since."""
