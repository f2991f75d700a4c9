"""A small PyTorch in NumPy: the same names, arguments and numbers, in code that shows the formula.

This list is the table of contents.
"""
from dlbook.scratch import init
from dlbook.scratch.activation import (
    ELU,
    GELU,
    Identity,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from dlbook.scratch.gradcheck import GradcheckError, gradcheck, numerical_gradient
from dlbook.scratch.linear import Linear, linear
from dlbook.scratch.loss import (
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    MSELoss,
    binary_cross_entropy_with_logits,
    cross_entropy,
    mse_loss,
)
from dlbook.scratch.models import MLP
from dlbook.scratch.module import Module, Parameter, Sequential
from dlbook.scratch.optim import SGD, Optimizer
from dlbook.scratch.random import manual_seed
from dlbook.scratch.tensor import Tensor, apply, as_tensor, no_grad

__all__ = [
    # tensors and the tape
    "Tensor", "Parameter", "as_tensor", "apply", "no_grad", "manual_seed",
    # modules
    "Module", "Sequential", "Linear", "linear", "init",
    # activations
    "Identity", "Sigmoid", "Tanh", "ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Softplus", "Softmax", "LogSoftmax",
    "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "softmax", "log_softmax",
    # losses
    "mse_loss", "binary_cross_entropy_with_logits", "cross_entropy", "MSELoss", "BCEWithLogitsLoss", "CrossEntropyLoss",
    # training
    "Optimizer", "SGD", "gradcheck", "numerical_gradient", "GradcheckError",
    # networks
    "MLP",
]
