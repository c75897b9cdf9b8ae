"""What a user sees of the farm: progress while it runs, tables at its end."""
