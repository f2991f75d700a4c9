"""The recurrent layers against PyTorch's, and their fast loops against the equations of one step.

The cells, and one layer of each kind, are in the table of ``ops.py`` too.
"""
from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from dlbook import scratch
from dlbook.scratch import GRU, LSTM, RNN, Tensor, no_grad, recurrence

KINDS = {"RNN": {}, "RNN relu": {"nonlinearity": "relu"}, "GRU": {}, "LSTM": {}}
every_kind = pytest.mark.parametrize("kind", KINDS)


def pair(kind: str, *sizes: int, **options):
    """Our layer and torch's with the same weights, in float64."""
    name, options = kind.split()[0], {**KINDS[kind], **options}
    ours, theirs = (getattr(nn, name)(*sizes, **options).double() for nn in (scratch, torch.nn))
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def flat(result) -> list:
    """Output, h_n and, for an LSTM, c_n."""
    output, final = result
    return [output, *(final if isinstance(final, tuple) else (final,))]


def run_both(ours, theirs, x, states=None, lengths=None, use=(True, True, True)):
    """Outputs and all gradients of both; ``use`` says which of output, h_n, c_n go into the loss."""
    x_ours, x_torch = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    s_ours = [Tensor(s, requires_grad=True) for s in states or []]
    s_torch = [torch.tensor(s, requires_grad=True) for s in states or []]
    y = flat(ours(x_ours, as_hx(s_ours), **({} if lengths is None else {"lengths": lengths})))
    if lengths is None:
        y_torch = flat(theirs(x_torch, as_hx(s_torch)))
    else:
        first, steps = theirs.batch_first, x.shape[1 if theirs.batch_first else 0]
        packed = pack_padded_sequence(x_torch, torch.tensor(lengths), batch_first=first, enforce_sorted=False)
        y_torch = flat(theirs(packed, as_hx(s_torch)))
        y_torch[0] = pad_packed_sequence(y_torch[0], batch_first=first, total_length=steps)[0]
    rng = np.random.default_rng(5)
    weights = [rng.standard_normal(r.shape) for r in y]
    sum((r * w).sum() for r, w, u in zip(y, weights, use) if u).backward()
    sum((r * torch.tensor(w)).sum() for r, w, u in zip(y_torch, weights, use) if u).backward()
    leaves = [(x_ours, x_torch), *zip(s_ours, s_torch), *zip(ours.parameters(), theirs.parameters(), strict=True)]
    return y, [r.detach().numpy() for r in y_torch], [(a.grad.array, b.grad.numpy()) for a, b in leaves]


def as_hx(states):
    return (states[0] if len(states) == 1 else tuple(states)) if states else None


def assert_equal(y, y_torch, grads):
    for a, b in zip(y, y_torch, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a.array, b, rtol=1e-10, atol=1e-12)
    for g, g_torch in grads:
        np.testing.assert_allclose(g, g_torch, rtol=1e-9, atol=1e-11)


@every_kind
@settings(max_examples=40, deadline=None)
@given(data=st.data(), layers=st.integers(1, 3), bias=st.booleans(), batch_first=st.booleans(),
       bidirectional=st.booleans(), seed=st.integers(0, 99))
def test_outputs_final_states_and_gradients_are_torchs(kind, data, layers, bias, batch_first, bidirectional, seed):
    steps, n, d, h = (data.draw(st.integers(1, 5)) for _ in range(4))
    lengths = data.draw(st.none() | st.lists(st.integers(1, steps), min_size=n, max_size=n))
    ours, theirs = pair(kind, d, h, num_layers=layers, bias=bias, batch_first=batch_first, bidirectional=bidirectional)
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, steps, d) if batch_first else (steps, n, d))
    states = [rng.standard_normal((layers * (1 + bidirectional), n, h)) for _ in range(1 + (kind == "LSTM"))]
    assert_equal(*run_both(ours, theirs, x, data.draw(st.sampled_from([None, states])), lengths))


@every_kind
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("with_state", [False, True])
def test_one_sequence_without_a_batch_axis(kind, batch_first, with_state):
    ours, theirs = pair(kind, 3, 2, num_layers=2, bidirectional=True, batch_first=batch_first)
    rng = np.random.default_rng(0)
    states = [rng.standard_normal((4, 2)) for _ in range(1 + (kind == "LSTM"))] if with_state else None
    assert_equal(*run_both(ours, theirs, rng.standard_normal((5, 3)), states))


@pytest.mark.parametrize("use", [(True, False, False), (False, True, False), (False, False, True)])
@pytest.mark.parametrize("lengths", [None, [2, 4, 1]])
def test_a_loss_of_one_result_alone(use, lengths):
    ours, theirs = pair("LSTM", 3, 2, num_layers=2)
    assert_equal(*run_both(ours, theirs, np.random.default_rng(0).standard_normal((4, 3, 3)), None, lengths, use))


