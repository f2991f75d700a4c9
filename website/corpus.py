"""The corpus: the prose of the chapters, the preface and the glossary, one sentence a line with its file.

    python -m website.corpus            # what a new snapshot would hold
    python -m website.corpus 2          # writes it as number 2, and prints its line for dlbook/corpus.py

A snapshot that exists is never written again.  Taken are the text cells, the quizzes, the captions and the texts that
stand for figures.  Left out are formulas that stand alone, code, tables, comments, the lines of directives, citations,
and then every sentence that has a hole: one with a formula of more than letters, numbers and signs, with code of more
than a name, with a citation as its subject.  A sentence of two files, such as a heading, belongs to none.
"""
from __future__ import annotations

import ast
import hashlib
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

from dlbook.corpus import CORPORA, SNAPSHOTS
from dlbook.text import sentences

ROOT = Path(__file__).resolve().parent.parent
LICENCE = "# From the prose of the dlbook authors, CC BY 4.0, see LICENSE-prose.  Made by website/corpus.py.\n"
HOLE = "\0"  # stands where something was that cannot be said in words
GREEK = ("alpha|beta|gamma|delta|varepsilon|epsilon|zeta|eta|theta|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi|chi|psi|"
         "omega")
MARKS = str.maketrans({"–": "-", "—": "-", "−": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "×": " x ",
                       "·": " ", "½": "1/2", "¼": "1/4", "²": "^2", "★": "", "°": " degrees"})
BLOCKS = [  # (what, instead), one after the other
    (r"^---\n.*?\n---\n", ""),                               # the head of a page
    (r"^(```+|~~~+).*?^\1\s*$", ""),                         # code
    (r"<!--.*?-->|^%.*?$", ""),
    (r"\$\$.*?\$\$(\s*\([\w-]+\))?", ""),
    (r"^\\begin\{.*?^\\end\{\w+\*?\}", ""),
    (r"^\s*\|.*$|^:{3,}.*$|^:[\w-]+:.*$|^\([\w-]+\)=\s*$|^\s*(---|\*\*\*)\s*$", ""),
    (r"</?\w+[^>]*>", ""),
]
INLINE = [
    (r"!?\[([^\]]*)\]\([^)]*\)", r"\1"),                     # links
    (r"\s*\{cite:p\}`[^`]*`", ""),
    (r"\{term\}`([^`<]*?)\s*(?:<[^`]*)?`", r"\1"),
    (r"(^|[.!?]\s+)\{numref\}`[^`]*`", r"\1The figure"),
    (r"\{numref\}`[^`]*`", "the figure"),
    (r"\{[\w:-]+\}`[^`]*`", HOLE),
    (r"\*\*|(?<![\w*])[*_](?=\S)|(?<=\S)[*_](?![\w*])", ""),  # bold and slanted
]


def prose(path: Path) -> list[str]:
    """The sentences of a notebook or of a page, in their order."""
    found = []
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*+]|\d+\.)\s|#)|(?<=\n)(?=#)", "\n\n".join(_texts(path))):
        block = re.sub(r"^\s*(?:#+|>|[-*+]|\d+\.)\s+", "", block)
        block = re.sub(r"^.*\n(?=\s+\S)", "", block) if path.stem == "glossary" else block  # the term itself
        found += [said for sentence in sentences(_inline(block)) if (said := _clean(sentence))]
    return found


def _texts(path: Path) -> list[str]:
    if path.suffix == ".md":
        return [_without_blocks(path.read_text("utf8"))]
    texts = []
    for cell in json.loads(path.read_text("utf8"))["cells"]:
        figure = cell["metadata"].get("mystnb", {})
        if cell["cell_type"] == "markdown":
            texts.append(_without_blocks("".join(cell["source"])))
        elif "Quiz" in "".join(cell["source"]):
            texts += _strings("".join(cell["source"]))
        texts += [part[key] for part, key in ((figure.get("figure", {}), "caption"), (figure.get("image", {}), "alt"))
                  if key in part]
    return texts


