"""The networks for sequences, in both backends: same arguments, keys, outputs and gradients, and no padding is read."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from test_mirror import parameters

from dlbook import pt, scratch
from dlbook.data import Dataset
from dlbook.metrics import accuracy
from dlbook.pt import sequence_models as pt_models
from dlbook.scratch import sequence_models as scratch_models
from dlbook.scratch.sequence_models import choose, next_token, real_lengths
from dlbook.sequences import pad
from dlbook.train import train

READERS = ["RNNClassifier", "SequenceTagger"]
SIZES = (11, 3, 4, 5)
TEXTS = [[5, 6, 7, 8, 2], [3], [9, 10, 1], [4, 4]]


def both(name: str, *arguments, **settings):
    """The two networks in float64, with the weights of PyTorch's."""
    ours, theirs = (getattr(m, name)(*arguments, **settings).double() for m in (scratch, pt))
    ours.load_state_dict(theirs.state_dict())
    return ours.eval(), theirs.eval()


def compare(ours, theirs, output, output_torch) -> None:
    """Values, and the gradients of one weighted sum of them."""
    np.testing.assert_allclose(output.detach().array, output_torch.detach(), rtol=0, atol=1e-12)
    weight = np.random.default_rng(0).standard_normal(output.shape)
    (output * scratch.Tensor(weight)).sum().backward()
    (output_torch * torch.tensor(weight)).sum().backward()
    for (key, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.array, q.grad, rtol=0, atol=1e-10, err_msg=key)


def test_both_have_the_same_networks_with_the_same_arguments():
    names = {*READERS, "CharLM"}
    for module in (scratch_models, pt_models):
        assert {n for n, c in vars(module).items() if isinstance(c, type) and c.__module__ == module.__name__
                and not n.startswith("_")} == names
    assert list(scratch_models.CELLS) == list(pt_models.CELLS)
    for name in names:
        assert parameters(getattr(scratch, name)) == parameters(getattr(pt, name))
        assert parameters(getattr(scratch, name).forward) == parameters(getattr(pt, name).forward)
    assert parameters(scratch.CharLM.generate) == parameters(pt.CharLM.generate)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("how", ["lengths", "padding", "all steps"])
def test_same_keys_outputs_and_gradients(name, cell, bidirectional, how):
    padding_idx = None if how == "all steps" else 0
    ours, theirs = both(name, *SIZES, cell, bidirectional, padding_idx=padding_idx)
    assert [(k, v.shape) for k, v in ours.state_dict().items()] == \
           [(k, tuple(v.shape)) for k, v in theirs.state_dict().items()]
    batch = pad(TEXTS)
    lengths = batch.lengths if how == "lengths" else None
    compare(ours, theirs, ours(scratch.as_tensor(batch.tokens), lengths),
            theirs(torch.tensor(batch.tokens), lengths))


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_language_model_is_the_same_and_hands_its_state_on(cell):
    ours, theirs = both("CharLM", 7, 3, 4, cell)
    x = np.random.default_rng(1).integers(0, 7, (2, 9))
    whole, _ = ours(scratch.as_tensor(x))
    first, state = ours(scratch.as_tensor(x[:, :4]))
    second, state = ours(scratch.as_tensor(x[:, 4:]), state)
    np.testing.assert_allclose(np.concatenate([first.detach().array, second.detach().array], 1),
                               whole.detach().array, atol=1e-14)
    first_torch, state_torch = theirs(torch.tensor(x[:, :4]))
    second_torch, state_torch = theirs(torch.tensor(x[:, 4:]), state_torch)
    compare(ours, theirs, second, second_torch)  # the gradients go back through the state into the first piece
    for a, b in zip(*([s] if cell != "lstm" else s for s in (state, state_torch))):
        np.testing.assert_allclose(a.detach().array, b.detach(), atol=1e-13)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_detach_ends_the_gradients(cell):
    for model, tensor in ((scratch.CharLM(7, 3, 4, cell), scratch.as_tensor), (pt.CharLM(7, 3, 4, cell), torch.tensor)):
        _, state = model(tensor(np.array([[1, 2]])))
        cut = model.detach(state)
        assert not any(s.requires_grad for s in (cut if isinstance(cut, tuple) else [cut]))
        model(tensor(np.array([[3]])), cut)[0].sum().backward()
        used = np.flatnonzero(np.abs(np.asarray(model.embedding.weight.grad)).sum(1))
        assert used.tolist() == [3]


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("module", [scratch, pt], ids=["scratch", "pt"])
def test_what_stands_behind_the_end_changes_nothing(name, module):
    model = getattr(module, name)(*SIZES, bidirectional=True).eval()
    tensor = scratch.as_tensor if module is scratch else torch.tensor
    batch = pad(TEXTS)
    dirty = np.where(batch.mask, batch.tokens, 9)
    clean, changed = (model(tensor(tokens), batch.lengths).detach() for tokens in (batch.tokens, dirty))
    np.testing.assert_array_equal(np.asarray(clean), np.asarray(changed))
    for i, text in enumerate(TEXTS):  # and each text alone gives the same
        alone = np.asarray(model(tensor(np.array([text]))).detach())[0]
        np.testing.assert_allclose(alone, np.asarray(clean)[(i, slice(0, len(text))) if alone.ndim == 2 else i],
                                   atol=1e-6)


