"""Solvers of convex problems, in double precision and with a measure of what is left."""
