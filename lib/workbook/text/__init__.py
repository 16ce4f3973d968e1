"""Language models and their metrics: generation, perplexity, and what texts are compared by."""