# ---- the fast loop is the equation of one step, repeated
CELLS = {"RNN": scratch.rnn_tanh_cell, "RNN relu": scratch.rnn_relu_cell, "GRU": scratch.gru_cell,
         "LSTM": scratch.lstm_cell}


@every_kind
@pytest.mark.parametrize("bias", [True, False])
def test_the_layer_repeats_the_cell(kind, bias):
    rng = np.random.default_rng(0)
    layer, _ = pair(kind, 3, 4, bias=bias)
    weights, x = list(layer.parameters()), Tensor(rng.standard_normal((6, 2, 3)), requires_grad=True)
    first = [Tensor(rng.standard_normal((1, 2, 4)), requires_grad=True) for _ in range(1 + (kind == "LSTM"))]
    leaves, results = [x, *first, *weights], []

    states = [s[0] for s in first]
    outputs = []
    for t in range(6):
        new = CELLS[kind](x[t], as_hx(states), *weights)
        states = list(new) if isinstance(new, tuple) else [new]
        outputs.append(states[0])
    simple = [outputs, *states]
    fast = flat(layer(x, as_hx(first)))
    fast = [[fast[0][t] for t in range(6)], *[s[0] for s in fast[1:]]]

    for output, *final in (simple, fast):
        loss = sum((o * (t + 1)).sum() for t, o in enumerate(output)) + sum((s * s).sum() for s in final)
        loss.backward()
        results.append([r.array for r in (*output, *final)] + [p.grad.array for p in leaves])
        for p in leaves:
            p.grad = None
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@every_kind
def test_a_second_backward_finds_the_same(kind):
    layer, _ = pair(kind, 2, 3)
    loss = sum(r.sum() for r in flat(layer(Tensor(np.random.default_rng(0).standard_normal((4, 2, 2))))))
    loss.backward(retain_graph=True)
    once = [p.grad.array.copy() for p in layer.parameters()]
    loss.backward()
    for p, g in zip(layer.parameters(), once):
        np.testing.assert_allclose(p.grad.array, 2 * g, rtol=1e-12)


@pytest.mark.parametrize("op, gates, finals", [
    (lambda *a, sizes: recurrence._rnn(*a, sizes=sizes, nonlinearity="tanh"), 1, 1),
    (recurrence._gru, 3, 1), (recurrence._lstm, 4, 2)])
def test_the_way_back_changes_no_array_and_shares_none(op, gates, finals):
    rng = np.random.default_rng(0)
    shapes = [(4, 2, 3), *[(2, 5)] * finals, (gates * 5, 3), (gates * 5, 5), (gates * 5,), (gates * 5,)]
    y, vjp = op(*(rng.standard_normal(shape) for shape in shapes), sizes=[2, 2, 1, 1])
    dy = rng.standard_normal(y.shape)
    before, value = dy.copy(), y.copy()
    once, twice = vjp(dy), vjp(dy)
    np.testing.assert_array_equal(dy, before)
    np.testing.assert_array_equal(y, value)
    for a, b, shape in zip(once, twice, shapes, strict=True):
        assert a.shape == shape
        np.testing.assert_array_equal(a, b)
    assert not any(np.shares_memory(a, b) for a, b in itertools.combinations((*once, dy), 2))


# ---- states and lengths
@every_kind
def test_the_state_carries_on(kind):
    layer, _ = pair(kind, 2, 3, num_layers=2)
    x = Tensor(np.random.default_rng(0).standard_normal((7, 2, 2)))
    whole, end = layer(x)
    _, state = layer(x[:4])
    rest, end_of_rest = layer(x[4:], state)
    np.testing.assert_allclose(rest.array, whole.array[4:], rtol=1e-12)
    for a, b in zip(flat((rest, end_of_rest))[1:], flat((whole, end))[1:]):
        np.testing.assert_allclose(a.array, b.array, rtol=1e-12)


@every_kind
def test_what_stands_in_the_padding_has_no_influence(kind):
    ours, theirs = pair(kind, 3, 2, num_layers=2, bidirectional=True)
    x = np.random.default_rng(0).standard_normal((5, 3, 3))
    x[2:, 0], x[4:, 2] = np.nan, np.inf
    y, y_torch, grads = run_both(ours, theirs, x, None, [2, 5, 4])
    assert_equal(y, y_torch, grads)
    assert not y[0].array[2:, 0].any() and not grads[0][0][2:, 0].any() and not grads[0][0][4:, 2].any()


