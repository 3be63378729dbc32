"""`python -m chatshift` is the command `chatshift`."""

from chatshift.cli import main

if __name__ == "__main__":
    main()
