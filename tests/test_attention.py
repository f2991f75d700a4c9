"""Attention against PyTorch's: masks of every kind, layouts, weights, and where the two differ on purpose.

Without masks, with a float mask and causal, it is in the table of ``ops.py`` too.
"""
from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbook import scratch
from dlbook.scratch import MultiheadAttention, Tensor, as_tensor, scaled_dot_product_attention

F = torch.nn.functional


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def both(f_ours, f_torch, arrays):
    """Value and gradients of both, for arrays that all require one."""
    ours, theirs = ([wrap(a, requires_grad=True) for a in arrays] for wrap in (Tensor, torch.tensor))
    y, y_torch = f_ours(*ours), f_torch(*theirs)
    d = normal(*y.shape, seed=9)
    y.backward(d)
    y_torch.backward(torch.tensor(d))
    return [y.array, *[x.grad.array for x in ours]], [y_torch.detach().numpy(), *[x.grad.numpy() for x in theirs]]


def assert_equal(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


# ---- scaled_dot_product_attention
@settings(max_examples=40, deadline=None)
@given(queries=st.integers(1, 4), keys=st.integers(1, 4), causal=st.booleans(), seed=st.integers(0, 99),
       leading=st.sampled_from([(), (2,), (2, 3)]), mask_leading=st.sampled_from([None, (), (1, 1), (3,), (2, 1)]))
def test_masks_of_truth_values_equal_torch(queries, keys, causal, seed, leading, mask_leading):
    rng = np.random.default_rng(seed)
    leading = (2, 3) if mask_leading else leading
    causal = causal and mask_leading is None
    mask = None if mask_leading is None else rng.random((*mask_leading, queries, keys)) < 0.5
    arrays = [rng.standard_normal((*leading, n, d)) for n, d in ((queries, 3), (keys, 3), (keys, 2))]
    wrap = (lambda t: None) if mask is None else (lambda t: t(mask))
    assert_equal(*both(
        lambda q, k, v: scaled_dot_product_attention(q, k, v, wrap(as_tensor), is_causal=causal),
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, wrap(torch.tensor), is_causal=causal), arrays))


def test_by_hand():
    """Both keys fit (1, 0) with log 2 and log 6 more than the scale makes of it: weights 1/4 and 3/4."""
    q, k = Tensor([[1.0, 0.0]]), Tensor([[np.log(2), 5.0], [np.log(6), -5.0]])
    y = scaled_dot_product_attention(q, k, Tensor([[4.0], [8.0]]), scale=1.0)
    assert y.item() == pytest.approx(4 / 4 + 8 * 3 / 4)


def test_who_may_look_nowhere_gets_zero():
    mask = np.array([[True, False], [False, False]])
    ours, theirs = both(lambda q, k, v: scaled_dot_product_attention(q, k, v, as_tensor(mask)),
                        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, torch.tensor(mask)), [normal(2, 3)] * 3)
    assert_equal(ours, theirs)
    assert not ours[0][1].any() and not ours[1][1].any()


def test_the_future_has_no_influence_where_it_is_masked():
    x = normal(1, 5, 4)
    changed = x.copy()
    changed[:, 3:] = 99
    y, z = (scaled_dot_product_attention(t, t, t, is_causal=True).array for t in (Tensor(x), Tensor(changed)))
    np.testing.assert_array_equal(y[:, :3], z[:, :3])
    assert not np.allclose(y[:, 3:], z[:, 3:])


def test_big_scores_do_not_overflow():
    x = Tensor(1e4 * normal(3, 2).astype(np.float32), requires_grad=True)
    y = scaled_dot_product_attention(x, x, x)
    y.sum().backward()
    assert y.dtype == np.float32 and np.isfinite(y.array).all() and np.isfinite(x.grad.array).all()


def test_dropout_drops_weights_and_keeps_their_mean():
    scratch.manual_seed(0)
    q, k, v = Tensor(np.zeros((1000, 1, 2))), Tensor(np.zeros((1000, 4, 2))), Tensor(np.ones((1000, 4, 1)))
    y = scaled_dot_product_attention(q, k, v, dropout_p=0.5).array
    assert set(np.unique(y)) == {0, 0.5, 1, 1.5, 2} and abs(y.mean() - 1) < 0.05
    assert not scaled_dot_product_attention(q, k, v, dropout_p=1.0).array.any()


