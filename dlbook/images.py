"""Images as arrays (n, channels, H, W): digits enlarged, drawings made into digits, augmentation, photographs; and what
windows that slide over images make of their sizes.
"""
from __future__ import annotations

import warnings

import numpy as np

from dlbook.scratch.random import default_generator
from dlbook.scratch.window import pair

PHOTOGRAPHS = {"china": "china.jpg", "flower": "flower.jpg"}


# ---- sizes
def enlarge(images: np.ndarray, size: int = 28) -> np.ndarray:
    """Square images (n, s·s), (n, s, s) or (n, 1, s, s) as float32 (n, 1, size, size), bilinearly interpolated.

    Pixels are small squares: the middle of pixel i of s lies at (i + ½)/s of the width.  Between two middles the
    brightness changes linearly, beyond the outermost it stays: ``F.interpolate(mode="bilinear")`` of PyTorch.

    >>> enlarge(np.array([[[0., 1.], [0., 1.]]]), 4)[0, 0, 0]
    array([0.  , 0.25, 0.75, 1.  ], dtype=float32)
    """
    images = np.asarray(images, np.float64)
    s = round(images[0].size ** 0.5) if len(images) else 0
    if images.ndim not in (2, 3, 4) or images.shape[1:] not in ((s * s,), (s, s), (1, s, s)) or s == 0:
        raise ValueError(f"enlarge: got shape {images.shape}; expected square images of one channel, "
                         "(n, s·s), (n, s, s) or (n, 1, s, s)")
    m = _interpolation(s, pair("enlarge: size", size, 1)[0])            # (size, s)
    return (m @ images.reshape(-1, 1, s, s) @ m.T).astype(np.float32)


def _interpolation(n: int, size: int) -> np.ndarray:
    """The matrix (size, n) of linear interpolation: each row holds the shares of two neighbors."""
    at = np.clip((np.arange(size) + 0.5) * n / size - 0.5, 0, n - 1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(n)))


# ---- from a drawing to a digit
BITMAP, WIDTH = 32, 20              # pixels: the side of the bitmap, and the width to which a digit is stretched
THIN, FAT = (108, 256), (412, 560)  # ink, in pixels, below or above which strokes are thickened or thinned


