"""The six steps, one module and one chapter each; `chatshift.prepare` composes them."""