@pytest.mark.parametrize("shapes", [((0, 2, 3), (0, 4, 3)), ((2, 0, 3), (2, 4, 3)), ((2, 2, 3), (2, 0, 3))])
def test_empty_arrays_are_torchs(shapes):
    arrays = [np.ones(shapes[0]), np.ones(shapes[1]), np.ones(shapes[1])]
    assert_equal(*both(scaled_dot_product_attention, F.scaled_dot_product_attention, arrays))


@pytest.mark.parametrize("q, k, v, mask, message", [
    ((2, 3), (4, 5), (4, 5), None, r"got query \(2, 3\), key \(4, 5\), value \(4, 5\); they must be .* the same E and"),
    ((2, 3), (4, 3), (5, 3), None, r"value \(5, 3\); they must be \(…, L, E\), \(…, S, E\), \(…, S, D\)"),
    ((3,), (4, 3), (4, 3), None, "they must be"),
    ((2, 2, 3), (3, 4, 3), (3, 4, 3), None, "the axes before the last two must be equal, or 1"),
    ((2, 3), (4, 3), (4, 3), (4, 2), r"attn_mask of shape \(4, 2\); it must broadcast to \(…, L, S\) = \(2, 4\)"),
    ((2, 3), (4, 3), (4, 3), (5, 2, 4), r"attn_mask of shape \(5, 2, 4\)"),
])
def test_shapes_are_checked(q, k, v, mask, message):
    q, k, v, mask = (None if s is None else Tensor(np.zeros(s)) for s in (q, k, v, mask))
    with pytest.raises(ValueError, match=message):
        scaled_dot_product_attention(q, k, v, mask)


def test_masks_are_checked():
    x, mask = Tensor(np.zeros((2, 3))), np.ones((2, 2), bool)
    with pytest.raises(ValueError, match="is_causal=True and an attn_mask; leave one out"):
        scaled_dot_product_attention(x, x, x, as_tensor(mask), is_causal=True)
    with pytest.raises(RuntimeError, match="attn_mask should not be set when is_causal=True"):
        F.scaled_dot_product_attention(*[torch.zeros(2, 3).double()] * 3, torch.tensor(mask), is_causal=True)
    with pytest.raises(TypeError, match="a mask holds True and False, or floats that are added; got int64"):
        scaled_dot_product_attention(x, x, x, as_tensor(np.ones((2, 2), int)))


# ---- MultiheadAttention
def pair(*arguments, **options):
    """Our layer and torch's with the same weights, in float64; the biases, which start at zero, moved."""
    ours, theirs = (nn.MultiheadAttention(*arguments, **options).double() for nn in (scratch, torch.nn))
    with torch.no_grad():
        for p in theirs.parameters():
            p += 0.1 * torch.randn_like(p)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def attend(ours, theirs, arrays, masks=None, **options):
    """Results and gradients of inputs, float masks and parameters; all results go into the loss."""
    leaves, results = [], []
    for layer, wrap in ((ours, Tensor), (theirs, torch.tensor)):
        inputs = [wrap(a, requires_grad=True) for a in arrays]
        given_masks = {name: wrap(m, requires_grad=m.dtype != bool) for name, m in (masks or {}).items()}
        results.append([r for r in layer(*inputs, **given_masks, **options) if r is not None])
        leaves.append([*inputs, *(m for m in given_masks.values() if m.requires_grad), *layer.parameters()])
    weights = [normal(*r.shape, seed=7) for r in results[0]]
    sum((r * w).sum() for r, w in zip(results[0], weights, strict=True)).backward()
    sum((r * torch.tensor(w)).sum() for r, w in zip(results[1], weights, strict=True)).backward()
    return ([r.array for r in results[0]] + [x.grad.array for x in leaves[0]],
            [r.detach().numpy() for r in results[1]] + [x.grad.numpy() for x in leaves[1]])


