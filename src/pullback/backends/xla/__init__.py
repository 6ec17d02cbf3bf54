"""Programs through XLA: StableHLO text, compiled and run by the client that jaxlib carries."""
