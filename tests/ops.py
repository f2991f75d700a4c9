"""One helper that tests one operation completely, and the table of operations it is run on."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch

from dlbook import scratch
from dlbook.scratch import Tensor


@dataclass
class Op:
    """``ours(*tensors)`` and ``theirs(*tensors)``, and how to draw their inputs.

    ``shapes(n, k)`` gives the shapes of the inputs for two sizes; ``draw`` their values (default: normal).  ``empty``
    says why an empty batch is not compared, if it is not.
    """

    name: str
    ours: Callable
    theirs: Callable
    shapes: Callable = field(default=lambda n, k: [(n, k)])
    draw: Callable = field(default=lambda rng, shape: rng.standard_normal(shape))
    empty: str = ""

    def inputs(self, n: int, k: int, dtype=np.float64, seed: int = 0) -> list[np.ndarray]:
        rng = np.random.default_rng(seed)
        return [np.asarray(self.draw(rng, shape), dtype) for shape in self.shapes(n, k)]


def run(op: Op, arrays, which: str, gradient=None):
    """Value and gradients of ``op``, in scratch or in torch, as arrays."""
    if which == "ours":
        inputs = [Tensor(a, requires_grad=True) for a in arrays]
        y = op.ours(*inputs)
        g = np.ones(y.shape) if gradient is None else gradient
        y.backward(g.astype(y.dtype))
        return y.array, [x.grad.array for x in inputs]
    inputs = [torch.tensor(a, requires_grad=True) for a in arrays]
    y = op.theirs(*inputs)
    g = np.ones(tuple(y.shape)) if gradient is None else gradient
    y.backward(torch.tensor(g, dtype=y.dtype))
    return y.detach().numpy(), [x.grad.numpy() for x in inputs]


F = torch.nn.functional
positive = lambda rng, shape: rng.uniform(0.5, 2, shape)  # noqa: E731
wide = lambda rng, shape: 4 * rng.standard_normal(shape)  # noqa: E731
two = lambda n, k: [(n, k), (n, k)]  # noqa: E731
labels = lambda y: torch.tensor(np.arange(y.shape[0]) % y.shape[1])  # noqa: E731


def our_labels(y):
    return scratch.as_tensor(np.arange(y.shape[0]) % y.shape[1])


def same(function: str, shapes: Callable, **options) -> Op:
    """The function of this name with these options, ours and torch's."""
    label = ", ".join([function, *(f"{name} {value}" for name, value in options.items())])
    return Op(label, partial(getattr(scratch, function), **options), partial(getattr(F, function), **options), shapes)


def in_training(library, x, *affine):  # (the gradient of their plain sum is 0)
    return library.batch_norm(x, None, None, *affine, training=True).exp()


def in_evaluation(library, x, *affine):
    wrap = scratch.Tensor if library is scratch else torch.tensor
    mean, var = (np.arange(1, x.shape[1] + 1, dtype=str(x.dtype).split(".")[-1]) / d for d in (2, 1))
    return library.batch_norm(x, wrap(mean), wrap(var), *affine)


def rows(weight, wrap):
    return wrap(np.array([[0, 1, 0], [1, weight.shape[0] - 1, 0]]))


def qkv(n, k):
    return [(n, 2, k, 3), (n, 2, 3, 3), (n, 2, 3, 4)]


def multihead(library, q, k, v, w_in, b_in, w_out, b_out):
    """Two heads; q, k, v are (L, N, E), (S, N, E), (S, N, E)."""
    if library is torch:
        return F.multi_head_attention_forward(q, k, v, w_in.shape[1], 2, w_in, b_in, None, None, False, 0.0, w_out,
                                              b_out, need_weights=False)[0]
    layer = library.MultiheadAttention(w_in.shape[1], 2)
    layer.in_proj_weight, layer.in_proj_bias, layer.out_proj.weight, layer.out_proj.bias = w_in, b_in, w_out, b_out
    return layer(q, k, v, need_weights=False)[0]


def cell(gates: int, states: int = 1):
    """The shapes of x, of each state, of both weights and of both biases, for a cell with 2 hidden units."""
    return lambda n, k: [(n, k), *[(n, 2)] * states, (2 * gates, k), (2 * gates, 2), *[(2 * gates,)] * 2]


def steps(gates: int, states: int = 1):
    """The same for a layer: n steps of 3 sequences."""
    return lambda n, k: [(n, 3, k), *[(1, 3, 2)] * states, *cell(gates, states)(n, k)[1 + states:]]


