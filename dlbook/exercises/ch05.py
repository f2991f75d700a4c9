"""Chapter 5, convolutional networks."""
from __future__ import annotations

import numpy as np

from dlbook import scratch
from dlbook.exercises import Hint, array, checker, number
from dlbook.scratch import as_tensor, no_grad


@checker
def layer_size(side, parameters) -> str:
    """16 kernels of 5 × 5 over (3, 32, 32), stride 2, padding 2."""
    n, count = number(side, "the height"), number(parameters, "the number of parameters")
    known = {14: "That is without the padding: 32 + 2 · 2 numbers are there to stand on.",
             15: "Rounded down it is 15; then comes the 1 for the first place.",
             32: "That is stride 1.", 15.5: "A window that sticks out does not count: round down, then add 1."}
    if n in known:
        raise Hint(known[n])
    if n != 16:
        raise Hint(f"The height is not {n:g}. ⌊(n + 2p - (k - 1) - 1) / s⌋ + 1 with n = 32, p = 2, k = 5, s = 2.")
    known = {1200: "Each kernel has a bias.", 416: "Each kernel reaches through all three channels.",
             400: "Each kernel reaches through all three channels, and has a bias.",
             1201: "Each of the 16 kernels has a bias of its own.", 1248: "One bias a kernel, not one a channel."}
    if count in known:
        raise Hint(known[count])
    if count != 1216:
        raise Hint(f"The layer has not {count:g} parameters. A kernel has 3 · 5 · 5 weights and a bias; there are 16. "
                   "The size of the picture does not matter.")
    return "16 maps of 16 × 16, and 1216 parameters for pictures of any size."


@checker
def by_hand(answer) -> str:
    """A 4 × 4 picture under a 2 × 2 kernel with stride 2 and a bias."""
    rows = np.array([[1.0, 0, 2, 1], [0, 1, 1, 0], [2, 1, 0, 0], [1, 0, 1, 3]])
    kernel = np.array([[1.0, -1], [0, 2]])
    if np.shape(answer) == (3, 3):
        raise Hint("That has stride 1. With stride 2 the window stops at two heights and two widths.")
    y = array(answer, (2, 2))
    windows = rows.reshape(2, 2, 2, 2).swapaxes(1, 2)
    right = np.einsum("ijuv, uv -> ij", windows, kernel) + 1
    if np.allclose(y, right - 1):
        raise Hint("Nearly: add the bias to each.")
    if np.allclose(y, np.einsum("ijuv, uv -> ij", windows, kernel[::-1, ::-1]) + 1):
        raise Hint("You turned the kernel around. In deep learning it is laid on as it is.")
    wrong = np.argwhere(~np.isclose(y, right))
    if len(wrong):
        i, j = wrong[0]
        under = windows[i, j].astype(int).tolist()
        raise Hint(f"Row {i}, column {j} is {y[i, j]:g}. Under the window lie {under[0]} and {under[1]}; multiply by "
                   "(1, -1) and (0, 2), add, and add the bias.")
    return "Four windows, each pixel used once: with stride 2 and a 2 × 2 kernel they tile the picture."


@checker
def field(answer) -> str:
    """The receptive field of 5 × 5 stride 2, 3 × 3, 3 × 3 dilation 2."""
    r = number(answer)
    known = {11: "That is without the stride: after it, neighbors are two pixels apart.",
             13: "The dilation is missing: the last window's weights are two neighbors apart.",
             9: "That is after two layers; the third adds (3 - 1) · 2 neighbors of 2 pixels each.",
             45: "The fields do not multiply; each layer adds (k - 1) · d · j.",
             25: "The first layer's stride counts for the layers after it, once: j = 2 for both of them.",
             21: "The stride of the first layer does not count for its own window: r = 5 after it."}
    if r in known:
        raise Hint(known[r])
    if r != 17:
        raise Hint(f"It is not {r:g}. Begin with r = j = 1; a layer makes r ← r + (k - 1) d j, then j ← j s.")
    return "5, then 9, then 17: stride and dilation multiply, the kernels add."


