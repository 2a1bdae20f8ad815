"""`python -m worker` is the `pagesieve` command."""

from worker.cli import main

if __name__ == "__main__":
    main()
