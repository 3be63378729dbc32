"""Who shifts the labels: the model, or whoever calls it? Measured, not looked up."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from typing import Any, Literal, NamedTuple

from chatshift.errors import ChatshiftError, LabelError
from chatshift.loss.next_token import next_token_loss
from chatshift.steps.mask import IGNORE_INDEX

LENGTH = 16
MASKED = [0, 4, 5, 11, LENGTH - 1]  # both ends: some models add to them, some cut them off
DRAWS = 3  # random labels, drawn anew: in one draw two offsets may give one loss by accident
CLOSE = 1e-5  # relative; what single precision loses in a sum over the vocabulary


class Measured(NamedTuple):
    """The model's own loss, and those made by hand at offsets 0, 1 and 2 of the labels given."""

    own: float
    by_hand: list[float]
    tolerance: float

    def __str__(self) -> str:
        zero, one, two = (f"{loss:.4f}" for loss in self.by_hand)
        return (
            f"Its own loss on random ids is {self.own:.4f}; made by hand from its logits, the loss "
            f"is {zero} with the labels given, {one} with labels one place on, {two} with labels "
            "two places on."
        )


def who_shifts(model: Any) -> Literal["model", "caller"]:
    """Return who has to shift the labels of this model, measured on random ids.

    Args:
        model: a causal language model whose `forward(input_ids, labels)` returns an object, a
            dictionary or a tuple with a loss and logits: from transformers, wrapped by PEFT, or
            your own. Its weights, buffers, gradients and training flags, and PyTorch's random
            state, are afterwards what they were before.

    Returns:
        Who it is. `"model"` means that it shifts by itself, so pass unshifted labels; `"caller"`
        means that it compares each label with the logits at its own position, so shift them first.

    Raises:
        LabelError: the loss belongs to labels that are shifted twice, or to none of the offsets
            0, 1 and 2; or these cannot be told apart, or are not a number.
        ChatshiftError: the model takes no labels, returns no loss or no logits, or makes its
            inputs out of the labels.

    Example:
        >>> from chatshift import tiny_model, who_shifts
        >>> who_shifts(tiny_model())
        'model'

    Chapter: 8, Who shifts?
    """
    import torch

    with torch.no_grad(), _undisturbed(model):
        measured = _measure(model)
    fitting = set.intersection(*(_offsets(one) for one in measured))
    if len(fitting) > 1:
        raise LabelError(
            f"The offsets of the labels cannot be told apart. {measured[0]} Are its logits alike "
            "at all positions, as with a head of zeros? Load or train the weights first."
        )
    if fitting == {1}:
        return "model"
    if fitting == {0}:
        return "caller"
    if fitting == {2}:
        raise LabelError(
            f"The model shifts the labels twice. {measured[0]} Trained like this, it learns every "
            "other token. Mend its forward so that it shifts once, or take its logits and compute "
            "the loss with next_token_loss."
        )
    raise LabelError(
        f"The model's loss fits no offset of the labels. {measured[0]} Perhaps it adds another "
        "term, or takes no mean over the labels that count. Take its logits and compute the loss "
        "with next_token_loss, on labels that you have shifted."
    )


def _offsets(measured: Measured) -> set[int]:
    """The offsets that fit this draw of labels: mostly one, more where losses happen to be near."""
    if not all(isfinite(loss) for loss in (measured.own, *measured.by_hand)):
        raise LabelError(
            f"The model's loss is no finite number. {measured} Look for broken weights first."
        )
    distances = [abs(measured.own - loss) for loss in measured.by_hand]
    nearest = min(distances)
    if nearest > measured.tolerance:
        return set()
    alike = max(10 * nearest, CLOSE * max(1.0, measured.own))
    return {offset for offset, distance in enumerate(distances) if distance <= alike}


