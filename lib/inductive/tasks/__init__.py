"""Data generators: what is to be learned, as arrays, with its classes of test cases."""
