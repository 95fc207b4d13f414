"""Other ecosystems: what stands in front of the model and what stands behind it."""
