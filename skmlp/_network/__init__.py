"""What happens per mini-batch: compiled, without the GIL, without allocation."""