def test_lengths_may_be_a_list_an_array_or_a_tensor():
    layer, x = GRU(2, 3), Tensor(np.ones((4, 2, 2), np.float32))
    results = [layer(x, lengths=lengths)[1].array for lengths in ([3, 1], np.array([3, 1], np.uint8), Tensor([3, 1]))]
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)
    np.testing.assert_allclose(results[0][0, 1], layer(x[:1])[1].array[0, 1], rtol=1e-6)


@pytest.mark.parametrize("lengths, got", [([3, 1, 2], r"\[3, 1, 2\]"), ([0, 2], r"\[0, 2\]"), ([5, 2], r"\[5, 2\]"),
                                          ([1.0, 2.0], r"\[1.0, 2.0\]"), (3, "3")])
def test_lengths_are_checked(lengths, got):
    with pytest.raises(ValueError, match=f"lengths: got {got} for 2 sequences of 4 steps; give 2 whole numbers from 1 "
                                         "to 4"):
        LSTM(3, 2)(Tensor(np.zeros((4, 2, 3), np.float32)), lengths=lengths)


# ---- dropout, types, empty batches, where it starts
@every_kind
def test_dropout_acts_between_layers_and_in_training_only(kind):
    ours, theirs = pair(kind, 3, 2, num_layers=3, dropout=1.0, bidirectional=True)  # all is dropped: no chance in it
    x = np.random.default_rng(0).standard_normal((4, 2, 3))
    assert_equal(*run_both(ours, theirs, x))
    trained = ours(Tensor(x))[0].array
    assert_equal(*run_both(ours.eval(), theirs.eval(), x))
    assert not np.allclose(ours(Tensor(x))[0].array, trained)


def test_dropout_repeats_itself_after_a_seed():
    layer, x = LSTM(3, 4, num_layers=2, dropout=0.5), Tensor(np.ones((5, 2, 3), np.float32))
    scratch.manual_seed(0)
    first, second = layer(x)[0].array, layer(x)[0].array
    scratch.manual_seed(0)
    np.testing.assert_array_equal(first, layer(x)[0].array)
    assert not np.array_equal(first, second)


@every_kind
@pytest.mark.parametrize("lengths", [None, []])
def test_an_empty_batch_is_torchs(kind, lengths):
    ours, theirs = pair(kind, 3, 2, num_layers=2, bidirectional=True)
    x = np.zeros((4, 0, 3))
    y = flat(ours(Tensor(x), lengths=lengths))
    assert [r.shape for r in y] == [tuple(r.shape) for r in flat(theirs(torch.tensor(x)))]
    sum(r.sum() for r in y).backward()
    assert all(not p.grad.array.any() for p in ours.parameters())


