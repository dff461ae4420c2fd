"""The chapter's analysis on text, for any decoder that can be loaded.

``problems`` are put to a model in words and ``answers`` judge what it says; ``hallmarks`` count
operations in the text. ``collect`` writes traces and reads streams along them, ``clusters`` and
``vectors`` analyse these, ``injection`` adds vectors while the model writes. ``pipeline`` runs
all of it into a folder, in the sizes of ``settings``; ``smollm2`` is the chapter's small run.
"""