def mixed(results):
    """Every result in one, so that each has a part in the gradient."""
    return sum(2 * r if i else r for i, r in enumerate(results))


def ours_recurrent(name, x, *arguments, **options):
    *states, w_ih, w_hh, b_ih, b_hh = arguments
    layer = getattr(scratch, name)(x.shape[-1], w_hh.shape[1], **options)
    layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0 = w_ih, w_hh, b_ih, b_hh
    output, final = layer(x, states[0] if len(states) == 1 else states)
    return mixed([output, *([final] if len(states) == 1 else final)])


def torch_recurrent(name, x, *arguments):
    *states, w_ih, w_hh, b_ih, b_hh = arguments
    hx = states[0] if len(states) == 1 else states
    return mixed(getattr(torch._VF, name)(x, hx, [w_ih, w_hh, b_ih, b_hh], True, 1, 0.0, False, False, False))


def alike(name: str, f: Callable, *where, **how) -> Op:
    """``f(functions, wrap, *tensors)`` with our functions and with torch's; ``wrap`` makes an array a tensor."""
    return Op(name, partial(f, scratch, scratch.as_tensor), partial(f, F, torch.as_tensor), *where, **how)


def right(y, ignored: int | None = None):
    """Class indices for the rows of ``y``, the second one ``ignored``."""
    t = np.arange(y.shape[0]) % y.shape[1]
    t[1:2] = t[1:2] if ignored is None else ignored
    return t


def like(x, wrap: Callable, *shape):
    """A tensor of weights of the type of ``x``."""
    return wrap(np.random.default_rng(5).uniform(0.5, 2, shape).astype(str(x.dtype).split(".")[-1]))


def classes(f, wrap, x, *, name, weight=False, ignored=None, **options):
    """A loss with class indices as targets, the second of them ignored on request."""
    if weight:
        options["weight"] = like(x, wrap, x.shape[1])
    if ignored is not None:
        options["ignore_index"] = ignored
    return getattr(f, name)(x, wrap(right(x, ignored)), **options)


CLASS_LOSSES = {
    "cross_entropy": [{"weight": True}, {"ignored": -100}, {"ignored": 1, "weight": True}, {"label_smoothing": 0.1},
                      {"label_smoothing": 0.3, "weight": True, "ignored": 0},
                      {"label_smoothing": 0.3, "weight": True, "reduction": "none"},
                      {"weight": True, "ignored": -1, "reduction": "sum"}],
    "nll_loss": [{}, {"weight": True, "ignored": -1}, {"reduction": "none"}],
    "multi_margin_loss": [{}, {"p": 2, "margin": 0.7, "weight": True}, {"reduction": "none"}],
}


def distance(f, wrap, x, y, *, name, **options):
    return getattr(f, name)(x, y, **options)


