"""Training: gradient descent and flow, stopping rules."""
