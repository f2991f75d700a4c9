"""Activations: the bend between two linear layers.

Each op is the function and, under it, its derivative times ``d``, the gradient that arrives.
"""
from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dlbook.scratch.module import Module
from dlbook.scratch.tensor import Tensor, apply

if TYPE_CHECKING:
    from dlbook._types import Array, Float


# ---- element by element
def _sigmoid(x: Float[Array, "*n"]):
    """σ(x) = 1 / (1 + e⁻ˣ), as (1 + tanh(x/2)) / 2, which cannot overflow.

    >>> _sigmoid(np.array([-1000., 0., 1000.]))[0]
    array([0. , 0.5, 1. ])
    """
    y = np.tanh(x / 2)
    y += 1
    y /= 2
    return y, (lambda d: d * y * (1 - y),)


def _tanh(x: Float[Array, "*n"]):
    """tanh x = (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ); its slope is 1 - tanh² x."""
    y = np.tanh(x)
    return y, (lambda d: d * (1 - y * y),)


def _relu(x: Float[Array, "*n"]):
    """max(0, x); at 0, where there is no slope, 0 is taken.

    >>> _relu(np.array([-2., 0., 3.]))[0]
    array([0., 0., 3.])
    """
    y = np.maximum(x, 0)
    return y, (lambda d: d * (y > 0),)


def _leaky_relu(x: Float[Array, "*n"], negative_slope: float):
    """x where it is positive, a·x elsewhere."""
    slope = np.where(x > 0, 1, negative_slope).astype(x.dtype)
    return x * slope, (lambda d: d * slope,)


def _elu(x: Float[Array, "*n"], alpha: float):
    """x where it is positive, α (eˣ - 1) elsewhere."""
    y = np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))
    return y, (lambda d: d * np.where(x > 0, 1, y + alpha),)


def _gelu(x: Float[Array, "*n"]):
    """x Φ(x), Φ the distribution function of the standard normal: Φ(x) = (1 + erf(x/√2)) / 2."""
    cdf = (0.5 * (1 + erf(x / math.sqrt(2)))).astype(x.dtype)
    return x * cdf, (lambda d: d * (cdf + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)),)


def _gelu_tanh(x: Float[Array, "*n"]):
    """The same with the approximation Φ(x) ≈ (1 + tanh u) / 2, u = √(2/π) (x + 0.044715 x³)."""
    c = math.sqrt(2 / math.pi)
    t = np.tanh(c * (x + 0.044715 * x**3))
    return x * (1 + t) / 2, (lambda d: d * ((1 + t) + x * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x)) / 2,)


def _silu(x: Float[Array, "*n"]):
    """x σ(x), also called swish."""
    s = _sigmoid(x)[0]
    return x * s, (lambda d: d * s * (1 + x * (1 - s)),)


def _softplus(x: Float[Array, "*n"], beta: float, threshold: float):
    """log(1 + e^{βx}) / β, a smooth ReLU whose slope is σ(βx).  Where βx > threshold it is x itself."""
    z = beta * x
    linear = z > threshold
    y = np.where(linear, x, np.logaddexp(0, z) / beta).astype(x.dtype)
    return y, (lambda d: d * np.where(linear, 1, _sigmoid(z)[0]),)


def erf(x: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """The error function, 2/√π ∫₀ˣ e^{-t²} dt: its Taylor series around the nearest node of a table (error < 1e-15).

    The n-th derivative of erf is 2/√π e^{-a²} times a Hermite polynomial, (-1)ⁿ⁻¹ Hₙ₋₁(a).
    """
    x = np.clip(np.asarray(x, np.float64), -6, 6)  # erf(6) is 1 to the last bit
    nearest = np.rint((x + 6) * 64).astype(int)
    a = nearest / 64 - 6
    step = x - a
    power, h, h_next, total = step.copy(), np.ones_like(a), -2 * a, 0.0
    for n in range(1, 8):
        total = total + h * power
        power = power * step / (n + 1)
        h, h_next = h_next, -2 * a * h_next - 2 * n * h
    return _ERF[nearest] + 2 / math.sqrt(math.pi) * np.exp(-a * a) * total


_ERF = np.array([math.erf(i / 64 - 6) for i in range(769)])


# ---- along an axis
def _softmax(x: Float[Array, "*n"], dim: int):
    """eˣⁱ / Σⱼ eˣʲ along ``dim``; the largest x is subtracted first, which changes nothing but cannot overflow."""
    y = np.exp(x - x.max(axis=dim, keepdims=True, initial=-np.inf))
    y /= y.sum(axis=dim, keepdims=True)
    return y, (lambda d: y * (d - (d * y).sum(axis=dim, keepdims=True)),)


def _log_softmax(x: Float[Array, "*n"], dim: int):
    """xᵢ - log Σⱼ eˣʲ along ``dim``: finite where the logarithm of the softmax is not."""
    y = x - x.max(axis=dim, keepdims=True, initial=-np.inf)
    y -= np.log(np.exp(y).sum(axis=dim, keepdims=True))
    return y, (lambda d: d - np.exp(y) * d.sum(axis=dim, keepdims=True),)


# ---- the same on tensors
def sigmoid(input: Tensor) -> Tensor: return apply(_sigmoid, input)
def tanh(input: Tensor) -> Tensor: return apply(_tanh, input)
def relu(input: Tensor) -> Tensor: return apply(_relu, input)
def silu(input: Tensor) -> Tensor: return apply(_silu, input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    return apply(_leaky_relu, input, negative_slope=negative_slope)


def elu(input: Tensor, alpha: float = 1.0) -> Tensor:
    return apply(_elu, input, alpha=alpha)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    if approximate not in ("none", "tanh"):
        raise ValueError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}")
    return apply(_gelu if approximate == "none" else _gelu_tanh, input)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    return apply(_softplus, input, beta=beta, threshold=threshold)


def softmax(input: Tensor, dim: int) -> Tensor: return apply(_softmax, input, dim=dim)
def log_softmax(input: Tensor, dim: int) -> Tensor: return apply(_log_softmax, input, dim=dim)


# ---- the same as modules
class Sigmoid(Module):
    def forward(self, input: Tensor) -> Tensor: return sigmoid(input)


class Tanh(Module):
    def forward(self, input: Tensor) -> Tensor: return tanh(input)


class ReLU(Module):
    def forward(self, input: Tensor) -> Tensor: return relu(input)


class SiLU(Module):
    def forward(self, input: Tensor) -> Tensor: return silu(input)


class Identity(Module):
    def forward(self, input: Tensor) -> Tensor: return input


class LeakyReLU(Module):
    def __init__(self, negative_slope: float = 0.01):
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, input: Tensor) -> Tensor: return leaky_relu(input, self.negative_slope)


class ELU(Module):
    def __init__(self, alpha: float = 1.0):
        super().__init__()
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor: return elu(input, self.alpha)


class GELU(Module):
    def __init__(self, approximate: str = "none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor: return gelu(input, self.approximate)


class Softplus(Module):
    def __init__(self, beta: float = 1.0, threshold: float = 20.0):
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor: return softplus(input, self.beta, self.threshold)


class Softmax(Module):
    def __init__(self, dim: int):
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor: return softmax(input, self.dim)


class LogSoftmax(Module):
    def __init__(self, dim: int):
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor: return log_softmax(input, self.dim)
