"""The book's networks in PyTorch, on the CPU or a GPU; everything else is ``torch.nn`` itself."""
from dlbook.pt.engine import device
from dlbook.pt.models import MLP

__all__ = ["MLP", "device"]
