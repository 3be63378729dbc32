"""The loss of shifted labels, and who shifts them."""
