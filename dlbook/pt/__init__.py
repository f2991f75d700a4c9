"""The book's networks in PyTorch, on the CPU or a GPU; everything else is ``torch.nn`` itself."""
from dlbook.pt.engine import device
from dlbook.pt.models import MLP, AllConvNet, BasicBlock, LeNet, ResNet
from dlbook.pt.sequence_models import CharLM, RNNClassifier, SequenceTagger

__all__ = ["MLP", "LeNet", "AllConvNet", "BasicBlock", "ResNet", "RNNClassifier", "SequenceTagger", "CharLM", "device"]