@checker
def slope_kernel(answer) -> str:
    """A 3 × 3 kernel for the slope to the right."""
    w = array(answer, (3, 3), "the kernel")
    columns = np.array([[0.0, 1, 2]] * 3)
    flat, right, down = w.sum(), (w * columns).sum(), (w * columns.T).sum()
    if abs(flat) > 1e-9:
        raise Hint(f"On an even area of brightness 1 it answers {flat:.3g}. The weights must add up to 0.")
    if abs(down) > 1e-9:
        raise Hint(f"On the ramp x_ij = i, which rises downward, it answers {down:.3g} and should answer 0.")
    if abs(right + 1) < 1e-9:
        raise Hint("It measures the slope to the left. Minus belongs on the left: the kernel is not turned around.")
    if abs(right - 1) > 1e-9:
        raise Hint(f"On the ramp x_ij = j it answers {right:.3g} and should answer 1. Its columns are 2 pixels apart.")
    if np.abs(w).max() > 0.25 + 1e-9:
        raise Hint(f"The slope is right, but a weight is {np.abs(w).max():.2g}: noise in that pixel moves the answer "
                   "by as much. Spread the weights over the three rows.")
    return "Spread over three rows, no pixel alone weighs much: the kernel smooths across and compares along."


@checker
def kernel_gradient(function) -> str:
    """dw of a one-channel convolution with a stride."""
    rng = np.random.default_rng(0)
    for (h, w), size, s in (((6, 7), (3, 2), 1), ((7, 9), (3, 3), 2), ((8, 8), (2, 3), 3)):
        x = rng.standard_normal((h, w))
        out = [(n - k) // s + 1 for n, k in zip((h, w), size)]
        dy = rng.standard_normal(out)
        windows = np.lib.stride_tricks.sliding_window_view(x, size)[::s, ::s]
        right = np.einsum("ij, ijuv -> uv", dy, windows)
        got = array(function(x.copy(), dy.copy(), size, s), tuple(size), f"the gradient for a kernel of {size}")
        if np.allclose(got, right):
            continue
        said = f"Pictures of {h} × {w}, a kernel of {size[0]} × {size[1]}, stride {s}: "
        if np.allclose(got, right[::-1, ::-1]):
            raise Hint(said + "the numbers are right and turned around. Weight (0, 0) has seen the pixels at the "
                       "top left.")
        if np.allclose(got, right / dy.size):
            raise Hint(said + "add over the places, do not take their mean.")
        if s > 1:
            raise Hint(said + "at stride 1 it is right. Weight (u, v) sees the pixels u, u + s, u + 2s, …")
        raise Hint(said + "dw[u, v] is the sum of dy[i, j] · x[i + u, j + v] over all i and j.")
    return "Each weight's gradient: what arrived at every place, times the pixel that it saw there."


@checker
def pool_gradient(function) -> str:
    """dx of max pooling, 2 × 2."""
    def right(x, dy):
        x = as_tensor(x).clone().requires_grad_()
        scratch.max_pool2d(x[None], 2)[0].backward(as_tensor(dy))
        return x.grad.numpy()

    rng = np.random.default_rng(0)
    cases = [(np.array([[-5.0, -2, 4, 1], [-9, -7, 3, 8]]), "one window is negative"),
             (rng.permutation(24).reshape(4, 6) + 1.0, "rows"), (np.array([[3.0, 3, 1, 2], [3, 0, 2, 2]]), "ties")]
    for x, what in cases:
        dy = rng.standard_normal([n // 2 for n in x.shape])
        got = array(function(x.copy(), dy.copy()), x.shape, "the gradient")
        if np.allclose(got, right(x, dy)):
            continue
        if np.allclose(got, np.repeat(np.repeat(dy, 2, 0), 2, 1) / 4):
            raise Hint("That is the gradient of the mean. Here the largest number alone gets all of it.")
        if what == "ties":
            raise Hint(f"Right while all numbers differ. With the rows {x.astype(int).tolist()} some are equal: only "
                       "the first of the largest gets the gradient, the others nothing.")
        if what == "rows":
            raise Hint("Right for pictures of two rows, not for one of 4 × 6: the windows go on downward and to the "
                       "right.")
        if np.allclose(got[x > 0], right(x, dy)[x > 0]):
            raise Hint("Right in windows with positive numbers. In a window of negative ones there is a largest, too.")
        raise Hint("In each window of 2 × 2 the place of the largest number gets dy of that window, all others 0.")
    return "A selection: all of the gradient goes where the number came from."


@checker
def fold(function) -> str:
    """Batch normalization built into the convolution before it."""
    rng = np.random.default_rng(0)
    w, b = rng.standard_normal((4, 3, 3, 3)), rng.standard_normal(4)
    mean, gamma, beta = rng.standard_normal((3, 4))
    var, eps = rng.random(4) * 0.1, 0.01
    given = [a.copy() for a in (w, b, mean, var, gamma, beta)]
    result = function(*given, eps)
    if any(not np.array_equal(a, g) for a, g in zip((w, b, mean, var, gamma, beta), given)):
        raise Hint("The arrays that came in were changed. Compute new ones.")
    if not (isinstance(result, tuple | list) and len(result) == 2):
        raise Hint("Return two arrays: weight and bias.")
    weight, bias = array(result[0], w.shape, "the weight"), array(result[1], b.shape, "the bias")
    a = gamma / np.sqrt(var + eps)
    if np.allclose(weight, w * (gamma / np.sqrt(var))[:, None, None, None]):
        raise Hint("The ε under the root is missing.")
    if np.allclose(weight, w * (gamma / (var + eps))[:, None, None, None]):
        raise Hint("Divide by the standard deviation, the root of the variance.")
    if not np.allclose(weight, w * a[:, None, None, None]):
        raise Hint("The weight is not right. Each kernel is multiplied by γ / √(σ² + ε) of its own output channel, the "
                   "first axis of w.")
    if np.allclose(bias, beta - mean * a):
        raise Hint("The weight is right. The bias b of the convolution is normalized as well.")
    if np.allclose(bias, b + beta - mean * a):
        raise Hint("The weight is right. In the bias, b is multiplied by γ / √(σ² + ε), too.")
    if not np.allclose(bias, (b - mean) * a + beta):
        raise Hint("The weight is right. What does batch normalization make of an input that is b everywhere?")
    return "One convolution in place of two layers, with the same results. It is done before a network is put to use."


@checker
def separable(kind) -> str:
    """A depthwise separable convolution, derived from Module."""
    if not (isinstance(kind, type) and issubclass(kind, scratch.Module)):
        raise Hint("Give the class itself, derived from Module.")
    c, o = 6, 5
    layer = kind(c, o)
    x = np.random.default_rng(0).standard_normal((2, c, 7, 8)).astype(np.float32)
    with no_grad():
        result = layer(as_tensor(x))
        if result is None:
            raise Hint("forward returns nothing.")
        y = array(result.numpy(), (2, o, 7, 8), "the result for an input of shape (2, 6, 7, 8)")
        count = sum(p.numel() for p in layer.parameters())
        if count != 9 * c + c * o + o:
            known = {9 * c * o + o: " That is a full convolution; groups=in_channels makes it depthwise.",
                     9 * c + c + c * o + o: " The first step should have no bias.",
                     9 * c + c * o: " The second step should have a bias.",
                     9 * c + c + c * o: " The first step should have no bias, the second one should have one."}
            raise Hint(f"With 6 and 5 channels it has {count} parameters, expected {9 * c + c * o + o}."
                       + known.get(count, " A layer is found if it stands in an attribute of self."))
        changed = x.copy()
        changed[0, 2, 3, 4] += 1.0
        moved = np.abs(layer(as_tensor(changed)).numpy() - y).max((0, 1)) > 1e-6
    if not moved[2:5, 3:6].all():
        raise Hint("A change of one pixel should move all of its neighbors in the result. Does forward use both steps, "
                   "and nothing between them?")
    moved[2:5, 3:6] = False
    if moved.any():
        raise Hint("A change of one pixel moves results that are not its neighbors; the window should be 3 × 3.")
    return "Two steps, first over places, then over channels. Networks for telephones are built of it."
