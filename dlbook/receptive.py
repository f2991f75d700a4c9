"""How large the output of a sliding window is, and which pixels one number of it has seen."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dlbook.scratch.window import Window, pair

# layers that look at one place at a time
POINTWISE = {"Identity", "Sigmoid", "Tanh", "ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Softplus", "BatchNorm2d",
             "BatchNorm1d", "Dropout"}


def output_size(n: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """⌊(n + 2p - d (k - 1) - 1) / s⌋ + 1 windows fit along n numbers.  ValueError if not even one does.

    >>> output_size(28, 5, padding=2), output_size(28, 2, stride=2), output_size(7, 3, stride=2, dilation=2)
    (28, 14, 2)
    """
    window = _window(kernel, stride, padding, dilation)
    (out, _), (span, _) = window.output((n, n)), window.span
    if out < 1:
        raise ValueError(f"output_size: a window over {span} numbers does not fit into {n} with padding {padding}; "
                         "pad more, or take a smaller kernel or dilation")
    return out


class ReceptiveField(NamedTuple):
    """Along one axis, an output sees ``size`` pixels; the next output begins ``step`` pixels later; the first begins at
    pixel ``start``, which is negative where it reaches into the padding."""

    size: int
    step: int
    start: int

    def covers(self, index: int) -> tuple[int, int]:
        """The first and the last pixel that output number ``index`` sees."""
        first = self.start + index * self.step
        return first, first + self.size - 1


def receptive_field(layers: Iterable, axis: int = 0) -> ReceptiveField:
    """What one output of ``layers``, one after the other, sees of the image: along rows (axis 0) or columns (1).

    A layer is (kernel,), (kernel, stride), (kernel, stride, padding) or (kernel, stride, padding, dilation), or a
    convolution, a pooling or a ``Sequential`` of ``dlbook.scratch`` or PyTorch; activations and normalization change
    nothing.  With r pixels seen so far, at distance j: r ← r + (k - 1) d j, j ← j s.  ValueError for a layer after
    which an output has seen everything, or of which that is not known.

    >>> receptive_field([(5, 1, 2), (2, 2), (5,), (2, 2)])
    ReceptiveField(size=16, step=4, start=-2)
    """
    size, step, start = 1, 1, 0
    for window in _windows(layers):
        k, s, d, p = (v[axis] for v in (window.kernel, window.stride, window.dilation, window.padding[0]))
        size += (k - 1) * d * step
        start -= p * step
        step *= s
    return ReceptiveField(size, step, start)


def _windows(layers: Iterable) -> Iterator[Window]:
    for layer in layers:
        name = type(layer).__name__
        if isinstance(layer, (tuple, list)):
            yield _window(*layer)
        elif name == "Sequential":
            yield from _windows(layer)
        elif hasattr(layer, "kernel_size") and not name.startswith("ConvTranspose"):
            yield _window(layer.kernel_size, layer.stride, layer.padding, getattr(layer, "dilation", 1))
        elif name not in POINTWISE:
            raise ValueError(f"receptive_field: {name} is no window that slides over an image; pass the layers before "
                             "it, or the sizes of the windows: (kernel, stride, padding, dilation)")


def _window(kernel, stride=1, padding=0, dilation=1) -> Window:
    kernel, dilation = pair("kernel", kernel, 1), pair("dilation", dilation, 1)
    if isinstance(padding, str):
        total = [d * (k - 1) if padding == "same" else 0 for k, d in zip(kernel, dilation)]
        before, after = tuple(t // 2 for t in total), tuple(t - t // 2 for t in total)
    else:
        before = after = pair("padding", padding, 0)
    return Window(kernel, pair("stride", stride, 1), (before, after), dilation)
