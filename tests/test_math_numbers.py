"""The numbers of the widgets of chapter 1 are NumPy's: matrices, slopes and distributions in JavaScript."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np
import pytest
from node import node

from dlbook.widgets import ChainRule, Distributions, MatrixPlane, chain_rule, distributions, matrix_plane, values

RNG = np.random.default_rng(4)
SAFE = "(k, v) => (v === Infinity ? 'inf' : Number.isNaN(v) ? 'nan' : v)"


def numbers(found) -> np.ndarray:
    return np.array(found, dtype=float)  # reads "inf" and "nan" too


def given(widget, **traits):
    """The widget with other traits; a new one would draw a new poster."""
    with widget.hold_trait_notifications():
        for name, value in traits.items():
            setattr(widget, name, value)
    return widget


@pytest.fixture(scope="module")
def plane():
    return MatrixPlane()


@pytest.fixture(scope="module")
def rule():
    return ChainRule()


@pytest.fixture(scope="module")
def pair():
    return Distributions()


# ---- matrices
DEGENERATE = [[[0, 0], [0, 0]], [[0, 0], [0, 3]], [[0, 2], [0, 0]], [[1, 1.5], [2, 3]]]
SIMILAR = [[[-1, 0], [0, -1]], [[3, 3], [-3, 3]], [[0.6, 0.8], [0.8, -0.6]]]
NEAR = [[[1, 1], [1, 1 + 10.0**-k]] for k in range(1, 16, 2)] + [[[1e-8, 0], [0, 3]], [[1 + 1e-9, 0], [0, 1]]]
RANDOM = RNG.uniform(-3, 3, (60, 2, 2)).round(2).tolist()
MATRICES = [*matrix_plane.PRESETS.values(), *DEGENERATE, *SIMILAR, *NEAR, *RANDOM]
TIMES = [0, 0.1, 1 / 3, 0.4, 2 / 3, 0.9, 1]


@functools.cache
def matrices():
    return node(
        """import { decompose, along, det, presetOf, PRESETS } from "./matrix.mjs";
        console.log(JSON.stringify({ presets: PRESETS, found: data.matrices.map((A) => ({
          ...decompose(A), det: det(A), name: presetOf(A),
          ways: ["straight", "svd"].map((path) => data.times.map((t) => along(A, path, t))) })) }));""",
        {"matrices": MATRICES, "times": TIMES},
    )


def test_presets_are_the_same(plane):
    assert matrices()["presets"] == matrix_plane.PRESETS
    assert [f["name"] for f in matrices()["found"]] == [given(plane, matrix=A).preset for A in MATRICES]
    assert [f["name"] for f in matrices()["found"]][: len(matrix_plane.PRESETS)] == list(matrix_plane.PRESETS)


@pytest.mark.parametrize("i", range(len(MATRICES)))
def test_decomposition_equals_numpy(plane, i):
    A, found = np.array(MATRICES[i], float), matrices()["found"][i]
    U, s, V = numbers(found["U"]), numbers(found["s"]), numbers(found["V"])
    np.testing.assert_allclose(s, np.linalg.svd(A, compute_uv=False), atol=1e-15, rtol=1e-13)
    np.testing.assert_allclose(U @ np.diag(s) @ V.T, A, atol=2e-14)
    for q in (U, V):
        np.testing.assert_allclose(q @ q.T, np.eye(2), atol=1e-7 if s[0] - s[1] < 1e-6 else 2e-14)
    u, _, v = given(plane, matrix=A).decomposition()
    gap = 1 if s[0] == 0 else (s[0] - s[1]) / s[0] or 1  # how well the vectors are determined
    np.testing.assert_allclose(V, v, atol=1e-14 / gap)
    np.testing.assert_allclose(U[:, 0], u[:, 0], atol=1e-14 / gap)
    np.testing.assert_allclose(U[:, 1], u[:, 1], atol=1e-14 / gap)
    assert found["rank"] == np.linalg.matrix_rank(A)
    assert found["det"] == pytest.approx(np.linalg.det(A), rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("i", range(len(MATRICES)))
def test_the_way_from_the_identity(plane, i):
    A, (straight, svd) = np.array(MATRICES[i], float), map(numbers, matrices()["found"][i]["ways"])
    for path, way in (("straight", straight), ("svd", svd)):
        for t, M in zip(TIMES, way):
            np.testing.assert_allclose(M, given(plane, matrix=A, path=path, t=t).shown(), atol=1e-7)
        np.testing.assert_allclose(way[0], np.eye(2), atol=1e-15)
        np.testing.assert_allclose(way[-1], A, atol=2e-14)
    _, s, v = plane.decomposition()
    np.testing.assert_allclose(svd[2], v.T, atol=1e-7)  # turned
    np.testing.assert_allclose(svd[4], np.diag(s) @ v.T, atol=1e-7)  # and stretched


# ---- slopes
POINTS = [-3, -1.3, -0.5, 0, 0.25, 1, 2.9]
STEPS = [2, 1, 0.1, 1e-3, 1e-7]
CHAINS = [*itertools.product(chain_rule.FUNCTIONS, repeat=2), ("affine", "square", "sin"), ("exp", "exp", "exp")]


@functools.cache
def slopes():
    return node(
        f"""import {{ FUNCTIONS, NAMES, forward, central, run, inVariable, H, X }} from "./slopes.mjs";
        console.log(JSON.stringify({{ names: NAMES, limits: {{ h: H, x: [-X, X] }},
          facts: NAMES.map((n) => [FUNCTIONS[n].label, FUNCTIONS[n].low, FUNCTIONS[n].high]),
          labels: NAMES.map((n) => [..."xuv"].map((v) => inVariable(FUNCTIONS[n].label, v))),
          alone: NAMES.map((n) => data.x.map((x) => data.h.map((h) =>
            [FUNCTIONS[n].df(x), forward(FUNCTIONS[n].f, x, h), central(FUNCTIONS[n].f, x, h)]))),
          chains: data.chains.map((c) => data.x.map((x) => data.h.map((h) => run(c, x, h)))),
        }}, {SAFE}));""",
        {"x": POINTS, "h": STEPS, "chains": CHAINS},
    )


def test_functions_are_the_same():
    found = slopes()
    assert found["names"] == list(chain_rule.FUNCTIONS) and found["limits"] == {
        name: list(limits) for name, limits in chain_rule.LIMITS.items()
    }
    assert found["facts"] == [[chain_rule.LABELS[n], f.low, f.high] for n, f in chain_rule.FUNCTIONS.items()]
    assert found["labels"] == [[chain_rule.label(n, v) for v in "xuv"] for n in chain_rule.FUNCTIONS]
    assert found["labels"][2] == ["eˣ", "eᵘ", "eᵛ"]


@pytest.mark.parametrize("name", chain_rule.FUNCTIONS)
def test_slopes_of_a_function(rule, name):
    found = slopes()["alone"][list(chain_rule.FUNCTIONS).index(name)]
    for x, row in zip(POINTS, found):
        for h, three in zip(STEPS, row):
            expected = given(rule, function=name, x=x, h=h).slopes()
            size = max(1, abs(chain_rule.FUNCTIONS[name].f(x + h)))
            np.testing.assert_allclose(three, expected, rtol=1e-14, atol=1e-14 + 4e-16 * size / h)


@pytest.mark.parametrize("name", chain_rule.FUNCTIONS)
def test_the_derivative_is_the_slope(name):
    f, df, *_ = chain_rule.FUNCTIONS[name]
    for x in POINTS:
        if x != 0 or name != "relu":
            assert df(x) == pytest.approx((f(x + 1e-5) - f(x - 1e-5)) / 2e-5, abs=1e-7)


@pytest.mark.parametrize("i", range(len(CHAINS)))
def test_chains(rule, i):
    for x, row in zip(POINTS, slopes()["chains"][i]):
        for h, found in zip(STEPS, row):
            expected = given(rule, chain=CHAINS[i], x=x, h=h).run()
            for name in ("values", "slopes", "product"):
                np.testing.assert_allclose(numbers(found[name]), getattr(expected, name), rtol=1e-10, atol=1e-13)
            # a difference has the rounding of its two values, divided by the step
            size = np.array([*expected.values, *numbers(found["moved"])])
            if np.isfinite(size).all() and h >= 1e-3:
                rough = 1e-11 * max(1, np.abs(size).max()) / h
                np.testing.assert_allclose(numbers(found["secant"]), expected.secant, rtol=1e-9, atol=rough)


def test_slopes_and_secants_multiply(rule):
    for x, h in itertools.product(POINTS, [1, 0.1]):
        found = given(rule, chain=["affine", "square", "sin"], x=x, h=h).run()
        assert math.prod(found.slopes) == found.product
        if all(np.isfinite(found.secants)):
            assert math.prod(found.secants) == pytest.approx(found.secant)


# ---- distributions
def pairs():
    for k in range(2, 7):
        for alpha in (0.2, 1, 5):
            yield RNG.dirichlet([alpha] * k).tolist(), RNG.dirichlet([alpha] * k).tolist()
    yield [1, 0], [0, 1]
    yield [1, 0, 0], [0.2, 0.8, 0]
    yield [0.5, 0.25, 0.25], [0.5, 0.5, 0]
    yield [0.5, 0.5, 0], [0.5, 0.25, 0.25]
    yield [0.5, 0.5], [0.5, 0.5]


PAIRS = list(pairs())


@pytest.mark.parametrize("unit", distributions.UNITS)
def test_entropies(pair, unit):
    found = node(
        f"""import {{ numbers, terms }} from "./divergence.mjs";
        const found = data.pairs.map(([p, q]) => [numbers(p, q, data.unit), p.map((v, k) => terms(v, q[k]))]);
        console.log(JSON.stringify(found, {SAFE}));""",
        {"pairs": PAIRS, "unit": unit},
    )
    for (p, q), (sums, parts) in zip(PAIRS, found):
        expected = given(pair, p=p, q=q, unit=unit).numbers()
        assert list(sums) == list(expected)
        np.testing.assert_allclose(numbers([*sums.values()]), [*expected.values()], rtol=1e-13, atol=1e-14)
        for a, b, part in zip(p, q, parts):
            np.testing.assert_allclose(
                numbers([part["cross"], part["divergence"]]), distributions.terms(a, b), rtol=1e-13, atol=1e-15
            )


def test_entropies_by_hand():
    half = Distributions(p=[0.5, 0.25, 0.25], q=[0.25, 0.5, 0.25]).numbers()
    assert half == {"H(p)": 1.5, "H(q)": 1.5, "H(p, q)": 1.75, "H(q, p)": 1.75, "KL(p‖q)": 0.25, "KL(q‖p)": 0.25}
    lacking = Distributions(p=[0.5, 0.5], q=[1, 0]).numbers()
    assert lacking["KL(p‖q)"] == math.inf and lacking["KL(q‖p)"] == 1


def test_a_moved_bar_leaves_the_others_in_proportion():
    found = node(
        """import { moved, resized, normalized } from "./divergence.mjs";
        const out = data.flatMap(([p, q]) => [p, q].map((d) => ({
          moved: d.map((_, k) => [0, 0.3, 0.9999, 1, 7, -1].map((v) => moved(d, k, v))),
          resized: [2, 3, 4, 5, 6].map((n) => resized(d, n)) })));
        console.log(JSON.stringify({ out, thirds: normalized([1, 1, 1]), back: moved([1, 0, 0], 0, 0.5) }));""",
        PAIRS,
    )
    assert found["back"] == [0.5, 0.25, 0.25] and found["thirds"] == [0.333334, 0.333333, 0.333333]
    for d, now in zip((d for pair in PAIRS for d in pair), found["out"]):
        d = np.array(d)
        for k, row in enumerate(now["moved"]):
            for v, new in zip([0, 0.3, 0.9999, 1, 1, 0], map(numbers, row)):
                assert new.sum() == pytest.approx(1, abs=1e-12) and (new >= 0).all()
                assert new[k] == pytest.approx(v, abs=4e-6)
                rest = np.delete(d, k)
                wanted = rest * (1 - v) / rest.sum() if rest.sum() else np.full(len(rest), (1 - v) / len(rest))
                np.testing.assert_allclose(np.delete(new, k), wanted, atol=4e-6)
        for n, new in zip(range(2, 7), map(numbers, now["resized"])):
            assert len(new) == n and new.sum() == pytest.approx(1, abs=1e-12) and (new >= 0).all()
            np.testing.assert_allclose(new[len(d) :].sum(), 0 if n <= len(d) else (n - len(d)) / n, atol=1e-5)


# ---- numbers as text
NUMBERS = [0.0, -0.0, 1.0, -0.004, 0.5, 12.345, -123.456, 1234.5678, 9999.6, 12345.678, 0.001, -1e-16, 3.2e-7, 1e300]


def test_numbers_look_the_same():
    found = node(
        """import { fixed, power } from "./values.mjs";
        const all = [...data, Infinity, -Infinity, NaN];
        console.log(JSON.stringify(all.map((v) => [fixed(v), fixed(v, 4), power(v), power(v, 4)])));""",
        NUMBERS,
    )
    for v, texts in zip([*NUMBERS, math.inf, -math.inf, math.nan], found):
        expected = [values.fixed(v), values.fixed(v, 4), values.power(v), values.power(v, 4)]
        if v != 1e300:  # JavaScript's toFixed ends at 1e21; nothing that large is shown so
            assert texts == expected, v
        else:
            assert texts[2:] == expected[2:]
