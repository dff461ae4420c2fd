"""What is measured on representations."""
