"""The widgets of the book: alive in JupyterLab and in the built page, with arrays and plain values going in."""
from dlbook.widgets.activation_explorer import ActivationExplorer
from dlbook.widgets.backprop_stepper import BackpropStepper
from dlbook.widgets.network_playground import NetworkPlayground
from dlbook.widgets.quiz import Quiz
from dlbook.widgets.run_viewer import RunViewer

__all__ = ["ActivationExplorer", "BackpropStepper", "NetworkPlayground", "Quiz", "RunViewer"]
