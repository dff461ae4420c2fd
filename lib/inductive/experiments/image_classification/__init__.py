"""What chapters share that train networks on images: networks, tasks and training.

``tasks`` splits the classes of a data set into a main task of two and an auxiliary one of the rest,
``networks`` names architectures and their optimisers, and ``training`` trains them on either task.
"""
