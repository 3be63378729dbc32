"""nbval runs each notebook once; the same run is compared, byte for byte, with what is stored.

nbval compares the outputs of each cell, and says which cell is wrong. It sees no widget's state and
nothing else of a notebook's file: for that, the kernel's messages are read a second time, by the
client that `make run` stores notebooks with.
"""

from functools import partial
from tempfile import TemporaryDirectory
from unittest import mock

import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbval.plugin import IPyNbFile
from run_notebooks import canonical, code_cells, difference, source_of


class Notebook(IPyNbFile):
    """A notebook that is put together again from what its kernel says to nbval."""

    def collect(self):
        """Yield the cells, and last of all the file that they make."""
        yield from super().collect()
        yield StoredBytes.from_parent(self, name="stored bytes")

    def setup(self):
        """Start the kernel, with no cell executed."""
        # Files instead of ports: kernels that start at one moment may be given the same port.
        self.sockets = TemporaryDirectory()
        manager = partial(
            KernelManager, transport="ipc", ip=f"{self.sockets.name}/kernel"
        )
        with mock.patch("nbval.kernel.KernelManager", manager):
            super().setup()
        self.fresh = source_of(self.path)
        self.cells = iter(code_cells(self.fresh))
        self.client = NotebookClient(
            self.fresh, store_widget_state=True, record_timing=False
        )

    def teardown(self):
        """Stop the kernel."""
        super().teardown()
        self.sockets.cleanup()

    def get_kernel_message(self, timeout=None, stream="iopub"):
        """Return the kernel's next message, and note what it says of the cell and its widgets."""
        message = super().get_kernel_message(timeout, stream)
        if message["msg_type"] == "execute_input":
            self.cell, self.client.clear_before_next_output = (
                next(self.cells),
                False,
            )
        elif message["msg_type"] != "status":
            self.client.process_message(message, self.cell, 0)
        return message


class StoredBytes(pytest.Item):
    """The notebook's file against the run that its cells have just had."""

    def reportinfo(self):
        """Return where this is, and the heading of its failure."""
        return self.path, None, f"{self.path.name}: {self.name}"

    def runtest(self):
        """Fail with the first lines that differ."""
        self.parent.client.set_widgets_metadata()
        differing = difference(self.path, canonical(self.parent.fresh))
        if differing:
            pytest.fail(
                f"not the bytes of a fresh run; make run stores them:\n{differing}",
                False,
            )


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Let nbval say what is a notebook, and collect it as one of these."""
    collected = yield
    return [
        Notebook.from_parent(parent, path=file_path)
        if isinstance(one, IPyNbFile)
        else one
        for one in collected
    ]