def test_without_an_end_the_classifier_reads_the_padding():
    model = scratch.RNNClassifier(*SIZES, padding_idx=None)
    short, long = (model(scratch.as_tensor(np.array([[5, 6] + [0] * n]))).detach().array for n in (0, 6))
    assert np.abs(short - long).max() > 1e-3


def test_real_lengths():
    tokens = np.array([[1, 2, 0], [0, 0, 0], [3, 0, 4], [5, 0, 0]])
    assert real_lengths(tokens, 0).tolist() == [2, 1, 3, 1]  # padding inside a text is a token; an empty text has one
    assert real_lengths(tokens, 4).tolist() == [3, 3, 2, 3]


@pytest.mark.parametrize("name", READERS)
def test_dropout_acts_in_training_alone_and_comes_from_the_generator(name):
    x = scratch.as_tensor(pad(TEXTS).tokens)
    outputs = []
    for _ in range(2):
        model = getattr(scratch, name)(*SIZES, dropout=0.5, generator=np.random.default_rng(3))
        outputs.append([model(x).detach().array, model(x).detach().array, model.eval()(x).detach().array,
                        model(x).detach().array])
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert np.abs(outputs[0][0] - outputs[0][1]).max() > 1e-3
    np.testing.assert_array_equal(outputs[0][2], outputs[0][3])


@pytest.mark.parametrize("name", [*READERS, "CharLM"])
def test_the_first_values_come_from_the_generator(name):
    sizes = SIZES if name != "CharLM" else SIZES[:3]
    for module, seeded in ((scratch, np.random.default_rng), (pt, torch.Generator().manual_seed)):
        a, b, c = (getattr(module, name)(*sizes, generator=seeded(seed)) for seed in (0, 0, 1))
        for (key, p), q, r in zip(a.named_parameters(), b.parameters(), c.parameters()):
            p, q, r = (np.asarray(v.detach()) for v in (p, q, r))
            np.testing.assert_array_equal(p, q, err_msg=key)
            assert (p != r).any(), key
            if not key.startswith("embedding"):
                assert np.abs(p).max() <= 0.5, key  # 1/√4 for every layer
        padding = np.asarray(a.embedding.weight.detach())[0]
        assert padding.any() == (name == "CharLM")


def test_the_training_loop_takes_a_padded_batch_as_data():
    rng = np.random.default_rng(0)
    texts = [rng.integers(2, 9, rng.integers(2, 7)) for _ in range(120)]
    data = Dataset(pad(texts).tokens, np.array([text[-1] > 5 for text in texts]).astype(int))  # the last token decides
    for module in (scratch, pt):
        model = module.RNNClassifier(9, 6, 8, 2, "gru")
        optimizer = (scratch if module is scratch else torch.optim).Adam(model.parameters(), lr=0.02)
        loss_fn = (scratch if module is scratch else torch.nn.functional).cross_entropy
        *_, last = train(model, loss_fn, optimizer, data, epochs=15, generator=rng, metrics={"accuracy": accuracy})
        assert last["accuracy"] > 0.95


