"""What the stored form of a notebook leaves to chance: nothing."""

from nbformat import from_dict
from run_notebooks import with_joined_streams


def stream(name, text):
    return from_dict({"output_type": "stream", "name": name, "text": text})


def test_what_is_printed_in_a_row_is_one_output():
    value = from_dict({"output_type": "execute_result", "data": {}})
    apart = [stream("stdout", "a"), stream("stdout", "\n"), stream("stderr", "b")]
    joined = with_joined_streams([*apart, value, stream("stderr", "c")])
    assert [output.get("text") for output in joined] == ["a\n", "b", None, "c"]
    assert [output.get("name") for output in joined] == ["stdout", "stderr", None, "stderr"]
