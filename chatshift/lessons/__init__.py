"""What only the book needs: its data point, its exercises, its experiments."""

from chatshift.lessons.data_point import data_point, symbolic, symbolic_ids

__all__ = ["data_point", "symbolic", "symbolic_ids"]
