"""The pictures and kernels of the convolution explorer, shared with the browser: constants of js/conv_samples.mjs.

    python -m dlbook.widgets.convolution_samples        # writes the pictures and the learned kernel into that file

Pictures have SIZE × SIZE pixels, whole hundredths from 0 (black) to 1 (white).  Digits are the first of each kind of
``data.digits()``, 8 × 8 with 17 levels, enlarged here and in the browser.  Photographs are squares of the two that come
with scikit-learn, "china" by danielbuechele and "flower" by vultilion, both CC BY 2.0: gray, each pixel the mean of a
square, in fiftieths.
"""

from __future__ import annotations

import json
import re
import string

import numpy as np

from dlbook import images
from dlbook.widgets.base import JS

FILE = JS / "conv_samples.mjs"
SIZE = 24
LEVELS = string.digits + string.ascii_letters  # one letter a pixel: 0 to 16 in a digit, 0 to 50 in a photograph
GRAY = np.array([0.299, 0.587, 0.114])  # shares of red, green and blue in the brightness (ITU-R BT.601)
SQUARES = {"china": (14, 52, 336), "flower": (66, 151, 312)}  # top, left, side


def constant(name: str):
    """A constant of js/conv_samples.mjs; the browser and Python share its text."""
    return json.loads(re.search(_place(name), FILE.read_text("utf8"), re.M | re.S)[1])


def _place(name: str) -> str:
    return rf"(?<=^export const {name} = )(.*?)(?=;$)"


PRESETS, DIGITS, PHOTOS = constant("PRESETS"), constant("DIGITS"), constant("PHOTOS")


def picture(name: str, digit: int = 0) -> np.ndarray:
    """A picture (SIZE, SIZE), float64: "digit" (which one says ``digit``), "china" or "flower"."""
    if name in PHOTOS:
        return 2 * _levels(PHOTOS[name]).reshape(SIZE, SIZE) / 100
    return hundredths(images.enlarge(_levels(DIGITS[digit]).reshape(1, 8, 8) / 16, SIZE)[0, 0]) / 100


def _levels(letters: str) -> np.ndarray:
    return np.array([LEVELS.index(letter) for letter in letters])


def hundredths(pixels: np.ndarray) -> np.ndarray:
    """Whole hundredths; halves go up, although a computer's numbers may lie a little below them."""
    return np.floor(100 * pixels.astype(np.float64) + 0.5 + 1e-5)


# ---- where they come from
def shrunk(photograph: np.ndarray, top: int, left: int, side: int) -> np.ndarray:
    """A square of a photograph (3, H, W) as a picture (SIZE, SIZE): gray, each pixel the mean of a square."""
    square = photograph[:, top : top + side, left : left + side].astype(np.float64)
    return np.tensordot(GRAY, square, 1).reshape(SIZE, side // SIZE, SIZE, side // SIZE).mean((1, 3))


def made() -> dict[str, object]:
    """The constants, anew."""
    from dlbook import data
    from dlbook.widgets import digits_cnn

    digits = data.digits()
    rows = [digits.X[int(np.flatnonzero(digits.y == k)[0])] for k in range(10)]
    photos = {name: shrunk(images.photograph(name), *square).ravel() for name, square in SQUARES.items()}
    weight = digits_cnn.network().state_dict()["features.0.weight"].numpy()[2, 0].astype(np.float64)
    return {
        "DIGITS": ["".join(LEVELS[round(16 * float(v))] for v in row) for row in rows],
        "PHOTOS": {name: "".join(LEVELS[round(50 * float(v))] for v in photo) for name, photo in photos.items()},
        "PRESETS": PRESETS | {"learned": PRESETS["learned"] | {"kernel": weight.round(2).tolist()}},
    }


def main() -> None:
    text = FILE.read_text("utf8")
    for name, value in made().items():
        written = json.dumps(value, ensure_ascii=False)
        if name == "PRESETS":  # one a line
            lines = (f"  {json.dumps(key)}: {json.dumps(item, ensure_ascii=False)}" for key, item in value.items())
            written = "{\n" + ",\n".join(lines) + "\n}"
        text = re.sub(_place(name), lambda _, written=written: written, text, count=1, flags=re.M | re.S)
    FILE.write_text(text, "utf8")


if __name__ == "__main__":
    main()
