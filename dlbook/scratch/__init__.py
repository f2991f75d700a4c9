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
from dlbook.scratch.attention import MultiheadAttention, scaled_dot_product_attention
from dlbook.scratch.clip_grad import clip_grad_norm_, clip_grad_value_
from dlbook.scratch.combine import cat, stack, where
from dlbook.scratch.conv import Conv1d, Conv2d, ConvTranspose2d, conv1d, conv2d, conv_transpose2d
from dlbook.scratch.dropout import Dropout, dropout
from dlbook.scratch.embedding import Embedding, embedding
from dlbook.scratch.flatten import Flatten, flatten
from dlbook.scratch.gradcheck import GradcheckError, gradcheck, numerical_gradient
from dlbook.scratch.likelihood import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    KLDivLoss,
    NLLLoss,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    kl_div,
    nll_loss,
)
from dlbook.scratch.linear import Linear, linear
from dlbook.scratch.loss import (
    HuberLoss,
    L1Loss,
    MSELoss,
    MultiMarginLoss,
    SmoothL1Loss,
    huber_loss,
    l1_loss,
    mse_loss,
    multi_margin_loss,
    smooth_l1_loss,
)
from dlbook.scratch.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from dlbook.scratch.models import MLP, AllConvNet, BasicBlock, LeNet, ResNet
from dlbook.scratch.module import Module, Parameter, Sequential
from dlbook.scratch.norm import BatchNorm1d, BatchNorm2d, LayerNorm, batch_norm, layer_norm
from dlbook.scratch.optim import SGD, Adadelta, Adagrad, Adam, AdamW, RMSprop
from dlbook.scratch.optimizer import Optimizer
from dlbook.scratch.pool import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    MaxPool2d,
    adaptive_avg_pool2d,
    avg_pool2d,
    max_pool2d,
)
from dlbook.scratch.random import manual_seed
from dlbook.scratch.recurrent import GRU, LSTM, RNN, gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
from dlbook.scratch.sequence_models import CharLM, RNNClassifier, SequenceTagger, next_token
from dlbook.scratch.tensor import Tensor, apply, as_tensor, no_grad

__all__ = [
    # tensors and the tape
    "Tensor", "Parameter", "as_tensor", "cat", "stack", "where", "apply", "no_grad", "manual_seed",
    # modules
    "Module", "Sequential", "Linear", "linear", "init",
    # activations
    "Identity", "Sigmoid", "Tanh", "ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Softplus", "Softmax", "LogSoftmax",
    "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "softmax", "log_softmax",
    # images
    "Conv1d", "Conv2d", "ConvTranspose2d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "Flatten",
    "conv1d", "conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "flatten",
    # normalization and dropout
    "BatchNorm1d", "BatchNorm2d", "LayerNorm", "Dropout", "batch_norm", "layer_norm", "dropout",
    # sequences
    "Embedding", "RNN", "LSTM", "GRU", "embedding", "rnn_tanh_cell", "rnn_relu_cell", "lstm_cell", "gru_cell",
    "MultiheadAttention", "scaled_dot_product_attention",
    # losses
    "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "multi_margin_loss",
    "binary_cross_entropy_with_logits", "binary_cross_entropy", "nll_loss", "cross_entropy", "kl_div",
    "MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "MultiMarginLoss",
    "BCEWithLogitsLoss", "BCELoss", "NLLLoss", "CrossEntropyLoss", "KLDivLoss",
    # training
    "Optimizer", "SGD", "Adagrad", "Adadelta", "RMSprop", "Adam", "AdamW", "clip_grad_norm_", "clip_grad_value_",
    "LRScheduler", "StepLR", "ExponentialLR", "CosineAnnealingLR", "LinearLR", "LambdaLR", "SequentialLR",
    "ReduceLROnPlateau",
    # checks
    "gradcheck", "numerical_gradient", "GradcheckError",
    # networks
    "MLP", "LeNet", "AllConvNet", "BasicBlock", "ResNet",
    "RNNClassifier", "SequenceTagger", "CharLM", "next_token",
]
