"""Inductive: the JAX library under the book *Rules and Exceptions*.

Import what you need from its rooms, for example ``from inductive.theory import ridge``.
Importing the package itself starts no device and loads no plotting library.
"""

__version__ = "0.1.0"
