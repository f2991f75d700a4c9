"""The layers for images as modules: the same keys, text, numbers and gradients as in torch.nn, empty batches too."""
from __future__ import annotations

import numpy as np
import pytest
import torch

from dlbook import scratch

LAYERS = [
    ("Conv1d", (4, 6, 3), {"padding": 1, "groups": 2}, (5, 4, 7)),
    ("Conv1d", (4, 6, (3,)), {"stride": (2,), "padding": "valid", "bias": False}, (4, 7)),
    ("Conv2d", (3, 5, 3), {"padding": 1}, (4, 3, 6, 7)),
    ("Conv2d", (4, 6, (3, 2)), {"stride": 2, "padding": (1, 0), "dilation": (1, 2), "groups": 2, "bias": False},
     (4, 4, 8, 7)),
    ("Conv2d", (3, 5, 3), {"padding": "same"}, (3, 6, 7)),
    ("ConvTranspose2d", (4, 6, 3), {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2}, (3, 4, 5, 6)),
    ("ConvTranspose2d", (4, 6, (3, 2)), {"bias": False, "dilation": 2}, (3, 4, 5, 6)),
    ("MaxPool2d", (2,), {}, (3, 2, 7, 6)),
    ("MaxPool2d", ((3, 2),), {"stride": 2, "padding": 1, "ceil_mode": True}, (3, 2, 7, 6)),
    ("AvgPool2d", (2,), {}, (3, 2, 7, 6)),
    ("AvgPool2d", (3, 2, 1), {"ceil_mode": True, "count_include_pad": False}, (3, 2, 7, 6)),
    ("AvgPool2d", (3,), {"divisor_override": 5}, (3, 2, 7, 6)),
    ("AdaptiveAvgPool2d", (1,), {}, (3, 2, 7, 6)),
    ("AdaptiveAvgPool2d", ((None, 4),), {}, (3, 2, 7, 6)),
    ("Flatten", (), {}, (3, 2, 4)),
    ("Flatten", (0, 1), {}, (3, 2, 4)),
    ("BatchNorm1d", (4,), {}, (5, 4)),
    ("BatchNorm1d", (4,), {"bias": False, "eps": 0.1}, (5, 4, 3)),
    ("BatchNorm2d", (4,), {"momentum": None}, (5, 4, 3, 2)),
    ("BatchNorm2d", (4,), {"affine": False}, (5, 4, 3, 2)),
    ("BatchNorm2d", (4,), {"track_running_stats": False}, (5, 4, 3, 2)),
    ("LayerNorm", (4,), {}, (5, 4)),
    ("LayerNorm", ([3, 4],), {"bias": False, "eps": 0.1}, (5, 3, 4)),
    ("LayerNorm", (4,), {"elementwise_affine": False}, (5, 4)),
    ("Dropout", (), {"p": 0.0}, (5, 4)),
    ("Dropout", (1.0,), {}, (5, 4)),
]
ONE_IMAGE = [("Conv1d", 2), ("Conv2d", 3)]  # and number of axes: without a batch


def layers(rows):
    return pytest.mark.parametrize("name, arguments, options, shape", rows,
                                   ids=lambda v: v if isinstance(v, str) else str(v).replace("'", ""))


every_layer = layers(LAYERS)


def both(name, arguments, options):
    ours, theirs = (getattr(library, name)(*arguments, **options).double() for library in (scratch, torch.nn))
    for i, p in enumerate(theirs.parameters()):
        torch.nn.init.normal_(p, generator=torch.Generator().manual_seed(i))
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def step(ours, theirs, x):
    """Both forwards and backwards: outputs, gradients and state agree."""
    a, b = scratch.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, y_torch = ours(a), theirs(b)
    assert y.shape == tuple(y_torch.shape)
    dy = np.random.default_rng(1).standard_normal(y.shape)
    y.backward(dy)
    y_torch.backward(torch.tensor(dy))
    np.testing.assert_allclose(y.detach().array, y_torch.detach(), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(a.grad.array, b.grad, rtol=1e-8, atol=1e-10)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.array, q.grad, rtol=1e-8, atol=1e-10)
    for (key, value), (key_torch, value_torch) in zip(ours.state_dict().items(), theirs.state_dict().items(),
                                                      strict=True):
        assert key == key_torch and str(value.dtype) == str(value_torch.dtype).removeprefix("torch.")
        np.testing.assert_allclose(value.array, value_torch, rtol=1e-12, atol=1e-13, err_msg=key)


@every_layer
def test_training_then_evaluation(name, arguments, options, shape):
    ours, theirs = both(name, arguments, options)
    rng = np.random.default_rng(0)
    for _ in range(3):
        step(ours, theirs, rng.standard_normal(shape))
    step(ours.eval(), theirs.eval(), rng.standard_normal(shape))


@every_layer
def test_what_training_left_moves_to_torch(name, arguments, options, shape):
    ours, theirs = (getattr(library, name)(*arguments, **options) for library in (scratch, torch.nn))
    x = np.random.default_rng(0).normal(2, 3, shape).astype(np.float32)
    ours(scratch.Tensor(x))
    theirs.load_state_dict({key: torch.tensor(value.numpy()) for key, value in ours.state_dict().items()})
    y = ours.eval()(scratch.Tensor(x)).detach().array
    np.testing.assert_allclose(y, theirs.eval()(torch.tensor(x)).detach(), rtol=1e-4, atol=1e-5)


@layers([row for row in LAYERS if (row[0], len(row[3])) not in ONE_IMAGE])
def test_an_empty_batch(name, arguments, options, shape):
    ours, theirs = both(name, arguments, options)
    for mode in (True, False):
        step(ours.train(mode), theirs.train(mode), np.zeros((0, *shape[1:])))


@every_layer
def test_it_prints_as_torchs(name, arguments, options, shape):
    ours, theirs = both(name, arguments, options)
    assert repr(ours) == repr(theirs)


@every_layer
def test_float32_stays_float32(name, arguments, options, shape):
    layer = getattr(scratch, name)(*arguments, **options)
    x = scratch.Tensor(np.random.default_rng(0).standard_normal(shape).astype(np.float32), requires_grad=True)
    for mode in (True, False):
        y = layer.train(mode)(x)
        y.backward(np.ones(y.shape))
        assert y.dtype == x.grad.dtype == np.float32
    assert all(t.dtype == np.float32 for k, t in layer.state_dict().items() if k != "num_batches_tracked")
