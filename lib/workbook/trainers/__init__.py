"""Training: one loop (`loop.fit`) and one file per strategy, which holds its objective and its recipe."""
