"""The language-model half of the chapter: three models on orders with an exception.

``orders``: a small decoder, pretrained here. ``pretrained``: SmolLM2, or another decoder of the
hub. ``encoder``: all-MiniLM. All are measured on the same tables (``tables``), read out in the
same way (``probes``), and asked about the same items (``texts``).
"""
