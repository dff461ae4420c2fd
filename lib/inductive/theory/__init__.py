"""Closed forms and exact solutions, evaluated stably."""
