"""One training loop for both backends.  It yields records and knows nothing of plots, printing or devices.

A *record* is a dict, one for each logged step:

    run, epoch, step      which run; epochs finished (a fraction within one); updates made so far
    split, loss           "train": the mean over the batches since the last record; "val": the whole validation part
    <metric>              each metric asked for, by its name
    activation, gradient  on request, of the last batch: layer name -> {"edges": [...], "counts": [...]}
    seconds, device       since the start; where the model is
    stopped               only in the last record of a run that ended early: "interrupted", "no improvement", "diverged"
"""
from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np

from dlbook import scratch
from dlbook.data import Dataset, check


def train(model, loss_fn: Callable, optimizer, data: Dataset, *, val: Dataset | None = None, epochs: int = 10,
          batch_size: int = 32, metrics: dict[str, Callable] | None = None, log_every: int | None = None,
          histograms: bool = False, patience: int | None = None, run: str = "run",
          generator: np.random.Generator | None = None) -> Iterator[dict]:
    """Trains ``model`` in place and yields records; ``list(train(...))`` runs to the end.

    ``model``, ``loss_fn`` and ``optimizer`` come from ``dlbook.scratch`` or from PyTorch.  ``log_every`` steps there is
    a training record (default: once an epoch); after every epoch one for ``val``.  ``metrics`` maps names to
    functions of (y_true, model output as an array).  With ``patience``, training stops when the validation loss has
    not improved for that many epochs, and the weights of the best epoch come back.  Ctrl-C ends the run with its
    records and the weights it has; a loss that is no longer a number ends it, too, with a warning.  ``loss_fn`` is a
    mean over the batch.  ValueError for data that do not fit together or are not finite.
    """
    _check_arguments(data, val, epochs, batch_size, log_every, patience)
    backend = _Torch(model) if _is_torch(model) else _Scratch()
    steps_an_epoch = -(-len(data.X) // batch_size)
    log_every = log_every or steps_an_epoch
    start, step, since = time.perf_counter(), 0, []
    best, best_state, waited = np.inf, None, 0

    def record(split: str, loss: float, scores: dict, **more) -> dict:
        return {"run": run, "epoch": step / steps_an_epoch, "step": step, "split": split, "loss": loss, **scores,
                **more, "seconds": time.perf_counter() - start, "device": backend.device}

    try:
        for _ in range(epochs):
            model.train()
            order = scratch.random.default_generator(generator).permutation(len(data.X))
            for batch in np.array_split(order, range(batch_size, len(order), batch_size)):
                log = (step + 1) % log_every == 0
                taps = _Histograms(model) if histograms and log else None
                loss, output = backend.step(model, loss_fn, optimizer, data.X[batch], data.y[batch])
                step += 1
                since.append(loss)
                if not np.isfinite(loss):
                    warnings.warn(f"train: the loss is {loss} after step {step}; try a learning rate smaller than "
                                  f"{optimizer.param_groups[0]['lr']:g}, and look at the data", stacklevel=2)
                    yield record("train", loss, {}, stopped="diverged")
                    return
                if log:
                    more = taps.take() if taps else {}
                    yield record("train", float(np.mean(since)), _scores(metrics, data.y[batch], output), **more)
                    since = []
            if val is None:
                continue
            loss, output = evaluate(model, loss_fn, val)
            stop = False
            if patience is not None:
                improved = loss < best
                waited = 0 if improved else waited + 1
                if improved:
                    best, best_state = loss, {k: v.clone() for k, v in model.state_dict().items()}
                stop = waited >= patience
            more = {"stopped": "no improvement"} if stop else {}
            yield record("val", loss, _scores(metrics, val.y, output), **more)
            if stop:
                break
    except KeyboardInterrupt:
        yield record("train", float(np.mean(since)) if since else float("nan"), {}, stopped="interrupted")
        return
    if best_state is not None:
        model.load_state_dict(best_state)


def evaluate(model, loss_fn: Callable, data: Dataset, batch_size: int = 4096) -> tuple[float, np.ndarray]:
    """The mean loss of ``model`` on ``data`` in evaluation mode, and its outputs (n, ...)."""
    backend = _Torch(model) if _is_torch(model) else _Scratch()
    was_training = model.training
    model.eval()
    losses, outputs = [], []
    for i in range(0, len(data.X), batch_size):
        loss, output = backend.look(model, loss_fn, data.X[i:i + batch_size], data.y[i:i + batch_size])
        losses.append(loss * len(output))
        outputs.append(output)
    model.train(was_training)
    return sum(losses) / len(data.X), np.concatenate(outputs)


# ---- the two backends: arrays in, a number and an array out
class _Scratch:
    device = "cpu"

    def step(self, model, loss_fn, optimizer, X, y):
        optimizer.zero_grad()
        output = model(scratch.as_tensor(X))
        loss = loss_fn(output, scratch.as_tensor(y))
        loss.backward()
        optimizer.step()
        return loss.item(), output.array

    def look(self, model, loss_fn, X, y):
        with scratch.no_grad():
            output = model(scratch.as_tensor(X))
            return loss_fn(output, scratch.as_tensor(y)).item(), output.array


class _Torch:
    def __init__(self, model):
        import torch

        self.torch, self.where = torch, next(model.parameters()).device
        self.device = str(self.where)

    def tensors(self, *arrays):
        return [self.torch.as_tensor(a, device=self.where) for a in arrays]

    def step(self, model, loss_fn, optimizer, X, y):
        X, y = self.tensors(X, y)
        optimizer.zero_grad()
        output = model(X)
        loss = loss_fn(output, y)
        loss.backward()
        optimizer.step()
        return loss.item(), output.detach().cpu().numpy()

    def look(self, model, loss_fn, X, y):
        X, y = self.tensors(X, y)
        with self.torch.no_grad():
            output = model(X)
            return loss_fn(output, y).item(), output.cpu().numpy()


def _is_torch(model) -> bool:
    return not isinstance(model, scratch.Module)


# ---- what goes on inside: forward hooks and tensor hooks, which both backends have
class _Histograms:
    """Listens to one forward and one backward pass; ``take()`` gives the histograms and stops listening."""

    def __init__(self, model, bins: int = 30):
        self.bins, self.activation, self.gradient = bins, {}, {}
        leaves = [(name, m) for name, m in model.named_modules() if not any(True for _ in m.named_children())]
        self.handles = [m.register_forward_hook(self._listen(name)) for name, m in leaves]

    def _listen(self, name: str) -> Callable:
        def hook(module, args, output):
            while isinstance(output, tuple):  # a recurrent layer answers (output, state), packed or not
                output = output[0]
            self._count(self.activation, name, output)
            if output.requires_grad:
                output.register_hook(lambda g: self._count(self.gradient, name, g))
        return hook

    def _count(self, into: dict, name: str, tensor) -> None:
        values = np.asarray(tensor.detach().cpu() if hasattr(tensor, "cpu") else tensor.detach())
        values = values[np.isfinite(values)]  # that a run diverges is said by its last record
        if len(values):
            counts, edges = np.histogram(values.astype(np.float64), self.bins, _bounds(values))
            into[name] = {"edges": edges.tolist(), "counts": counts.tolist()}

    def take(self) -> dict:
        for handle in self.handles:
            handle.remove()
        return {"activation": self.activation, "gradient": self.gradient}


def _bounds(values: np.ndarray) -> tuple[float, float]:
    """The least and the greatest value, a millionth of their size apart at least, so that bins fit between them."""
    low, high = float(values.min()), float(values.max())
    room = 1e-6 * max(abs(low), abs(high)) or 0.5
    return (low, high) if high - low > room else (low - room, high + room)


def _scores(metrics: dict[str, Callable] | None, y_true: np.ndarray, output: np.ndarray) -> dict[str, float]:
    return {name: float(metric(y_true, output)) for name, metric in (metrics or {}).items()}


def _check_arguments(data, val, epochs, batch_size, log_every, patience) -> None:
    counts = {"epochs": epochs, "batch_size": batch_size, "log_every": log_every, "patience": patience}
    for name, value in counts.items():
        if value is not None and (not isinstance(value, (int, np.integer)) or value < 1):
            raise ValueError(f"train: {name} must be a whole number of at least 1, got {value!r}")
    if patience is not None and val is None:
        raise ValueError("train: patience needs validation data; pass val=")
    for part in (data, val):
        if part is not None:
            check(part)
