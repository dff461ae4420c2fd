"""Panels that several chapters draw: arrays and tables in, axes first, artists out."""

from inductive.report.panels.curves import band, scatter_identity, zero_line
from inductive.report.panels.heatmap import colorbar, heatmap_with_regions
from inductive.report.panels.learning import learning_curve
from inductive.report.panels.violins import class_legend, violins_with_intervals

__all__ = [
    "band",
    "class_legend",
    "colorbar",
    "heatmap_with_regions",
    "learning_curve",
    "scatter_identity",
    "violins_with_intervals",
    "zero_line",
]
