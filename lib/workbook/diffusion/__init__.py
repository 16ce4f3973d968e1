"""Text-to-image diffusion: making pictures, checking them against their prompts, DreamBooth."""
