"""The widgets of the book: alive in JupyterLab and in the built page, with arrays and plain values going in."""
from dlbook.widgets.activation_explorer import ActivationExplorer
from dlbook.widgets.backprop_stepper import BackpropStepper
from dlbook.widgets.chain_rule import ChainRule
from dlbook.widgets.convolution_explorer import ConvolutionExplorer
from dlbook.widgets.distributions import Distributions
from dlbook.widgets.inside_cnn import InsideCNN
from dlbook.widgets.inside_recurrent import InsideRecurrent
from dlbook.widgets.language_model import LanguageModel
from dlbook.widgets.matrix_plane import MatrixPlane
from dlbook.widgets.network_playground import NetworkPlayground
from dlbook.widgets.optimizer_race import OptimizerRace
from dlbook.widgets.quiz import Quiz
from dlbook.widgets.run_viewer import RunViewer

__all__ = [
    "ActivationExplorer", "BackpropStepper", "ChainRule", "ConvolutionExplorer", "Distributions", "InsideCNN",
    "InsideRecurrent", "LanguageModel", "MatrixPlane", "NetworkPlayground", "OptimizerRace", "Quiz", "RunViewer",
]
