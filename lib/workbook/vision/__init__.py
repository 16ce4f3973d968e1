"""Vision: boxes, masks, detection metrics, and what happens when the pictures change."""
