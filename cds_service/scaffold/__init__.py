"""New knowledge to start from: files with every blank marked."""
