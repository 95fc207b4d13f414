"""Whom and what one looks for, and what a device is told of its owner."""
