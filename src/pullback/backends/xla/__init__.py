"""Programs through XLA: StableHLO text, compiled and run by the client that jaxlib carries."""

import os

# Read when jaxlib is loaded: what it tells of itself is for its own developers.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
