"""Which tokens? The only home of that question: in characters first, then in tokens."""