# ---- drawing
def test_both_backends_draw_the_same_text():
    ours, theirs = both("CharLM", 9, 4, 6)
    for settings in ({}, {"temperature": 0.3}, {"top_k": 3}, {"temperature": 0}):
        a, b = (m.generate([1, 2, 3], 40, **settings, generator=np.random.default_rng(0)) for m in (ours, theirs))
        np.testing.assert_array_equal(a, b)
        assert a.shape == (40,) and a.dtype == np.int64
    assert not np.array_equal(ours.generate([1], 40, generator=np.random.default_rng(0)),
                              ours.generate([1], 40, generator=np.random.default_rng(1)))


def test_generate_is_the_network_read_step_by_step():
    model = scratch.CharLM(9, 4, 6, dropout=0.5).double()
    found = model.generate([1, 2], 6, temperature=0)
    assert model.training  # as before
    model.eval()
    text = [1, 2, *found]
    logits, _ = model(scratch.as_tensor(np.array([text])))
    np.testing.assert_array_equal(logits.detach().array[0, 1:-1].argmax(1), found)
    assert len(model.generate([1], 0)) == 0


def test_draws_follow_the_probabilities():
    p = np.array([0.0, 0.2, 0.5, 0.3, 0.0])
    u = (np.arange(1000) + 0.5) / 1000
    np.testing.assert_allclose(np.bincount([choose(p, v) for v in u], minlength=5) / 1000, p, atol=1e-12)
    assert choose(p, 0.0) == 1 and choose(p, 1 - 1e-16) == 3  # never one of probability 0
    assert choose(np.array([0.1] * 10 + [0.0]), np.nextafter(1, 0)) == 9  # the ten add up to a little less than 1


def test_temperature_and_top_k():
    z = np.random.default_rng(0).standard_normal(20) * 3
    np.testing.assert_allclose(next_token(z), torch.softmax(torch.tensor(z), 0))
    np.testing.assert_allclose(next_token(z, 0.5), torch.softmax(torch.tensor(z) / 0.5, 0))
    np.testing.assert_allclose(next_token(z, top_k=100), next_token(z))
    top = next_token(z, 2.0, top_k=4)
    assert np.count_nonzero(top) == 4 and top.sum() == pytest.approx(1)
    assert set(np.flatnonzero(top)) == set(np.argsort(z)[-4:])
    np.testing.assert_allclose(top[top > 0], (p := next_token(z, 2.0)[top > 0]) / p.sum())
    assert next_token(z, 0).tolist() == np.eye(20)[z.argmax()].tolist()
    assert next_token(np.zeros(4), top_k=2).tolist() == [0.5, 0.5, 0, 0]  # a tie: the first ones
    assert np.isfinite(next_token(np.array([1e4, -1e4, 0], np.float32), 1e-3)).all()


@pytest.mark.parametrize("call, message", [
    (lambda m: m.RNNClassifier(5, 2, 3, 4, "lsmt"), "RNNClassifier: unknown cell 'lsmt'; known are rnn, lstm, gru"),
    (lambda m: m.SequenceTagger(5, 0, 3, 4), "SequenceTagger: embed must be a positive whole number, got 0"),
    (lambda m: m.CharLM(5, 2, 2.5), "CharLM: hidden must be a positive whole number, got 2.5"),
    (lambda m: m.CharLM(5, 2, 3).generate([], 4), "got a prompt of 0 tokens and steps=4; .*at least one token"),
    (lambda m: m.CharLM(5, 2, 3).generate([1], 4, temperature=-1), "temperature must be 0 or more .* got -1 and None"),
    (lambda m: m.CharLM(5, 2, 3).generate([1], 4, top_k=0), "top_k at least 1, got 1.0 and 0"),
])
@pytest.mark.parametrize("module", [scratch, pt], ids=["scratch", "pt"])
def test_both_refuse(module, call, message):
    with pytest.raises(ValueError, match=message):
        call(module)


@pytest.mark.parametrize("module", [scratch, pt], ids=["scratch", "pt"])
def test_one_sequence_without_a_batch_is_refused(module):
    tensor = scratch.as_tensor if module is scratch else torch.tensor
    for name in (*READERS, "CharLM"):
        model = getattr(module, name)(*(SIZES if name in READERS else SIZES[:3]))
        with pytest.raises(ValueError, match=rf"{name}: got tokens of shape \(3,\).*a batch of one: x\[None\]"):
            model(tensor(np.array([1, 2, 3])))
        with pytest.raises(ValueError, match=r"got tokens of shape \(2, 0\); expected \(B, T\) with T at least 1"):
            model(tensor(np.zeros((2, 0), int)))