def _strings(source: str) -> list[str]:
    """What the quizzes of a cell say: their questions, answers and replies."""
    nodes = ast.walk(ast.parse(source))
    calls = [node for node in nodes if isinstance(node, ast.Call) and "Quiz" in ast.unparse(node.func)]
    return [node.value for call in calls for argument in call.args for node in ast.walk(argument)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def _without_blocks(text: str) -> str:
    for pattern, instead in BLOCKS:
        text = re.sub(pattern, instead, text, flags=re.M | re.S if ".*?" in pattern else re.M)
    return text


def _inline(text: str) -> str:
    for pattern, instead in INLINE:
        text = re.sub(pattern, instead, text)
    text = re.sub(r"`([^`]*)`", lambda m: m[1] if re.fullmatch(r"[\w.]+", m[1]) else HOLE, text)
    return re.sub(r"\$([^$]*)\$", _formula, text)


def _formula(match: re.Match) -> str:
    """A formula in words if it is letters, numbers and signs of a keyboard, else a hole."""
    said = re.sub(rf"\\({GREEK})\b", lambda m: m[1].removeprefix("var"), match[1]).replace(r"\times", "x")
    said = re.sub(r"([A-Za-z])_(\w)\b", r"\1\2", said)      # w_1: w1
    return said if re.fullmatch(r"[\w .,+\-=()/<>%'^]+", said) and "_" not in said else HOLE


def _clean(sentence: str) -> str:
    """The sentence in plain characters, or nothing if it is none, or has a hole."""
    said = re.sub(r"[\u2e80-\u9fff]+[.,;]?\s*", "", sentence).translate(MARKS)  # the Chinese names of terms
    said = re.sub(r"[α-ω]", lambda m: unicodedata.name(m[0]).split()[-1].lower(), said)
    said = re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFKD", said))  # accents
    said = re.sub(r"\s+", " ", said).strip()
    said = re.sub(r"\s([.,;:!?])", r"\1", re.sub(r"^Exercise [\d.]+ ", "", said))  # which would tell its chapter
    said = said[:1].upper() + said[1:]
    plain = said.isascii() and said.isprintable() and not re.search(r"[\\$`{}|#@]", said)
    return said if plain and len(re.findall(r"[A-Za-z]{2,}", said)) >= 3 else ""


def snapshot() -> str:
    """The whole file."""
    paths = [*sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb")), ROOT / "intro.md", ROOT / "glossary.md"]
    found = {path.stem: list(dict.fromkeys(prose(path))) for path in paths}
    files = defaultdict(set)
    for stem, lines in found.items():
        for line in lines:
            files[line].add(stem)
    rows = [f"{stem}\t{line}\n" for stem, lines in found.items() for line in lines if len(files[line]) == 1]
    return LICENCE + "".join(rows)


def main(arguments: list[str]) -> int:
    text = snapshot()
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    for stem, n in Counter(stem for stem, _ in rows).items():
        print(f"{stem:20} {n:5} sentences")
    print(f"{'together':20} {len(rows):5} sentences, {sum(len(line) for _, line in rows)} characters")
    if not arguments:
        return 0
    number = arguments[0]
    path = CORPORA / f"prose-{number}.tsv"
    if not number.isdecimal() or path.exists() or int(number) in SNAPSHOTS:
        print(f"{number!r} must be a new number; there are {', '.join(map(str, SNAPSHOTS))}, and they stay as they are")
        return 1
    CORPORA.mkdir(exist_ok=True)
    path.write_bytes(text.encode())
    print(f"Written: {path.relative_to(ROOT)}.  Its line in SNAPSHOTS of dlbook/corpus.py:")
    print(f'    {int(number)}: "{hashlib.sha256(text.encode()).hexdigest()}",')
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