def _measure(model: Any) -> list[Measured]:
    """One measurement for each draw of labels, all on the same ids."""
    import torch

    device = next((weight.device for weight in model.parameters()), torch.device("cpu"))
    zeros_and_ones = torch.arange(LENGTH, device=device)[None] % 2  # ids that every model has
    vocabulary = _call(model, zeros_and_ones, zeros_and_ones)[1].shape[-1]
    if hasattr(model, "get_input_embeddings"):
        embedding = model.get_input_embeddings()
        vocabulary = min(vocabulary, getattr(embedding, "num_embeddings", vocabulary))
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(vocabulary, (1, LENGTH), generator=generator)
    measured, seen = [], []
    for _draw in range(DRAWS):
        others = torch.randint(1, vocabulary, (1, LENGTH), generator=generator)
        labels = (ids + others) % vocabulary  # nowhere the id itself
        labels[:, MASKED] = IGNORE_INDEX
        loss, logits = _call(model, ids.to(device), labels.to(device))
        seen.append(logits)
        by_hand = [
            next_token_loss(logits[: LENGTH - offset], labels[0, offset:]).item()
            for offset in range(3)
        ]
        precision = max(CLOSE, torch.finfo(loss.dtype).eps)
        tolerance = precision * max(1.0, abs(loss.item()))
        measured.append(Measured(loss.item(), by_hand, tolerance))
    if (seen[0] - seen[1]).abs().max() > 0.01 * seen[0].abs().max():
        raise ChatshiftError(
            "The model's logits change with its labels, so it makes its inputs out of them, as "
            "models with an encoder and a decoder do. who_shifts is for causal language models."
        )
    return measured


def _call(model: Any, ids: Any, labels: Any) -> tuple[Any, Any]:
    """The loss, and the logits at the positions of these ids, in double precision."""
    import torch

    try:
        output = model(input_ids=ids.clone(), labels=labels.clone())
    except (IndexError, TypeError, ValueError) as error:
        raise ChatshiftError(
            f"The model cannot be called with {LENGTH} input_ids and as many labels, some of them "
            f"{IGNORE_INDEX}: {type(error).__name__}: {error}"
        ) from error
    loss, logits = _parts(output)
    for name, value in (("loss", loss), ("logits", logits)):
        if not torch.is_tensor(value):
            raise ChatshiftError(
                f"The model was given labels and returned {type(output).__name__} without {name}. "
                "Pass a causal language model that returns both."
            )
    if loss.numel() != 1 or logits.ndim != 3 or logits.shape[1] < LENGTH or logits.shape[2] < 2:
        raise ChatshiftError(
            f"The loss has the shape {tuple(loss.shape)} and the logits {tuple(logits.shape)}. "
            f"One number and (1, {LENGTH}, vocabulary) are needed."
        )
    return loss, logits[0, -LENGTH:].cpu().double()  # PEFT's virtual tokens stand in front


def _parts(output: Any) -> tuple[Any, Any]:
    if isinstance(output, Mapping):
        return output.get("loss"), output.get("logits")
    if isinstance(output, (tuple, list)) and not hasattr(output, "logits"):
        first_two = [*output, None, None]
        return first_two[0], first_two[1]
    return getattr(output, "loss", None), getattr(output, "logits", None)


@contextmanager
def _undisturbed(model: Any) -> Iterator[None]:
    """Evaluation mode; at the end everything is as before, also after an error."""
    import torch

    flags = [(module, module.training) for module in model.modules()]
    buffers = [
        (module, name, buffer, buffer.clone())
        for module in model.modules()
        for name, buffer in module.named_buffers(recurse=False)
    ]
    tensors = [*model.parameters(), *model.buffers()]
    devices = {tensor.device for tensor in tensors} - {torch.device("cpu"), torch.device("meta")}
    kind = next((device.type for device in devices), "cuda")
    with torch.random.fork_rng(devices=list(devices), device_type=kind):
        try:
            for module, _ in flags:
                module.training = False  # not eval(), which a module may use for more
            yield
        finally:
            for module, flag in flags:
                module.training = flag
            for module, name, buffer, before in buffers:
                setattr(module, name, buffer)
                if not torch.equal(buffer, before):
                    buffer.copy_(before)