def draw_masks(rng, kinds, n, heads, queries, keys):
    """The masks named by ``kinds``; each query may look at key 0 at least, for torch's sake."""
    shapes = {"attn_mask": {2: (queries, keys), 3: (n * heads, queries, keys)}, "key_padding_mask": {2: (n, keys)}}
    masks = {}
    for name, (axes, truth) in kinds.items():
        masks[name] = rng.random(shapes[name][axes]) < 0.4 if truth else rng.standard_normal(shapes[name][axes])
        if truth:
            masks[name][..., 0] = False
    return masks


attn_masks, padding_masks = (st.none() | st.tuples(st.sampled_from(axes), st.booleans()) for axes in ([2, 3], [2]))


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 3), queries=st.integers(1, 4), keys=st.integers(1, 4), heads=st.integers(1, 3),
       bias=st.booleans(), batch_first=st.booleans(), need=st.booleans(), average=st.booleans(),
       seed=st.integers(0, 99), attn_mask=attn_masks, padding=padding_masks)
def test_results_and_gradients_equal_torch(n, queries, keys, heads, bias, batch_first, need, average, seed, attn_mask,
                                           padding):
    kinds = {k: v for k, v in (("attn_mask", attn_mask), ("key_padding_mask", padding)) if v}
    if len(kinds) == 2:  # torch warns of masks of two types
        kinds["key_padding_mask"] = (2, kinds["attn_mask"][1])
    rng = np.random.default_rng(seed)
    masks, e = draw_masks(rng, kinds, n, heads, queries, keys), 2 * heads
    arrays = [rng.standard_normal((n, m, e) if batch_first else (m, n, e)) for m in (queries, keys, keys)]
    layers = pair(e, heads, bias=bias, batch_first=batch_first)
    assert_equal(*attend(*layers, arrays, masks, need_weights=need, average_attn_weights=average))


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("average", [False, True])
def test_one_sequence_without_a_batch_axis(batch_first, average):
    masks = {"key_padding_mask": np.array([False, False, True]), "attn_mask": np.zeros((2, 2, 3), bool)}
    arrays = [normal(2, 4), normal(3, 4, seed=1), normal(3, 4, seed=2)]
    assert_equal(*attend(*pair(4, 2, batch_first=batch_first), arrays, masks, average_attn_weights=average))


@pytest.mark.parametrize("need_weights", [False, True])
def test_self_attention_with_a_causal_mask(need_weights):
    masks = {"attn_mask": np.triu(np.ones((5, 5), bool), 1)}
    ours, theirs = pair(6, 3, batch_first=True)
    x, x_torch = Tensor(normal(2, 5, 6), requires_grad=True), torch.tensor(normal(2, 5, 6), requires_grad=True)
    y, w = ours(x, x, x, attn_mask=as_tensor(masks["attn_mask"]), is_causal=True, need_weights=need_weights)
    y_torch, w_torch = theirs(x_torch, x_torch, x_torch, attn_mask=torch.tensor(masks["attn_mask"]), is_causal=True,
                              need_weights=need_weights)
    (y * y).sum().backward()
    (y_torch * y_torch).sum().backward()
    assert_equal([y.array, x.grad.array], [y_torch.detach().numpy(), x_torch.grad.numpy()])
    assert (w is None) == (w_torch is None) != need_weights
    if need_weights:
        np.testing.assert_array_equal(w.array[:, masks["attn_mask"]], 0)
        np.testing.assert_allclose(w.array.sum(-1), 1)


def test_who_may_look_nowhere_gets_zero_where_torchs_answer_depends_on_need_weights():
    ours, theirs = pair(4, 2, batch_first=True)
    x, padding = normal(2, 3, 4), np.array([[True, True, True], [False, False, True]])
    t = torch.tensor(x)
    zero, nan = (theirs(t, t, t, torch.tensor(padding), need_weights=need)[0].detach() for need in (False, True))
    assert torch.isnan(nan[0]).all()
    for need in (False, True):
        y = ours(Tensor(x), Tensor(x), Tensor(x), as_tensor(padding), need_weights=need)[0]
        np.testing.assert_allclose(y.array, zero, rtol=1e-10)