def bitmap(drawing: np.ndarray) -> np.ndarray:
    """A drawing (H, W) of any size, 0 for paper and up to 1 for ink, as a bitmap (32, 32) of bools, as NIST made them.

    1. The box around the ink (all above half of the darkest) is cut out and stretched to 32 pixels of height and 20 of
       width, in the middle of the bitmap.  A pixel is ink where ink covers at least half as much as it does elsewhere.
    2. Strokes are made a pixel thicker on all sides if the ink is less than 256 pixels, twice if less than 108;
       thinner if it is more than 412, twice if more than 560.  So it matters little how thick the pen was.
    3. Rows are shifted so that the leftmost ink near the top stands above the leftmost near the bottom: upright.

    The steps and numbers are those of Garris et al., NIST Form-Based Handprint Recognition System (NISTIR 5469, 1994),
    with which the handwritten digits were prepared.  A pen of a tenth to a seventh of the digit's height suits them
    best.  ValueError if nothing is drawn.
    """
    drawing = np.asarray(drawing, np.float64)
    if drawing.ndim != 2 or not np.isfinite(drawing).all():
        raise ValueError(f"bitmap: got an array of shape {drawing.shape}; expected (H, W), finite, 0 for paper")
    if drawing.size == 0 or drawing.max() <= 0:
        raise ValueError("bitmap: nothing is drawn; ink must be more than 0, paper 0")
    ink = drawing > drawing.max() / 2
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    box = ink[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
    share = _coverage(box.shape[0], BITMAP) @ box @ _coverage(box.shape[1], WIDTH).T
    bits, left = np.zeros((BITMAP, BITMAP), bool), (BITMAP - WIDTH) // 2
    bits[:, left:left + WIDTH] = share >= share.max() / 2
    return _upright(_stroke_width(bits))


def drawn_digit(drawing: np.ndarray) -> np.ndarray:
    """A drawing (H, W) as one row (64,) like those of ``data.digits()``: ``bitmap``, then ink counted in 4 × 4 blocks.

    Each of the 8 × 8 counts, 0 to 16, is divided by 16.

    >>> drawn_digit(np.ones((90, 50))).reshape(8, 8)[0]  # a block becomes one of 20 × 32 pixels, thinned twice
    array([0. , 0. , 0.5, 0.5, 0.5, 0.5, 0. , 0. ], dtype=float32)
    """
    counts = bitmap(drawing).reshape(8, 4, 8, 4).sum((1, 3))
    return (counts / 16).astype(np.float32).reshape(64)


def _coverage(n: int, size: int) -> np.ndarray:
    """The matrix (size, n): how much each of n pixels covers of each of ``size`` equal parts, in 1/size of a pixel."""
    edges, pixels = np.arange(size + 1) * n, np.arange(n) * size  # whole numbers, so that ties do not hang on rounding
    covered = np.minimum(edges[1:, None], pixels + size) - np.maximum(edges[:-1, None], pixels)
    return np.maximum(0, covered).astype(float)


def _stroke_width(bits: np.ndarray) -> np.ndarray:
    amount = int(bits.sum())
    for _ in range(sum(amount < limit for limit in THIN)):
        bits = np.any(_neighborhood(bits), 0)
    for _ in range(sum(amount > limit for limit in FAT)):
        bits = np.all(_neighborhood(bits), 0)
    return bits


def _neighborhood(bits: np.ndarray) -> list[np.ndarray]:
    """The bitmap and its shifts by one pixel in the four directions; outside there is paper."""
    p = np.pad(bits, 1)
    return [bits, p[2:, 1:-1], p[:-2, 1:-1], p[1:-1, 2:], p[1:-1, :-2]]


def _upright(bits: np.ndarray) -> np.ndarray:
    rows = np.flatnonzero(bits.any(1))
    if len(rows) < 6:
        return bits
    top, bottom = rows[0] + 2, rows[-1] - 2                             # the outermost rows may be noise
    if top >= bottom or not (bits[top].any() and bits[bottom].any()):
        return bits
    slope = (int(bits[top].argmax()) - int(bits[bottom].argmax())) / (bottom - top)
    out = np.zeros_like(bits)
    for row, line in enumerate(bits):
        by = int(np.floor((row - BITMAP // 2) * slope + 0.5))
        to, of = max(0, by), max(0, -by)
        out[row, to:BITMAP - of] = line[of:BITMAP - to]
    return out


# ---- augmentation
def transform(images: np.ndarray, *, angle=0.0, zoom=1.0, shift=(0.0, 0.0), mirror=False) -> np.ndarray:
    """Images (n, C, H, W) turned around their middle, then zoomed, then shifted; each by one number or by one an image.

    ``angle`` in degrees, anticlockwise; ``zoom`` more than 1 enlarges; ``shift`` (down, right) in pixels; ``mirror``
    exchanges left and right first.  Values between pixels are bilinear, what comes from outside is 0.
    """
    images = _check_images("transform", images)
    n, c, h, w = images.shape
    turn, zoom = (np.broadcast_to(np.asarray(v, np.float64), n)[:, None, None] for v in (np.deg2rad(angle), zoom))
    if not (zoom > 0).all():
        raise ValueError(f"transform: zoom must be more than 0, got {zoom.min()}")
    down, right = np.broadcast_to(np.asarray(shift, np.float64), (n, 2)).T[:, :, None, None]
    flip = np.where(np.broadcast_to(mirror, n), -1, 1)[:, None, None]
    out = np.empty(images.shape, images.dtype)
    for k in (slice(start, start + 64) for start in range(0, n, 64)):   # so many stay in the processor's cache
        y = (np.arange(h)[:, None] - (h - 1) / 2 - down[k]) / zoom[k]
        x = (np.arange(w) - (w - 1) / 2 - right[k]) / zoom[k]
        rows = y * np.cos(turn[k]) + x * np.sin(turn[k]) + (h - 1) / 2  # where each pixel comes from, (64, H, W)
        columns = flip[k] * (x * np.cos(turn[k]) - y * np.sin(turn[k])) + (w - 1) / 2
        out[k] = _sample(images[k], np.clip(rows, -1, h), np.clip(columns, -1, w))
    return out


def _sample(images: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The images at places (n, H, W) between their pixels: the mean of four neighbors, the nearer the heavier."""
    n, c, h, w = images.shape
    flat = np.pad(images, ((0, 0), (0, 0), (1, 2), (1, 2))).reshape(n, c, -1)
    top, left = np.floor(rows), np.floor(columns)
    down, right = rows - top, columns - left
    first = ((top + 1) * (w + 3) + left + 1).astype(np.intp)
    out = np.zeros(images.shape, images.dtype)
    for i, share_i in ((0, 1 - down), (1, down)):
        for j, share_j in ((0, 1 - right), (1, right)):
            index = (first + i * (w + 3) + j).reshape(n, 1, h * w)
            found = np.take_along_axis(flat, index, 2).reshape(out.shape)
            out += found * (share_i * share_j).astype(images.dtype)[:, None]
    return out


def augment(images: np.ndarray, *, shift: float = 0.0, rotate: float = 0.0, zoom: float = 0.0, noise: float = 0.0,
            flip: float = 0.0, generator: np.random.Generator | None = None) -> np.ndarray:
    """New images (n, C, H, W) with the same content, each changed by chance in its own way.

    ``shift``: up to so many pixels in both directions · ``rotate``: up to so many degrees either way · ``zoom``: by a
    factor of up to 1 + zoom, larger or smaller · ``noise``: standard deviation of what is added to each pixel; the sum
    may leave [0, 1] · ``flip``: the probability that left and right are exchanged.

    A mirrored digit or letter is another sign: with ``flip``, images of one channel bring a warning.
    """
    images = _check_images("augment", images)
    amounts = {"shift": shift, "rotate": rotate, "zoom": zoom, "noise": noise, "flip": flip}
    for name, value in amounts.items():
        if not 0 <= value < (1.0000001 if name == "flip" else np.inf):
            raise ValueError(f"augment: {name} must be 0 or more{' and at most 1' * (name == 'flip')}, got {value}")
    if flip and images.shape[1] == 1:
        warnings.warn("augment: flip mirrors images of one channel; a mirrored digit or letter is another sign, so "
                      "leave flip at 0 for them", stacklevel=2)
    rng, n = default_generator(generator), len(images)
    out = transform(images, mirror=rng.random(n) < flip, angle=rng.uniform(-rotate, rotate, n),
                    zoom=(1 + zoom) ** rng.uniform(-1, 1, n), shift=rng.uniform(-shift, shift, (n, 2)))
    return out + (noise * rng.standard_normal(out.shape)).astype(out.dtype) if noise else out


def _check_images(name: str, images: np.ndarray) -> np.ndarray:
    images = np.asarray(images)
    if images.ndim != 4 or not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"{name}: got {images.dtype} of shape {images.shape}; expected floats (n, C, H, W)")
    return images


# ---- photographs
def photograph(name: str = "china") -> np.ndarray:
    """A photograph that comes with scikit-learn, float32 (3, 427, 640) in [0, 1]: red, green, blue first, as layers
    want it; ``np.moveaxis(x, 0, -1)`` is what ``imshow`` wants.

    "china", a temple, by danielbuechele; "flower", by vultilion; both CC BY 2.0.
    """
    from sklearn.datasets import load_sample_image

    if name not in PHOTOGRAPHS:
        raise ValueError(f"photograph: unknown photograph {name!r}; there are {', '.join(PHOTOGRAPHS)}")
    return np.ascontiguousarray(np.moveaxis(load_sample_image(PHOTOGRAPHS[name]), -1, 0), np.float32) / 255
