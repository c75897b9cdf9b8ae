"""Videos that people look at, made of motion or of rendered scenes: compared, presented, shown."""
