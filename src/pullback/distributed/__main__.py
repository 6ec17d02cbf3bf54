"""`python -m pullback.distributed`: run a program in several processes, or the coordinator."""

import sys

from .command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
