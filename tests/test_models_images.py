"""The networks for images in both backends: trained side by side, evaluated, and given what does not fit.

That names, arguments, keys, outputs and gradients are the same is in test_mirror.py.
"""
from __future__ import annotations

import numpy as np
import pytest
import torch

from dlbook import data, images, pt, scratch
from dlbook.metrics import accuracy
from dlbook.train import evaluate, train

ROWS = [("LeNet", {"width": 2}, (1, 28, 28)),
        ("LeNet", {"width": 1, "activation": "tanh", "pooling": "avg"}, (1, 28, 28)),
        ("AllConvNet", {"in_channels": 2, "width": 3}, (2, 9, 6)),
        ("ResNet", {"width": 2, "blocks": (1, 2)}, (1, 8, 9))]
BACKENDS = pytest.mark.parametrize("library, tensor", [(scratch, scratch.Tensor), (pt, torch.tensor)],
                                   ids=["scratch", "pt"])


@pytest.mark.parametrize("name, options, shape", ROWS, ids=lambda v: str(v))
def test_both_learn_the_same(name, options, shape):
    """Three steps of SGD with momentum in float64, then evaluation: the same numbers to 1e-10."""
    ours, theirs = (getattr(m, name)(num_classes=3, **options).double() for m in (scratch, pt))
    ours.load_state_dict(theirs.state_dict())
    sgd = [scratch.SGD(ours.parameters(), lr=0.1, momentum=0.9),
           torch.optim.SGD(theirs.parameters(), lr=0.1, momentum=0.9)]
    rng = np.random.default_rng(0)
    for _ in range(3):
        X, y = rng.standard_normal((5, *shape)), rng.integers(0, 3, 5)
        loss = scratch.cross_entropy(ours(scratch.Tensor(X)), scratch.Tensor(y))
        loss_torch = torch.nn.functional.cross_entropy(theirs(torch.tensor(X)), torch.tensor(y))
        assert loss.item() == pytest.approx(loss_torch.item(), rel=1e-10)
        for optimizer, value in zip(sgd, (loss, loss_torch)):
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
    for (key, a), (key_torch, b) in zip(ours.state_dict().items(), theirs.state_dict().items(), strict=True):
        assert key == key_torch
        np.testing.assert_allclose(a.array, b, rtol=1e-10, atol=1e-12, err_msg=key)
    x = rng.standard_normal((4, *shape))
    evaluated = ours.eval()(scratch.Tensor(x)).detach().array
    np.testing.assert_allclose(evaluated, theirs.eval()(torch.tensor(x)).detach(), rtol=1e-10, atol=1e-11)
    one_by_one = np.concatenate([ours(scratch.Tensor(x[i:i + 1])).detach().array for i in range(4)])
    np.testing.assert_allclose(one_by_one, evaluated, rtol=1e-10, atol=1e-12)
    if name == "ResNet":
        assert not np.allclose(ours.train()(scratch.Tensor(x)).detach().array, evaluated, atol=1e-3)


def test_a_block_that_keeps_the_shape_adds_its_input_itself():
    block, other = scratch.BasicBlock(3, 3), scratch.BasicBlock(3, 4)
    assert len(block.shortcut) == 0 and len(other.shortcut) == len(scratch.BasicBlock(3, 3, 2).shortcut) == 2
    block.residual[4].weight.array[...] = 0
    x = np.random.default_rng(0).standard_normal((2, 3, 5, 5)).astype(np.float32)
    np.testing.assert_array_equal(block(scratch.Tensor(x)).detach().array, np.maximum(x, 0))
    assert block(scratch.Tensor(x)).shape == (2, 3, 5, 5)
    assert scratch.BasicBlock(3, 4, 2)(scratch.Tensor(x)).shape == (2, 4, 3, 3)


@BACKENDS
def test_sizes(library, tensor):
    for size in [(4, 4), (8, 8), (13, 7), (28, 28)]:
        x = tensor(np.zeros((2, 3, *size), np.float32))
        assert tuple(library.AllConvNet(5, 3, 4)(x).shape) == tuple(library.ResNet(5, 3, 4)(x).shape) == (2, 5)
    kernels = [tuple(p.shape) for p in library.LeNet().parameters() if p.ndim > 1]
    assert kernels == [(6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84)]  # of LeNet-5
    assert sum(p.ndim == 4 for p in library.ResNet(blocks=(2, 2, 2)).parameters()) == 13 + 2  # and two of 1 × 1
    strides = [block.residual[0].stride for block in library.ResNet(blocks=(2, 1, 1)).blocks]
    assert strides == [(1, 1), (1, 1), (2, 2), (2, 2)]


