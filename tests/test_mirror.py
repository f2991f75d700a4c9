"""``dlbook.scratch`` is a mirror of PyTorch, and ``dlbook.pt.models`` of ``dlbook.scratch.models``.

Every public name has a twin with the same arguments and defaults.  What differs is listed here, with its reason.
"""
from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from dlbook import pt, scratch
from dlbook.pt import models as pt_models
from dlbook.scratch import models as scratch_models

# Ours alone, or not what a signature can compare.
OURS = {
    "Tensor": "torch.Tensor is made by torch.tensor, whose arguments ours takes; its methods are compared below",
    "apply": "how an operation gets onto the tape; torch.autograd.Function does it with a class",
    "numerical_gradient": "torch keeps its own private",
    "GradcheckError": "torch keeps its own in torch.autograd.gradcheck",
    "init": "a module; its functions are compared below",
    **dict.fromkeys(["MLP", "LeNet", "AllConvNet", "BasicBlock", "ResNet", "RNNClassifier", "SequenceTagger", "CharLM"],
                    "the book's; its twin is in dlbook.pt"),
    "next_token": "how the language models of both draw",
    "Sequential": "torch.nn.Sequential has two signatures; ours is its *args",
    "Module": "a base class; its methods are compared below",
    "Optimizer": "a base class; its methods are compared below",
    "no_grad": "a context manager without arguments",
}
# Torch's arguments that we leave out, once and for all.
OMITTED = {
    "device": "NumPy has one", "dtype": "parameters are float32; double() makes them float64", "inplace": "nothing is",
    "size_average": "deprecated in torch", "reduce": "deprecated in torch",
    "weight": "of mse_loss, l1_loss, huber_loss: multiply the losses of reduction='none'",
    "maximize": "minimize the negative", "foreach": "speed only", "capturable": "of graphs on a GPU",
    "last_epoch": "of a schedule: load_state_dict goes on",
    "differentiable": "first derivatives only", "fused": "speed only",
    "raise_exception": "always", "nondet_tol": "NumPy repeats itself", "check_undefined_grad": "no undefined gradients",
    "check_grad_dtypes": "always", "check_batched_grad": "no vmap", "check_batched_forward_grad": "no vmap",
    "check_forward_ad": "reverse mode only", "check_backward_ad": "always", "fast_mode": "always every element",
    "masked": "dense only", "requires_grad": "as_tensor: set it with requires_grad_",
    "proj_size": "LSTM: not used in the book", "kdim": "keys as wide as queries", "vdim": "values too",
    "add_bias_kv": "of attention: not used in the book", "add_zero_attn": "not used", "enable_gqa": "not used",
    "max_norm": "of an embedding: not used in the book", "norm_type": "see max_norm", "scale_grad_by_freq": "not used",
    "return_indices": "nobody needs them", "padding_mode": "zeros only",
    "sparse": "dense only", "_weight": "load_state_dict does it", "_freeze": "requires_grad_(False) does it",
}
# Defaults of torch that we leave out on purpose.
NO_DEFAULT = {
    **dict.fromkeys(["softmax", "log_softmax", "Softmax", "LogSoftmax"], "torch's dim=None is deprecated: it guesses"),
    "Parameter": "an empty parameter is of no use",
}
RECURRENT = (("bias", True), ("batch_first", False), ("dropout", 0.0), ("bidirectional", False))
CONV = ("input", "weight", ("bias", None), ("stride", 1), ("padding", 0), ("dilation", 1), ("groups", 1))
CELL = ("input", "hx", "w_ih", "w_hh", ("b_ih", None), ("b_hh", None))
# Where torch shows no signature, it is stated here, and a call by keyword in STATED_CALLS proves it.
STATED = {
    "linear": ("input", "weight", ("bias", None)),
    "gelu": ("input", ("approximate", "none")),
    "softplus": ("input", ("beta", 1.0), ("threshold", 20.0)),
    "as_tensor": ("data", ("dtype", None)),
    "RNN": ("input_size", "hidden_size", ("num_layers", 1), ("nonlinearity", "tanh"), *RECURRENT),
    "LSTM": ("input_size", "hidden_size", ("num_layers", 1), *RECURRENT, ("proj_size", 0)),
    "GRU": ("input_size", "hidden_size", ("num_layers", 1), *RECURRENT),
    "lstm_cell": CELL, "gru_cell": CELL, "rnn_tanh_cell": CELL, "rnn_relu_cell": CELL,
    "scaled_dot_product_attention": ("query", "key", "value", ("attn_mask", None), ("dropout_p", 0.0),
                                     ("is_causal", False), ("scale", None), ("enable_gqa", False)),
    **dict.fromkeys(["conv1d", "conv2d"], CONV), "conv_transpose2d": (
        *CONV[:5], ("output_padding", 0), ("groups", 1), ("dilation", 1)),
    "max_pool2d": ("input", "kernel_size", ("stride", None), ("padding", 0), ("dilation", 1), ("ceil_mode", False),
                   ("return_indices", False)),
    "avg_pool2d": ("input", "kernel_size", ("stride", None), ("padding", 0), ("ceil_mode", False),
                   ("count_include_pad", True), ("divisor_override", None)),
    "flatten": ("input", ("start_dim", 0), ("end_dim", -1)),
    "cat": ("tensors", ("dim", 0)), "stack": ("tensors", ("dim", 0)), "where": ("condition", "input", "other"),
    "sigmoid": ("input",), "tanh": ("input",), "softmax": ("input", "dim"), "log_softmax": ("input", "dim"),
}
STATED_CALLS = {
    "linear": lambda t, f, x: f(input=x, weight=x, bias=None), "gelu": lambda t, f, x: f(input=x, approximate="tanh"),
    "softplus": lambda t, f, x: f(input=x, beta=2.0, threshold=10.0),
    "as_tensor": lambda t, f, x: f(data=[1.0], dtype=None),
    "RNN": lambda t, f, x: f(1, 2, num_layers=1, nonlinearity="relu", **dict(RECURRENT)),
    **dict.fromkeys(["LSTM", "GRU"], lambda t, f, x: f(1, hidden_size=2, num_layers=1, **dict(RECURRENT))),
    **dict.fromkeys(["rnn_tanh_cell", "rnn_relu_cell"],
                    lambda t, f, x: f(input=x, hx=x, w_ih=x, w_hh=x, b_ih=None, b_hh=None)),
    "gru_cell": lambda t, f, x: f(input=x, hx=x, w_ih=t([[1.0]] * 3), w_hh=t([[1.0]] * 3), b_ih=None, b_hh=None),
    "lstm_cell": lambda t, f, x: f(input=x, hx=(x, x), w_ih=t([[1.0]] * 4), w_hh=t([[1.0]] * 4), b_ih=None, b_hh=None),
    "scaled_dot_product_attention": lambda t, f, x: f(query=x, key=x, value=x, attn_mask=None, dropout_p=0.0,
                                                      is_causal=True, scale=1.0),
    "conv1d": lambda t, f, x: f(input=x.reshape(1, 1, 1), weight=x.reshape(1, 1, 1), **dict(CONV[2:])),
    "conv2d": lambda t, f, x: f(input=x.reshape(1, 1, 1, 1), weight=x.reshape(1, 1, 1, 1), **dict(CONV[2:])),
    "conv_transpose2d": lambda t, f, x: f(input=x.reshape(1, 1, 1, 1), weight=x.reshape(1, 1, 1, 1), bias=None,
                                          stride=2, padding=0, output_padding=1, groups=1, dilation=1),
    "max_pool2d": lambda t, f, x: f(input=x.reshape(1, 1, 1), kernel_size=1, stride=None, padding=0, dilation=1,
                                    ceil_mode=False),
    "avg_pool2d": lambda t, f, x: f(input=x.reshape(1, 1, 1), kernel_size=1, stride=None, padding=0, ceil_mode=False,
                                    count_include_pad=True, divisor_override=None),
    "flatten": lambda t, f, x: f(input=x, start_dim=0, end_dim=-1),
    "cat": lambda t, f, x: f(tensors=[x, x], dim=0), "stack": lambda t, f, x: f(tensors=[x, x], dim=0),
    "where": lambda t, f, x: f(condition=x > 0, input=x, other=x),
    "sigmoid": lambda t, f, x: f(input=x), "tanh": lambda t, f, x: f(input=x),
    "softmax": lambda t, f, x: f(input=x, dim=0), "log_softmax": lambda t, f, x: f(input=x, dim=0),
}
# Where we raise and torch does not.
STRICTER = {
    **dict.fromkeys(["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div"],
                    (lambda t: (t([[0.0], [0.0]]), t([1.0, 2.0])), "shapes that broadcast")),
    "binary_cross_entropy_with_logits": (lambda t: (t([0.0]), t([2.0])), "targets outside [0, 1]"),
    **dict.fromkeys(["max_pool2d", "avg_pool2d"], (lambda t: (t([[[1]]]), 1), "whole numbers, whose mean is rounded")),
    "cross_entropy": (lambda t: (t([[0.0, 0.0]]), t([[0.5, 1.5]])), "targets outside [0, 1]"),
}


