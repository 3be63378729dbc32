"""The findings of a single batch: what only shows where a trainer has put rows together."""

from chatshift.audit.findings import FINDINGS, Kind

BATCH_FINDINGS = {
    "shifted-twice": Kind(
        "error",
        "The labels are shifted twice",
        "The model learns to predict the token after the next one, and will skip every other word "
        "when it is used, although its loss falls as usual.",
        "Give this model unshifted labels, each equal to the input id at its own place.",
    ),
    "never-shifted": Kind(
        "error",
        "Nobody shifts the labels",
        "The model learns to repeat the token that it has just read, so its loss falls to zero and "
        "it learns nothing about language.",
        "Shift the labels once: with chatshift.shift, or by a model that shifts inside.",
    ),
    "labels-unrelated": Kind(
        "error",
        "Labels that are not the tokens of the batch",
        "The labels are neither the input ids nor the ids that come next, so the model learns "
        "something that does not stand in the text.",
        "Look for a collator or an augmentation that changes ids without their labels.",
    ),
    "all-masked": Kind(
        "error",
        "Rows in which every label is masked",
        "These rows teach nothing, and a batch of them alone has a loss of NaN.",
        "Look for answers that truncation has cut away, or for a mask that is too wide.",
    ),
    "all-supervised": Kind(
        "warning",
        "Rows in which every token is supervised",
        "The model is trained to write the prompts as well, users' words and all.",
        "Mask the prompts, unless this is meant: of TRL's SFTTrainer it is the default.",
    ),
    "pad-supervised": Kind(
        "error",
        "Padding that is supervised",
        "The model is trained to write padding after its answers.",
        "Set the labels of the padding to -100.",
    ),
    "packed-leak": Kind(
        "error",
        "Packed conversations that touch each other",
        "The last token of one conversation is trained to predict the first of the next, which has "
        "nothing to do with it.",
        "Mask the first label of each packed conversation before the shift.",
    ),
    "packed-together": Kind(
        "warning",
        "Packed conversations that can see each other",
        "Several conversations stand in one row without position ids or a mask that tells them "
        "apart, so each is trained with the ones before it as its context.",
        "Pack with position_ids that start anew, or with a mask for each conversation.",
    ),
}
KINDS: dict[str, Kind] = {**FINDINGS, **BATCH_FINDINGS}
LEFT_OUT = frozenset(("message-left-out", "call-left-out", "thought-left-out"))
PASS_TOKENIZER = (
    "Pass --tokenizer with your model's: this is the bundled one's template, and yours may write "
    "them. Where it does not: "
)


def remedy_of(name: str, *, bundled: bool) -> str:
    """Return what to do; where the bundled template may be all that is at fault, pass another."""
    return (PASS_TOKENIZER if bundled and name in LEFT_OUT else "") + KINDS[name].remedy