@pytest.mark.parametrize("name", ["LeNet", "AllConvNet", "ResNet"])
def test_the_generator_decides_where_training_starts(name):
    for module, make in ((scratch, np.random.default_rng), (pt, lambda s: torch.Generator().manual_seed(s))):
        a, b, c = ([np.asarray(p.detach()) for p in getattr(module, name)(generator=make(s)).parameters()]
                   for s in (3, 3, 4))
        for p, q, r in zip(a, b, c):
            np.testing.assert_array_equal(p, q)
            normalization = len(p) > 1 and np.ptp(p) == 0
            assert normalization or not np.array_equal(p, r)
            if p.ndim > 1:
                assert np.abs(p).max() <= p[0].size ** -0.5 + 1e-7 and np.abs(p).max() > 0.8 * p[0].size ** -0.5


SHAPES = [
    ("LeNet", (), (5, 28, 28), r"expected \(n, 1, 28, 28\). One channel is an axis too: x.reshape\(5, 1, 28, 28\)"),
    ("LeNet", (), (5, 28, 28, 1), r"np.moveaxis\(x, -1, 1\)"),
    ("LeNet", (), (5, 784), r"x.reshape\(-1, 1, 28, 28\)"),
    ("LeNet", (), (5, 64), r"dlbook.images.enlarge\(x, 28\)"),
    ("LeNet", (), (5, 1, 8, 8), r"got images of shape \(5, 1, 8, 8\).*dlbook.images.enlarge\(x, 28\)"),
    ("LeNet", (), (5, 3, 28, 28), r"LeNet: got images of shape \(5, 3, 28, 28\); expected \(n, 1, 28, 28\)$"),
    ("AllConvNet", (10, 3), (3, 8, 8), r"\(n, 3, H, W\) with H and W of at least 4. .* batch of one: x\[None\]"),
    ("AllConvNet", (), (5, 1, 3, 8), r"expected \(n, 1, H, W\) with H and W of at least 4$"),
    ("AllConvNet", (10, 3), (5, 8, 8, 3), r"np.moveaxis"),
    ("ResNet", (), (5, 64), r"ResNet: got images of shape \(5, 64\); expected \(n, 1, H, W\)"),
    ("ResNet", (), (5, 2, 8, 8), r"ResNet: got images of shape \(5, 2, 8, 8\)"),
]


@BACKENDS
@pytest.mark.parametrize("name, arguments, shape, message", SHAPES)
def test_images_that_do_not_fit(library, tensor, name, arguments, shape, message):
    with pytest.raises(ValueError, match=message):
        getattr(library, name)(*arguments)(tensor(np.zeros(shape, np.float32)))


@BACKENDS
@pytest.mark.parametrize("name, options, message", [
    ("LeNet", {"width": 0}, "LeNet: width must be a positive whole number, got 0"),
    ("LeNet", {"num_classes": 2.5}, "num_classes must be a positive whole number, got 2.5"),
    ("LeNet", {"activation": "rely"}, "unknown activation 'rely'; known are identity, .*relu"),
    ("LeNet", {"pooling": "mean"}, "unknown pooling 'mean'; known are max, avg"),
    ("AllConvNet", {"in_channels": -1}, "AllConvNet: in_channels must be a positive whole number, got -1"),
    ("ResNet", {"blocks": ()}, r"ResNet: blocks must be a positive whole number for each stage, got \(\)"),
    ("ResNet", {"blocks": (1, 0)}, r"got \(1, 0\)"),
])
def test_arguments_that_do_not_fit(library, tensor, name, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(library, name)(**options)


@pytest.mark.parametrize("name, options, epochs", [("LeNet", {"width": 2}, 4), ("ResNet", {"width": 4}, 3)])
def test_they_learn_digits(name, options, epochs):
    splits = data.split(data.digits())
    part, test = (data.Dataset(images.enlarge(X) if name == "LeNet" else X.reshape(-1, 1, 8, 8), y)
                  for X, y in (splits.train, splits.test))
    rng, loss = np.random.default_rng(0), scratch.CrossEntropyLoss()
    model = getattr(scratch, name)(**options, generator=rng)
    optimizer = scratch.Adam(model.parameters(), lr=5e-3)
    list(train(model, loss, optimizer, part, epochs=epochs, batch_size=32, generator=rng))
    assert accuracy(test.y, evaluate(model, loss, test)[1]) > 0.85
