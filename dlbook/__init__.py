"""The companion package of the book: every formula once in NumPy that you can read, once in PyTorch.

``dlbook.scratch`` needs NumPy alone; ``dlbook.pt`` needs PyTorch.  Nothing else is loaded until it is asked for.
"""
from dlbook.scratch.random import manual_seed

__all__ = ["manual_seed"]
__version__ = "0.1.0"
