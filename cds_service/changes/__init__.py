"""What a change of knowledge changes: artifact by artifact in words, and card by card over golden cases."""
