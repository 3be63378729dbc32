"""What a data set really trains: every token accounted for, and what is wrong, with its line."""