def test_dropout_drops_weights_in_training_only():
    ours, theirs = pair(4, 2, dropout=1.0)  # all are dropped: no chance in it
    arrays = [normal(3, 2, 4)] * 3
    assert_equal(*attend(ours, theirs, arrays))
    np.testing.assert_array_equal(ours(*map(Tensor, arrays))[1].array, 0)
    ours, theirs = ours.eval(), theirs.eval()
    for p, q in zip(ours.parameters(), theirs.parameters()):
        p.grad = q.grad = None
    assert_equal(*attend(ours, theirs, arrays))
    np.testing.assert_allclose(ours(*map(Tensor, arrays))[1].array.sum(-1), 1)


@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("shapes", [((3, 0, 4), (2, 0, 4)), ((0, 2, 4), (3, 2, 4))])
def test_an_empty_batch_is_torchs(shapes, need_weights):
    ours, theirs = pair(4, 2)
    arrays = [np.zeros(shapes[0]), np.zeros(shapes[1]), np.zeros(shapes[1])]
    assert_equal(*attend(ours, theirs, arrays, need_weights=need_weights))


def test_where_it_starts():
    layer, again = (MultiheadAttention(64, 4, generator=np.random.default_rng(0)) for _ in range(2))
    for p, q in zip(layer.parameters(), again.parameters()):
        np.testing.assert_array_equal(p.array, q.array)
        assert p.dtype == np.float32
    bound = np.sqrt(6 / (64 + 3 * 64))
    assert 0.99 * bound < np.abs(layer.in_proj_weight.array).max() <= bound
    assert 0.99 / 8 < np.abs(layer.out_proj.weight.array).max() <= 1 / 8
    assert not layer.in_proj_bias.array.any() and not layer.out_proj.bias.array.any()
    theirs = torch.nn.MultiheadAttention(64, 4)
    assert theirs.in_proj_weight.abs().max() <= bound and theirs.out_proj.weight.abs().max() <= 1 / 8


@pytest.mark.parametrize("options", [{}, {"bias": False}])
def test_weights_go_both_ways(options):
    ours, theirs = pair(4, 2, **options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for p in ours.parameters():
        p.array *= 2
    theirs.load_state_dict({name: torch.tensor(value.numpy()) for name, value in ours.state_dict().items()})
    assert_equal(*attend(ours, theirs, [normal(3, 2, 4)] * 3))


def test_what_it_refuses():
    with pytest.raises(ValueError, match="embed_dim=5 must be a multiple of num_heads=2"):
        MultiheadAttention(5, 2)
    layer, x = MultiheadAttention(4, 2), Tensor(np.zeros((3, 2, 4), np.float32))
    with pytest.raises(ValueError, match="is_causal=True only says what attn_mask is; pass the mask too"):
        layer(x, x, x, is_causal=True)
    with pytest.raises(RuntimeError, match="Need attn_mask"):
        torch.nn.MultiheadAttention(4, 2)(*[torch.zeros(3, 2, 4)] * 3, is_causal=True)
    with pytest.raises(ValueError, match=r"\(batch_first=False\): got .*axis 1 counts the sequences"):
        layer(x, x[:, :1], x[:, :1])
    for wrong in (x[0], x[..., :3], x[0, 0]):
        with pytest.raises(ValueError, match=r"MultiheadAttention\(embed_dim=4\): got query, key, value of shapes"):
            layer(wrong, x, x)
    with pytest.raises(ValueError, match="key and value are alike"):
        layer(x, x, x[:2])
    with pytest.raises(ValueError, match=r"attn_mask of shape \(2, 3\), expected \(L, S\) = \(3, 3\) or "
                                         r"\(N·heads, L, S\) = \(4, 3, 3\)"):
        layer(x, x, x, attn_mask=Tensor(np.zeros((2, 3))))
    with pytest.raises(ValueError, match=r"key_padding_mask of shape \(3, 2\), expected \(N, S\) = \(2, 3\)"):
        layer(x, x, x, Tensor(np.zeros((3, 2))))
