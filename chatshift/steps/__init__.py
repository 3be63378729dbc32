"""The six steps, one module each; `chatshift.trace.prepare` composes them."""
