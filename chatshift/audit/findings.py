"""Every finding: what it means for the trained model, and what to do about it."""

from typing import NamedTuple

LEVELS = ("note", "warning", "error")


class Kind(NamedTuple):
    """A kind of finding."""

    level: str
    """The highest level that it can have."""
    title: str
    meaning: str
    remedy: str


FINDINGS = {
    "bad-line": Kind(
        "error",
        "Lines that cannot be read",
        "Nothing on these lines can be trained on, and most loaders stop at the first of them.",
        "Mend the file or delete these lines; a line must be one whole JSON object in UTF-8.",
    ),
    "bad-row": Kind(
        "error",
        "Rows that hold no conversation",
        "These rows have not the columns or values of a known format, so no trainer can read "
        "them as they are meant.",
        "Correct their columns, or name the format with --format if it was guessed wrong.",
    ),
    "refused": Kind(
        "error",
        "Conversations that cannot be rendered",
        "What the model would be trained on cannot be told, or the chat template raises an error.",
        "Read the causes, then mend these conversations or use another template.",
    ),
    "nothing-supervised": Kind(
        "error",
        "Rows with nothing to learn",
        "No token of these rows has a label, so they cost time and teach nothing, and a batch of "
        "them alone has a loss of NaN.",
        "Remove them, or end each with an assistant message whose flag or weight is not off.",
    ),
    "truncated-answer": Kind(
        "warning",
        "Answers cut off by --max-length",
        "The model learns answers that break off, without the token that ends them.",
        "Raise the maximum length, or shorten or drop these conversations.",
    ),
    "truncated-away": Kind(
        "error",
        "Answers lost to --max-length",
        "The prompt alone fills the maximum length, so nothing is left to learn; some trainers "
        "drop such rows silently, others compute a loss of NaN.",
        "Raise the maximum length, or shorten these prompts.",
    ),
    "end-not-supervised": Kind(
        "error",
        "Answers whose end is not supervised",
        "The model never learns to stop after these answers and will talk on when it is used.",
        "Use a template that ends every answer with a control token, or name the model's own stop "
        "with --stop-token.",
    ),
    "end-not-a-stop": Kind(
        "warning",
        "The supervised end is not where generation stops",
        "The model learns to end answers with a token at which generation does not stop, so it "
        "will write on after it.",
        "Set eos_token of the tokenizer and eos_token_id in generation_config.json to the token "
        "that ends the answers.",
    ),
    "prompt-no-prefix": Kind(
        "error",
        "Prompts that the model will never see",
        "What the model sees before its answer when it is used is not what stands before the "
        "answer in training, so it is trained for another situation.",
        "Follow the cause given: often a template keyword that switches thoughts off, or "
        "--boundary answer, which learns each answer where it stands.",
    ),
    "message-left-out": Kind(
        "error",
        "Messages that the template leaves out",
        "The template does not write these messages, so the model is trained without what they "
        "say.",
        "Move the text into a message that the template writes, or use another template.",
    ),
    "call-left-out": Kind(
        "error",
        "Tool calls that the template leaves out",
        "The template does not write these tool calls: the model never sees them, and where such "
        "a turn is supervised it learns to say nothing instead of calling a tool.",
        "Use a chat template that supports tool calls.",
    ),
    "thought-left-out": Kind(
        "error",
        "Thoughts that the template leaves out",
        "The template does not write these thoughts: the model never sees them, and where such an "
        "answer is supervised it learns to answer without thinking.",
        "Split each conversation into one row per answer (chatshift.unroll), or use a template "
        "that writes thoughts.",
    ),
    "key-not-read": Kind(
        "note",
        "Keys of messages that the template does not read",
        "What these keys hold, such as a refusal, citations or the name of a speaker, is not in "
        "the text, so the model never sees it; ids and dates are no loss.",
        "Nothing, if they are no part of the conversation; else say it in the content, or use a "
        "template that reads them.",
    ),
    "keyword-not-read": Kind(
        "warning",
        "Tools or keywords that the template does not read",
        "The text is the same without them: the model is not told of these tools, or a keyword "
        "changes nothing.",
        "Use a template that reads them, mend the keyword's name, or leave them out.",
    ),
    "answer-changed": Kind(
        "error",
        "Answers that the template rewrites",
        "The model learns another text than your file has; often only white space at the edges "
        "is lost.",
        "Write the answers as the template does, or use another template.",
    ),
    "template-text-supervised": Kind(
        "warning",
        "Text of the template that is supervised with the answer",
        "The template writes text before these answers that the generation prompt does not "
        "supply, so the model is trained to write it too.",
        "Leave it if the model shall write it; else use the template's keywords that move it into "
        "the generation prompt.",
    ),
    "double-bos": Kind(
        "error",
        "Two BOS tokens at the start",
        "The rows begin with two BOS tokens and the model is never used that way.",
        "Tokenize text that a template has rendered with add_special_tokens=False.",
    ),
    "missing-bos": Kind(
        "warning",
        "No BOS token at the start",
        "The tokenizer or its template starts texts with a BOS token, and these rows have none, so "
        "training and use differ in the very first token.",
        "Keep the BOS that the template writes, or let the tokenizer add it, but not both.",
    ),
    "tail-supervised": Kind(
        "note",
        "Text after the end of the answer is supervised",
        "The template writes a line break or more after the token that ends the answer, and the "
        "model is trained on it although generation stops before it; this is harmless.",
        "Nothing, or mask it with --mask-tail.",
    ),
    "control-tokens": Kind(
        "error",
        "Messages that contain control tokens",
        "The tokenizer would turn text in these messages into real control tokens, so a message "
        "could end its own turn or open a false one.",
        "Remove the text, or keep it as plain text with --control-tokens text.",
    ),
    "flag-ignored": Kind(
        "error",
        "Flags that ask for what is not done",
        "Flags in these rows ask to learn something else than these settings do, such as an "
        "earlier answer, a user's message or half of a loss, or mark the row's answer as a bad "
        "one, and a trainer that does not know them ignores them silently.",
        "Train with --supervise all if every flagged answer is to be supervised, and else write "
        "weight 0 or 1 on assistant messages and remove every other flag. Leave rows with label: "
        "false out of supervised fine-tuning.",
    ),
    "pad-is-eos": Kind(
        "warning",
        "The pad token is also the token that ends answers",
        "A collator that masks every pad token masks the end of every answer with them, and the "
        "model never learns to stop.",
        "Give the tokenizer a pad token of its own, or use a collator that pads by position.",
    ),
    "duplicate": Kind(
        "warning",
        "Duplicate conversations",
        "Conversations that stand several times weigh several times; the same prompt with another "
        "answer trains the model towards both.",
        "Remove the copies, unless they are meant, and decide which answer is right.",
    ),
    "empty-answer": Kind(
        "warning",
        "Empty answers",
        "The model is trained to end its turn at once and say nothing.",
        "Fill these answers in, or remove the rows.",
    ),
    "other-defaults": Kind(
        "note",
        "Other tools would supervise other tokens",
        "With its default settings, a tool listed here supervises other tokens of these rows "
        "than the account above says. Cuts at its own maximum length are left aside.",
        "Set the tool to what you want, or give it the labels made here.",
    ),
}