OPS = [
    # arithmetic, with broadcasting
    Op("add", lambda x, y: x + y, lambda x, y: x + y, lambda n, k: [(n, k), (k,)]),
    Op("add scalar", lambda x: 2 + x + 1, lambda x: 2 + x + 1),
    Op("sub", lambda x, y: x - y, lambda x, y: x - y, lambda n, k: [(n, 1), (1, k)]),
    Op("rsub", lambda x: 1 - x, lambda x: 1 - x),
    Op("mul", lambda x, y: x * y, lambda x, y: x * y, lambda n, k: [(n, 1, k), (n, k)][::-1]),
    Op("div", lambda x, y: x / y, lambda x, y: x / y, lambda n, k: [(k,), (n, k)], positive),
    Op("rdiv", lambda x: 1 / x, lambda x: 1 / x, draw=positive),
    Op("neg", lambda x: -x, lambda x: -x),
    Op("pow 3", lambda x: x**3, lambda x: x**3),
    Op("pow 0.5", lambda x: x**0.5, lambda x: x**0.5, draw=positive),
    Op("pow 0", lambda x: x**0, lambda x: x**0),
    Op("pow -1", lambda x: x**-1, lambda x: x**-1, draw=positive),
    Op("matmul", lambda x, y: x @ y, lambda x, y: x @ y, lambda n, k: [(n, k), (k, n + 1)]),
    Op("matmul vector", lambda x, y: x @ y, lambda x, y: x @ y, lambda n, k: [(n, k), (k,)]),
    Op("matmul row", lambda x, y: x @ y, lambda x, y: x @ y, lambda n, k: [(k,), (k, n)]),
    Op("matmul dot", lambda x, y: x @ y, lambda x, y: x @ y, lambda n, k: [(k,), (k,)]),
    Op("matmul batch", lambda x, y: x @ y, lambda x, y: x @ y, lambda n, k: [(2, 1, n, k), (3, k, n)]),
    Op("matmul batch, one matrix", lambda x, y: x @ y, lambda x, y: x @ y, lambda n, k: [(2, n, k), (k, 3)]),
    Op("matmul batch, vector", lambda x, y: x @ y, lambda x, y: x @ y, lambda n, k: [(2, n, k), (k,)]),
    Op("matmul row, batch", lambda x, y: x @ y, lambda x, y: x @ y, lambda n, k: [(k,), (2, k, n)]),
    # element by element
    Op("exp", lambda x: x.exp(), lambda x: x.exp()),
    Op("log", lambda x: x.log(), lambda x: x.log(), draw=positive),
    Op("sqrt", lambda x: x.sqrt(), lambda x: x.sqrt(), draw=positive),
    Op("abs", lambda x: x.abs(), lambda x: x.abs()),
    Op("clone", lambda x: x.clone(), lambda x: x.clone()),
    Op("clip", lambda x: x.clip(-0.5, 0.5), lambda x: x.clip(-0.5, 0.5)),
    Op("clip min", lambda x: x.clip(min=0.1), lambda x: x.clip(min=0.1)),
    Op("where", lambda x, y: scratch.where(x > 0, x, y), lambda x, y: torch.where(x > 0, x, y),
       lambda n, k: [(n, k), (n, 1)]),
    Op("where number", lambda x: x.where(x > 0, 2.0), lambda x: x.where(x > 0, 2.0)),
    Op("masked_fill", lambda x: x.masked_fill(x > 0, -3.0), lambda x: x.masked_fill(x > 0, -3.0)),
    # reductions
    Op("sum", lambda x: x.sum(), lambda x: x.sum()),
    Op("sum dim", lambda x: x.sum(dim=0), lambda x: x.sum(dim=0)),
    Op("sum dims", lambda x: x.sum(dim=(0, 1), keepdim=True), lambda x: x.sum(dim=(0, 1), keepdim=True)),
    Op("mean", lambda x: x.mean(), lambda x: x.mean()),
    Op("mean keepdim", lambda x: x.mean(dim=-1, keepdim=True), lambda x: x.mean(dim=-1, keepdim=True)),
    Op("var", lambda x: x.var(), lambda x: x.var()),
    Op("var dim", lambda x: x.var(0, correction=0, keepdim=True), lambda x: x.var(0, correction=0, keepdim=True)),
    Op("var dims", lambda x: x.var((0, -1)), lambda x: x.var((0, -1)), lambda n, k: [(n, 2, k)]),
    Op("std", lambda x: x.std(dim=-1), lambda x: x.std(dim=-1)),
    Op("max", lambda x: x.max(), lambda x: x.max()),
    Op("max dim", lambda x: x.max(dim=1)[0], lambda x: x.max(dim=1)[0]),
    Op("min", lambda x: x.min(), lambda x: x.min()),
    Op("min keepdim", lambda x: x.min(0, keepdim=True).values, lambda x: x.min(0, keepdim=True).values),
    # shapes
    Op("reshape", lambda x: x.reshape(-1, 1), lambda x: x.reshape(-1, 1)),
    Op("flatten", lambda x: x.flatten(1), lambda x: x.flatten(1), lambda n, k: [(n, k, 2)]),
    Op("transpose", lambda x: x.transpose(0, 2), lambda x: x.transpose(0, 2), lambda n, k: [(n, k, 2)]),
    Op("T", lambda x: x.T, lambda x: x.T),
    Op("getitem slice", lambda x: x[:, 1:], lambda x: x[:, 1:]),
    Op("getitem twice", lambda x: x[[0, 0, -1]], lambda x: x[[0, 0, -1]]),
    Op("getitem numbers", lambda x: x[-1, 0], lambda x: x[-1, 0]),
    Op("getitem ... None", lambda x: x[..., None, ::2], lambda x: x[..., None, ::2]),
    Op("getitem mask", lambda x: x[x > 0], lambda x: x[x > 0]),
    Op("getitem rows by mask", lambda x: x[(x > 0).array[:, 0], 1:], lambda x: x[(x > 0)[:, 0], 1:]),
    Op("getitem pairs", lambda x: x[np.array([0, 1, 0]), np.array([1, 0, 1])],
       lambda x: x[torch.tensor([0, 1, 0]), torch.tensor([1, 0, 1])]),
    Op("getitem columns", lambda x: x[:, scratch.as_tensor([[1, 1], [0, -1]])], lambda x: x[:, [[1, 1], [0, -1]]]),
    Op("unsqueeze", lambda x: x.unsqueeze(-2), lambda x: x.unsqueeze(-2)),
    Op("squeeze", lambda x: x.squeeze(), lambda x: x.squeeze(), lambda n, k: [(n, 1, k, 1)]),
    Op("squeeze dim", lambda x: x.squeeze(1) + x.squeeze(0).sum(), lambda x: x.squeeze(1) + x.squeeze(0).sum(),
       lambda n, k: [(n, 1, k)]),
    Op("permute", lambda x: x.permute(2, 0, -2), lambda x: x.permute(2, 0, -2), lambda n, k: [(n, k, 2)]),
    Op("cat", lambda x, y: scratch.cat([x, y, x]), lambda x, y: torch.cat([x, y, x]),
       lambda n, k: [(n, k), (n + 1, k)]),
    Op("cat dim", lambda x, y: scratch.cat((x, y), dim=-2), lambda x, y: torch.cat((x, y), dim=-2),
       lambda n, k: [(2, n, k), (2, 1, k)]),
    Op("stack", lambda x, y: scratch.stack([x, y]), lambda x, y: torch.stack([x, y]), two),
    Op("stack dim", lambda x, y: scratch.stack([x, y, x], dim=-1), lambda x, y: torch.stack([x, y, x], dim=-1), two),
    # activations
    Op("sigmoid", scratch.sigmoid, torch.sigmoid, draw=wide),
    Op("tanh", scratch.tanh, torch.tanh, draw=wide),
    Op("relu", scratch.relu, F.relu),
    Op("leaky_relu", lambda x: scratch.leaky_relu(x, 0.1), lambda x: F.leaky_relu(x, 0.1)),
    Op("elu", lambda x: scratch.elu(x, alpha=0.7), lambda x: F.elu(x, alpha=0.7), draw=wide),
    Op("gelu", scratch.gelu, F.gelu, draw=wide),
    Op("gelu tanh", lambda x: scratch.gelu(x, approximate="tanh"), lambda x: F.gelu(x, approximate="tanh"), draw=wide),
    Op("silu", scratch.silu, F.silu, draw=wide),
    Op("softplus", lambda x: scratch.softplus(x, beta=2.0, threshold=5.0),
       lambda x: F.softplus(x, beta=2.0, threshold=5.0), draw=wide),
    Op("softmax", lambda x: scratch.softmax(x, dim=0), lambda x: F.softmax(x, dim=0), draw=wide),
    Op("log_softmax", lambda x: scratch.log_softmax(x, dim=-1), lambda x: F.log_softmax(x, dim=-1), draw=wide),
    # layers
    Op("linear", scratch.linear, F.linear, lambda n, k: [(n, k), (3, k), (3,)]),
    Op("linear, no bias", scratch.linear, F.linear, lambda n, k: [(n, k), (3, k)]),
    Op("linear, more axes", scratch.linear, F.linear, lambda n, k: [(2, n, k), (3, k), (3,)]),
    # images
    same("conv2d", lambda n, k: [(n, 2, k + 1, 5), (3, 2, 3, 2), (3,)], padding=1),
    same("conv2d", lambda n, k: [(n, 2, k + 2, k + 3), (3, 2, 3, 3)], stride=(2, 1), padding=(0, 2)),
    same("conv2d", lambda n, k: [(2, 4, n + 4, k + 2), (6, 2, 3, 2), (6,)], dilation=2, groups=2, padding="same"),
    same("conv2d", lambda n, k: [(n, 3, 5, k + 4), (3, 1, 2, 3), (3,)], stride=3, dilation=(1, 2), groups=3),
    same("conv2d", lambda n, k: [(2, n + 2, k + 2), (3, 2, 2, 1)]),
    same("conv1d", lambda n, k: [(n, 2, k + 2), (3, 2, 3), (3,)], padding=1),
    same("conv1d", lambda n, k: [(n, 2, k + 5), (4, 1, 2)], stride=2, dilation=3, groups=2, padding=2),
    same("conv_transpose2d", lambda n, k: [(n, 3, k, 2), (3, 2, 3, 2), (2,)]),
    same("conv_transpose2d", lambda n, k: [(n, 4, k, 3), (4, 1, 3, 2), (2,)], stride=(2, 3), padding=1,
         output_padding=(1, 2), groups=2, dilation=(1, 2)),
    same("conv_transpose2d", lambda n, k: [(2, n, k), (2, 3, 2, 2)], output_padding=1, dilation=2),
    same("max_pool2d", lambda n, k: [(n, 2, k + 1, 5)], kernel_size=2),
    same("max_pool2d", lambda n, k: [(2, n + 2, k + 3)], kernel_size=3, stride=2, padding=1, ceil_mode=True),
    same("max_pool2d", lambda n, k: [(n, 1, k + 4, 6)], kernel_size=(3, 2), stride=(1, 3), padding=1, dilation=2),
    same("avg_pool2d", lambda n, k: [(n, 2, k + 1, 5)], kernel_size=2),
    same("avg_pool2d", lambda n, k: [(n, 2, k + 2, 5)], kernel_size=3, stride=2, padding=1, ceil_mode=True),
    same("avg_pool2d", lambda n, k: [(n, 2, k + 2, 5)], kernel_size=3, stride=2, padding=1, ceil_mode=True,
         count_include_pad=False),
    same("avg_pool2d", lambda n, k: [(2, n + 1, k + 1)], kernel_size=(3, 2), stride=1, divisor_override=-2),
    same("adaptive_avg_pool2d", lambda n, k: [(n, 2, k, 5)], output_size=1),
    same("adaptive_avg_pool2d", lambda n, k: [(2, n, k + 1)], output_size=(3, None)),
    same("adaptive_avg_pool2d", lambda n, k: [(n, 2, k + 2, 5)], output_size=(7, 3)),
    Op("flatten function", lambda x: scratch.flatten(x, 1, -2), lambda x: torch.flatten(x, 1, -2),
       lambda n, k: [(n, 2, k, 2)]),
    # normalization and dropout
    Op("batch_norm, features", lambda *a: in_training(scratch, *a), lambda *a: in_training(F, *a),
       lambda n, k: [(n + 1, k), (k,), (k,)]),
    Op("batch_norm, signals", lambda *a: in_training(scratch, *a), lambda *a: in_training(F, *a),
       lambda n, k: [(n, 2, k), (2,), (2,)]),
    Op("batch_norm, images", lambda *a: in_training(scratch, *a), lambda *a: in_training(F, *a),
       lambda n, k: [(n, 3, k, 2), (3,), (3,)]),
    Op("batch_norm, without weight", lambda x: in_training(scratch, x), lambda x: in_training(F, x),
       lambda n, k: [(n, 3, k, 2)]),
    Op("batch_norm, evaluation", lambda *a: in_evaluation(scratch, *a), lambda *a: in_evaluation(F, *a),
       lambda n, k: [(n, 3, k, 2), (3,), (3,)]),
    Op("layer_norm", lambda x, *a: scratch.layer_norm(x, x.shape[-2:], *a).exp(),
       lambda x, *a: F.layer_norm(x, x.shape[-2:], *a).exp(), lambda n, k: [(2, n, k), (n, k), (n, k)]),
    Op("layer_norm, without weight", lambda x: scratch.layer_norm(x, x.shape[-1:], eps=0.1).exp(),
       lambda x: F.layer_norm(x, x.shape[-1:], eps=0.1).exp()),
    Op("dropout", lambda x: scratch.dropout(x, 0.3, generator=np.random.default_rng(0)),
       lambda x: x * torch.tensor(np.random.default_rng(0).random(x.shape, np.float32) >= 0.3) / 0.7),
    # sequences
    Op("embedding", lambda w: scratch.embedding(rows(w, scratch.as_tensor), w),
       lambda w: F.embedding(rows(w, torch.tensor), w)),
    Op("rnn_tanh_cell", scratch.rnn_tanh_cell, torch.rnn_tanh_cell, cell(1)),
    Op("rnn_relu_cell", scratch.rnn_relu_cell, torch.rnn_relu_cell, cell(1)),
    Op("gru_cell", scratch.gru_cell, torch.gru_cell, cell(3)),
    Op("lstm_cell", lambda x, h, c, *w: mixed(scratch.lstm_cell(x, (h, c), *w)),
       lambda x, h, c, *w: mixed(torch.lstm_cell(x, (h, c), *w)), cell(4, states=2)),
    Op("RNN", lambda x, *a: ours_recurrent("RNN", x, *a), lambda x, *a: torch_recurrent("rnn_tanh", x, *a), steps(1)),
    Op("RNN relu", lambda x, *a: ours_recurrent("RNN", x, *a, nonlinearity="relu"),
       lambda x, *a: torch_recurrent("rnn_relu", x, *a), steps(1)),
    Op("GRU", lambda x, *a: ours_recurrent("GRU", x, *a), lambda x, *a: torch_recurrent("gru", x, *a), steps(3)),
    Op("LSTM", lambda x, *a: ours_recurrent("LSTM", x, *a), lambda x, *a: torch_recurrent("lstm", x, *a),
       steps(4, states=2)),
    Op("attention", scratch.scaled_dot_product_attention, F.scaled_dot_product_attention, qkv),
    Op("attention, mask", scratch.scaled_dot_product_attention, F.scaled_dot_product_attention,
       lambda n, k: [(2, 1, n, 3), (2, 2, k, 3), (2, 2, k, 4), (n, k)],
       empty="of no queries torch does not broadcast the heads, and gives the mask no gradient"),
    Op("attention, causal", lambda q, k, v: scratch.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.7),
       lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.7), qkv),
    Op("MultiheadAttention", partial(multihead, scratch), partial(multihead, torch),
       lambda n, k: [(k, n, 4), (3, n, 4), (3, n, 4), (12, 4), (12,), (4, 4), (4,)]),
    # losses
    Op("mse_loss", scratch.mse_loss, F.mse_loss, two),
    Op("mse_loss sum", lambda x, y: scratch.mse_loss(x, y, reduction="sum"),
       lambda x, y: F.mse_loss(x, y, reduction="sum"), two),
    Op("bce", lambda x, y: scratch.binary_cross_entropy_with_logits(x, scratch.sigmoid(y)),
       lambda x, y: F.binary_cross_entropy_with_logits(x, torch.sigmoid(y)), two, wide),
    Op("bce none", lambda x, y: scratch.binary_cross_entropy_with_logits(x, scratch.sigmoid(y), reduction="none"),
       lambda x, y: F.binary_cross_entropy_with_logits(x, torch.sigmoid(y), reduction="none"), two, wide),
    Op("cross_entropy", lambda x: scratch.cross_entropy(x, our_labels(x)), lambda x: F.cross_entropy(x, labels(x)),
       draw=wide),
    Op("cross_entropy none", lambda x: scratch.cross_entropy(x, our_labels(x), reduction="none"),
       lambda x: F.cross_entropy(x, labels(x), reduction="none"), draw=wide),
    Op("cross_entropy soft", lambda x, y: scratch.cross_entropy(x, scratch.softmax(y, dim=1)),
       lambda x, y: F.cross_entropy(x, F.softmax(y, dim=1)), two),
    *[alike(f"{name} {how}", partial(classes, name=name, **how), draw=wide,
            empty="torch returns memory that it never set" if name == "multi_margin_loss" else "")
      for name, hows in CLASS_LOSSES.items() for how in hows],
    alike("cross_entropy soft, smoothed, weight", lambda f, t, x, y: f.cross_entropy(
        x, f.softmax(y, dim=1), like(x, t, x.shape[1]), label_smoothing=0.2), two, wide),
    alike("bce weight, pos_weight", lambda f, t, x, y: f.binary_cross_entropy_with_logits(
        x, f.sigmoid(y), like(x, t, 1, x.shape[1]), pos_weight=like(x, t, x.shape[1])), two, wide),
    alike("bce on probabilities", lambda f, t, x, y: f.binary_cross_entropy(f.sigmoid(x), f.sigmoid(y)), two),
    alike("bce on probabilities, weight", lambda f, t, x, y: f.binary_cross_entropy(
        f.sigmoid(x), f.sigmoid(y), like(x, t, *x.shape), reduction="sum"), two),
    *[alike(f"{name} {how}", partial(distance, name=name, **how), two, wide) for name, how in [
        ("l1_loss", {}), ("smooth_l1_loss", {}), ("smooth_l1_loss", {"beta": 2.0}), ("smooth_l1_loss", {"beta": 0.0}),
        ("huber_loss", {}), ("huber_loss", {"delta": 2.5, "reduction": "none"})]],
    alike("kl_div", lambda f, t, x, y: f.kl_div(f.log_softmax(x, dim=1), f.softmax(y, dim=1), reduction="batchmean"),
          two),
    alike("kl_div, any numbers", lambda f, t, x, y: f.kl_div(x, y, reduction="sum"), two, positive),
    alike("cross_entropy soft, any numbers", lambda f, t, x, y: f.cross_entropy(x, y / 2), two, positive),
    alike("kl_div log", lambda f, t, x, y: f.kl_div(x, y, reduction="none", log_target=True), two),
]