def twin(name: str):
    places = (torch.nn, F, torch, torch.optim, torch.optim.lr_scheduler, torch.nn.utils, torch.autograd)
    found = [getattr(p, name) for p in places if hasattr(p, name)]
    assert found, f"scratch.{name} has no twin in torch; add it to OURS with a reason, or rename it"
    return found[0]


def parameters(f) -> list[tuple[str, object]]:
    every = inspect.signature(f).parameters.values()
    if inspect.isclass(f):  # Sigmoid(*args): any arguments, all ignored
        every = [p for p in every if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return [(p.name, p.default) for p in every if p.name != "self"]


def stated(name: str) -> list[tuple[str, object]]:
    return [(p, inspect.Parameter.empty) if isinstance(p, str) else p for p in STATED[name]]


def compare_signatures(name: str, ours, theirs: list[tuple[str, object]]) -> None:
    """Ours are torch's in torch's order without the omitted ones; what follows an omission is keyword-only."""
    our_kinds = {p.name: p.kind for p in inspect.signature(ours).parameters.values()}
    mine = [(n, d) for n, d in parameters(ours) if n != "generator"]
    kept = [(n, d) for n, d in theirs if n in dict(mine)]
    assert [n for n, _ in mine] == [n for n, _ in kept], f"{name}: {mine} against torch's {theirs}"
    for (n, a), (_, b) in zip(mine, kept):
        if a is inspect.Parameter.empty and name in NO_DEFAULT:
            continue
        assert a == b, f"{name}({n}={a}), torch has {b}"
    omitted = False
    for n, _ in theirs:
        if n not in dict(mine):
            assert n in OMITTED, f"{name}: torch's argument {n} is neither there nor in OMITTED"
            omitted = True
        elif omitted:
            assert our_kinds[n] is inspect.Parameter.KEYWORD_ONLY, f"{name}: {n} follows an omission: keyword-only"


PUBLIC = [n for n in scratch.__all__ if n not in OURS]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_a_twin_with_the_same_arguments(name):
    ours, theirs = getattr(scratch, name), twin(name)
    if name in STATED:
        for t, f, x in ((scratch.Tensor, ours, scratch.Tensor([[1.0]])), (torch.tensor, theirs, torch.tensor([[1.0]]))):
            STATED_CALLS[name](t, f, x)
        compare_signatures(name, ours, stated(name))
    else:
        compare_signatures(name, ours, parameters(theirs))


def test_the_list_of_exceptions_holds_nothing_else():
    assert set(OURS) <= set(scratch.__all__)
    assert set(STATED) == set(STATED_CALLS) <= set(PUBLIC)
    theirs = {n for name in PUBLIC for n, _ in (stated(name) if name in STATED else parameters(twin(name)))}
    init_names = {n for name in init_functions() for n, _ in parameters(getattr(torch.nn.init, name))}
    unused = set(OMITTED) - theirs - init_names
    assert not unused, f"OMITTED names arguments that torch does not have: {unused}"


# Our own arguments of forward.
OURS_IN_FORWARD = {"lengths": "where padded sequences end; torch has pack_padded_sequence and pad_packed_sequence"}


@pytest.mark.parametrize("name", [n for n in PUBLIC if inspect.isclass(c := getattr(scratch, n))
                                  and issubclass(c, scratch.Module)])
def test_forward_takes_torchs_arguments(name):
    ours, theirs = getattr(scratch, name), twin(name)
    mine = [p for p in parameters(ours.forward) if p[0] not in OURS_IN_FORWARD]
    assert mine == parameters(theirs.forward)
    kinds = {p.name: p.kind for p in inspect.signature(ours.forward).parameters.values()}
    assert all(kinds[n] is inspect.Parameter.KEYWORD_ONLY for n in OURS_IN_FORWARD if n in kinds)


def init_functions() -> list[str]:
    return [n for n, f in vars(scratch.init).items() if inspect.isfunction(f) and f.__module__.endswith("init")
            and not n.startswith("_")]


@pytest.mark.parametrize("name", init_functions())
def test_init_functions_are_torchs(name):
    theirs = [p for p in parameters(getattr(torch.nn.init, name)) if p[0] != "generator"]
    compare_signatures(name, getattr(scratch.init, name), theirs)


@pytest.mark.parametrize("ours, theirs, alone", [
    (scratch.Tensor, torch.Tensor, {"array", "made_by"}),
    (scratch.Module, torch.nn.Module, set()),
    (scratch.Optimizer, torch.optim.Optimizer, set()),
    *[(getattr(scratch, name), twin(name), set()) for name in PUBLIC
      if inspect.isclass(c := getattr(scratch, name)) and issubclass(c, (scratch.Optimizer, scratch.LRScheduler))],
    (scratch.Sequential, torch.nn.Sequential, set()),
], ids=lambda v: getattr(v, "__name__", ""))
def test_every_public_method_exists_in_torch(ours, theirs, alone):
    for name in dir(ours):
        if not name.startswith("_") and name not in alone:
            assert hasattr(theirs, name), f"{ours.__name__}.{name} does not exist in torch"


@pytest.mark.parametrize("name", STRICTER)
def test_where_we_raise_and_torch_does_not(name):
    arguments, reason = STRICTER[name]
    with pytest.raises(ValueError):
        getattr(scratch, name)(*arguments(scratch.Tensor))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        assert torch.isfinite(getattr(F, name)(*arguments(torch.tensor))), reason


# ---- the book's networks
NETWORKS = {
    "MLP": [([3, 5, 2],), ([3, 2],), ([3, 4, 4, 4, 1], "tanh"), ([2, 3, 1], "gelu"), ([2, 3, 1], "gelu_tanh")],
    "LeNet": [(), (3, 2, "tanh", "avg"), (2, 1, "sigmoid")],
    "AllConvNet": [(), (3, 2, 4)],
    "BasicBlock": [(2, 2), (2, 3), (2, 2, 2)],
    "ResNet": [(), (3, 2, 4, (2, 1)), (2, 1, 3, (1,))],
}
BATCH = {
    "MLP": lambda arguments: (6, arguments[0][0]), "LeNet": lambda arguments: (3, 1, 28, 28),
    "BasicBlock": lambda arguments: (4, arguments[0], 5, 6),
    **dict.fromkeys(["AllConvNet", "ResNet"], lambda arguments: (3, (*arguments, 1, 1)[1] if arguments else 1, 9, 8)),
}


def networks(module) -> dict:
    base = scratch.Module if module is scratch_models else torch.nn.Module
    return {n: c for n, c in vars(module).items()
            if inspect.isclass(c) and issubclass(c, base) and c.__module__ == module.__name__}


def test_both_have_the_same_networks():
    assert set(networks(scratch_models)) == set(networks(pt_models)) == set(NETWORKS) == set(BATCH)
    assert list(scratch_models.ACTIVATIONS) == list(pt_models.ACTIVATIONS)


@pytest.mark.parametrize("name", NETWORKS)
def test_same_arguments(name):
    assert parameters(getattr(scratch_models, name)) == parameters(getattr(pt_models, name))


@pytest.mark.parametrize("name, arguments", [(n, a) for n, rows in NETWORKS.items() for a in rows])
def test_same_keys_outputs_and_gradients(name, arguments):
    ours, theirs = getattr(scratch_models, name)(*arguments).double(), getattr(pt_models, name)(*arguments).double()
    assert [(k, v.shape) for k, v in ours.state_dict().items()] == \
           [(k, tuple(v.shape)) for k, v in theirs.state_dict().items()]
    ours.load_state_dict(theirs.state_dict())
    x = np.random.default_rng(0).standard_normal(BATCH[name](arguments))
    y, y_torch = ours(scratch.Tensor(x)), theirs(torch.tensor(x))
    np.testing.assert_allclose(y.detach().array, y_torch.detach(), rtol=1e-11, atol=1e-13)
    (y * y).mean().backward()
    (y_torch * y_torch).mean().backward()
    for (key, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.array, q.grad, rtol=1e-10, atol=1e-13, err_msg=key)


@pytest.mark.parametrize("activation", scratch_models.ACTIVATIONS)
def test_each_activation_by_name_is_torchs(activation):
    ours, theirs = scratch.MLP([2, 3, 1], activation), pt.MLP([2, 3, 1], activation)
    ours.load_state_dict(theirs.state_dict())
    x = np.random.default_rng(0).standard_normal((5, 2)).astype(np.float32)
    np.testing.assert_allclose(ours(scratch.Tensor(x)).detach().array, theirs(torch.tensor(x)).detach(), atol=1e-6)