@every_kind
def test_big_numbers_do_not_overflow(kind):
    name = kind.split()[0]
    layer = getattr(scratch, name)(2, 3)  # tanh and σ at their ends, float32; warnings are errors
    x = Tensor(np.full((4, 2, 2), 1e4, np.float32), requires_grad=True)
    y, _ = layer(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == np.float32 and np.isfinite(y.array).all() and np.isfinite(x.grad.array).all()


@every_kind
def test_no_notes_without_gradients(kind):
    layer = pair(kind, 2, 3)[0]
    with no_grad():
        assert not any(r.requires_grad for r in flat(layer(Tensor(np.ones((3, 1, 2))))))


@every_kind
def test_it_prints_as_torchs_and_starts_as_torchs(kind):
    name, options = kind.split()[0], {"num_layers": 2, "bidirectional": True, "batch_first": True, "bias": False}
    for chosen in ({}, options, {"num_layers": 2, "dropout": 0.5}):
        assert repr(getattr(scratch, name)(2, 3, **chosen)) == repr(getattr(torch.nn, name)(2, 3, **chosen))
    layers = [getattr(scratch, name)(5, 16, generator=np.random.default_rng(0)) for _ in range(2)]
    for p, q in zip(*(layer.parameters() for layer in layers)):
        np.testing.assert_array_equal(p.array, q.array)
        assert p.dtype == np.float32 and 0.2 < np.abs(p.array).max() <= 0.25  # 1/√16


@every_kind
def test_weights_go_both_ways(kind):
    ours, theirs = pair(kind, 3, 2, num_layers=2, bidirectional=True)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for p in ours.parameters():
        p.array *= 2
    theirs.load_state_dict({name: torch.tensor(value.numpy()) for name, value in ours.state_dict().items()})
    assert_equal(*run_both(ours, theirs, np.random.default_rng(0).standard_normal((4, 2, 3))))


# ---- what they refuse
@pytest.mark.parametrize("shape, options, message", [
    ((4, 2, 5), {}, r"GRU\(input_size=3\): got input of shape \(4, 2, 5\); it must be \(T, B, D\), or \(T, D\) for one "
                    r"sequence, with D = 3"),
    ((4, 2, 5), {"batch_first": True}, r"it must be \(B, T, D\)"),
    ((3,), {}, r"got input of shape \(3,\)"),
    ((1, 4, 2, 3), {}, r"got input of shape \(1, 4, 2, 3\)"),
    ((0, 2, 3), {}, r"\(0, 2, 3\), a sequence of length 0; the axes are \(T, B, D\)"),
    ((2, 0, 3), {"batch_first": True}, r"\(2, 0, 3\), a sequence of length 0; the axes are \(B, T, D\)"),
    ((0, 3), {"batch_first": True}, r"\(0, 3\), a sequence of length 0"),
])
def test_input_is_checked(shape, options, message):
    with pytest.raises(ValueError, match=message):
        GRU(3, 2, **options)(Tensor(np.zeros(shape, np.float32)))
    with pytest.raises((ValueError, RuntimeError)):
        torch.nn.GRU(3, 2, **options)(torch.zeros(shape))


def test_types_of_input_and_weights_must_agree():
    with pytest.raises(ValueError, match=r"input of dtype float64 for weights of dtype float32; \.double\(\) or"):
        GRU(3, 2)(Tensor(np.zeros((4, 2, 3))))


def test_initial_states_are_checked():
    x, zeros = Tensor(np.zeros((4, 2, 3), np.float32)), lambda *shape: Tensor(np.zeros(shape, np.float32))
    layer = LSTM(3, 5, num_layers=2)
    with pytest.raises(ValueError, match=r"LSTM: got c_0 of shape \(2, 3, 5\), expected \(2, 2, 5\): layers times "
                                         "directions, sequences, hidden units"):
        layer(x, (zeros(2, 2, 5), zeros(2, 3, 5)))
    with pytest.raises(ValueError, match=r"h_0 of shape \(2, 1, 5\), expected \(2, 5\): layers times directions, hid"):
        layer(x[:, 0], (zeros(2, 1, 5), zeros(2, 1, 5)))
    for state in (zeros(2, 2, 5), (zeros(2, 2, 5),)):
        with pytest.raises(ValueError, match=r"LSTM: the initial state is a pair \(h_0, c_0\)"):
            layer(x, state)


@every_kind
def test_initial_states_have_the_type_of_the_weights(kind):
    layer, x = getattr(scratch, kind.split()[0])(3, 5), Tensor(np.zeros((4, 2, 3), np.float32))
    states = [Tensor(np.zeros((1, 2, 5)))] * (1 + (kind == "LSTM"))
    with pytest.raises(ValueError, match="got h_0 of dtype float64 for weights of dtype float32"):
        layer(x, as_hx(states))


@every_kind
def test_the_cells_check_shapes(kind):
    cell, gates, zeros = CELLS[kind], {"GRU": 3, "LSTM": 4}.get(kind, 1), lambda *shape: Tensor(np.zeros(shape))
    hx = (lambda s: (s, s)) if kind == "LSTM" else (lambda s: s)
    x, state, w_ih, w_hh = zeros(2, 3), zeros(2, 5), zeros(5 * gates, 3), zeros(5 * gates, 5)
    name = cell.__name__
    for w_x, w_h in ((zeros(5 * gates + 1, 3), w_hh), (w_ih, zeros(5 * gates + 1, 5)), (zeros(5 * gates), w_hh)):
        with pytest.raises(ValueError, match=rf"{name}: got w_ih of shape .*; for 5 hidden units both have {5 * gates} "
                                             "rows, and w_hh 5 columns"):
            cell(x, hx(state), w_x, w_h)
    for wrong in (zeros(2, 4), zeros(1, 5), zeros(5)):
        with pytest.raises(ValueError, match=rf"{name}: got a state of shape .* it must be \(2, 5\)"):
            cell(x, hx(wrong), w_ih, w_hh)
    with pytest.raises(ValueError, match="the last axis of the input must be 3"):
        cell(zeros(2, 4), hx(state), w_ih, w_hh)


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="nonlinearity must be 'tanh' or 'relu', got 'gelu'"):
        RNN(2, 3, nonlinearity="gelu")
    with pytest.raises(ValueError, match="dropout is a probability between 0 and 1, got 1.5"):
        GRU(2, 3, num_layers=2, dropout=1.5)
    with pytest.raises(ValueError, match="got input_size=2, hidden_size=0, num_layers=1; each must be at least 1"):
        GRU(2, 0)
    with pytest.warns(UserWarning, match="dropout=0.5 acts between layers, and there is one layer") as ours:
        GRU(2, 3, dropout=0.5)
    with warnings.catch_warnings(record=True) as theirs:
        warnings.simplefilter("always")
        torch.nn.GRU(2, 3, dropout=0.5)
    assert len(ours) == len(theirs) == 1 and ours[0].filename == __file__
