"""What a chapter shows: style, panels, the papers' own numbers, claims, provenance."""
