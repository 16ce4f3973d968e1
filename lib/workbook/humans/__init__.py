"""People in the loop: what simulated annotators prefer, and how rankings of answers are kept."""
